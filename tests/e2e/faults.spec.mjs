// Real faults between a real page and a real gateway: nothing lost, nothing doubled, and the reason told.
// LOGS_LINES sets how many numbered lines each scenario publishes.

import { expectAll, Numbered, readRows } from "./oracle.mjs";
import { expect, test } from "./support.mjs";

const LINES = Number(process.env.LOGS_LINES ?? 500);

/** About the bytes of all of a scenario's lines on the wire. */
const ALL = LINES * 300;

/** Faults after which everything must come again. Each stream takes the next step of the plan, the last one repeats. */
const MENDED = {
  "cut after some bytes": "cut after=3000; cut after=9000; cut after=27000; pass",
  "cut inside the greeting": "cut after=40; cut after=300; pass",
  "cut inside the first log": "cut after=700; pass",
  "cut in the middle of a letter": "cut after=1001 split=1; cut after=1777 split=1; pass",
  "cut over and over": `cut after=${ALL / 5}`,
  "cut by time": "cut after=200ms; cut after=400ms; cut after=800ms; pass",
  "reset after some bytes": "reset after=3000; reset after=9000; pass",
  "reset inside the greeting": "reset after=60; pass",
  "reset by time": "reset after=300ms; reset after=600ms; pass",
  "reset over and over": `reset after=${ALL / 5}`,
  "pieces of one byte": "split size=1",
  "pieces of seven bytes, and cuts":
    "cut after=5000 split=7; cut after=15000 split=7; split size=7",
  "a trickle": `trickle rate=${ALL / 5}; pass`,
  "a slow start": "delay for=1s; pass",
  "no answer at all, then a cut": "refuse; refuse; cut after=2000; pass",
  "500, then well": "status code=500; pass",
  "502, then well": "status code=502; status code=502; pass",
  "503, then well": "cut after=4000; status code=503; pass",
  "503 with Retry-After": "cut after=4000; status code=503 retry-after=1; pass",
  "429 with Retry-After": "cut after=4000; status code=429 retry-after=1; pass",
  "404, then well": "cut after=4000; status code=404; pass",
  "a login page, then well": "cut after=4000; html; pass",
  "a redirect, then well": "cut after=4000; redirect to=/; pass",
  "a bit of everything":
    "cut after=2500; reset after=1500; status code=503; refuse; cut after=9000 split=3; html; pass",
};

for (const [name, plan] of Object.entries(MENDED)) {
  test(`mended: ${name}`, async ({ gateway, faults, demo }) => {
    test.slow();
    const quiet = await gateway.restartWith();
    const proxy = await faults(quiet, plan);
    await demo.open(proxy.url);
    await demo.connect.click();
    const log = await new Numbered(quiet).begin(demo);
    await log.publish(LINES);
    await expectAll(demo, log, { atMostGaps: 0 });
    await demo.live();
  });
}

test("mended: the gateway is killed and started, over and over", async ({ gateway, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.open(quiet.url);
  await demo.connect.click();
  const log = await new Numbered(quiet).begin(demo);
  for (let time = 0; time < 4; time++) {
    await log.publish(LINES / 4);
    await quiet.kill();
    await log.publish(3);
    await quiet.restartWith();
  }
  await log.publish(10);
  await demo.live();
  await expectAll(demo, log);
  expect(
    (await readRows(demo.page)).filter((row) => row.includes("the log server was restarted"))
      .length,
  ).toBeGreaterThan(0);
});

test("mended: a history that is too short is told with the exact number", async ({
  gateway,
  faults,
  demo,
}) => {
  test.slow();
  const quiet = await gateway.restartWith("--history-lines", "50");
  const proxy = await faults(quiet, "pass");
  await demo.open(proxy.url);
  await demo.connect.click();
  const log = await new Numbered(quiet).begin(demo);
  await proxy.control("plan", "refuse; refuse; refuse; pass");
  await proxy.control("cut");
  await log.publish(300);
  await demo.live();
  await expectAll(demo, log, { atMostGaps: 1 });
  expect((await readRows(demo.page)).filter((row) => row.includes("history expired"))).toHaveLength(
    1,
  );
});

test("mended: a stream that went dead without a word", async ({ gateway, faults, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith("--heartbeat", "500ms");
  const proxy = await faults(quiet, "stall after=5000; pass");
  await demo.open(proxy.url);
  await demo.connect.click();
  const log = await new Numbered(quiet).begin(demo);
  await log.publish(LINES);
  await expectAll(demo, log, { atMostGaps: 0 });
  expect((await proxy.stats()).streams).toBeGreaterThan(1);
});

test("mended: the gateway stops politely and comes back", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.open(quiet.url);
  await demo.connect.click();
  await demo.live();
  await quiet.stop();
  await expect(page.locator(".dsl-reason")).toHaveText(/restarting|cannot be reached|was lost/);
  await quiet.restartWith();
  await demo.live();
});

test("mended: streams that are renewed now and then", async ({ gateway, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith("--rotate", "1s");
  await demo.open(quiet.url);
  await demo.connect.click();
  const log = await new Numbered(quiet).begin(demo);
  await log.publish(LINES);
  await expectAll(demo, log, { atMostGaps: 0 });
});

test("mended: offline and online", async ({ gateway, faults, demo, context }) => {
  test.slow();
  const quiet = await gateway.restartWith();
  const proxy = await faults(quiet, "pass");
  await demo.open(proxy.url);
  await demo.connect.click();
  const log = await new Numbered(quiet).begin(demo);
  for (let time = 0; time < 3; time++) {
    await log.publish(LINES / 3);
    await context.setOffline(true);
    // The browser's report alone closes no stream, and its emulation cuts none.
    await proxy.control("cut");
    await demo.word("OFFLINE");
    await log.publish(50);
    await context.setOffline(false);
    await demo.live();
  }
  await expectAll(demo, log, { atMostGaps: 0 });
});

/** Faults that end in a stop, with the words that say why. */
const STOPPED = {
  "status code=204": "there is nothing to stream (204)",
  "status code=401": "not allowed to read this workflow (401)",
  "status code=403": "not allowed to read this workflow (403)",
  "status code=410": "there is nothing to stream (410)",
};

for (const [plan, words] of Object.entries(STOPPED)) {
  test(`stopped: ${plan}`, async ({ gateway, faults, demo, page }) => {
    const proxy = await faults(gateway, plan);
    await demo.open(proxy.url);
    await demo.connect.click();
    await expect(page.locator(".dsl-progress")).toContainText(words);
    // The EventSource and one probe asked, and nobody asks any more.
    const { streams } = await proxy.stats();
    await page.waitForTimeout(2_500);
    expect((await proxy.stats()).streams).toBe(streams);
    await expect(demo.connect).toBeVisible();
    await proxy.control("plan", "pass");
    await demo.connect.click();
    await demo.live();
  });
}

/** Faults that are told while it goes on. */
const TOLD = {
  "status code=404": "no log stream at this address",
  "status code=429": "too many readers",
  "status code=500": "the server answered 500",
  "status code=502": "the server answered 502",
  "status code=503": "busy or restarting (503)",
  html: "has your session expired?",
  "redirect to=/login": "has your session expired?",
  refuse: "cannot be reached",
};

for (const [plan, words] of Object.entries(TOLD)) {
  test(`told: ${plan}`, async ({ gateway, faults, demo, page }) => {
    const proxy = await faults(gateway, plan);
    await demo.open(proxy.url);
    await demo.connect.click();
    await expect(page.locator(".dsl-reason")).toContainText(words);
    await expect(page.getByText(/retrying (in \d+ s|now)|CONNECTING/).first()).toBeVisible();
    await proxy.control("plan", "pass");
    await demo.live();
  });
}

test("told: a policy that forbids the endpoint", async ({ gateway, page }) => {
  await page.route(`${gateway.url}/`, async (route) => {
    const response = await route.fetch();
    const policy =
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'";
    await route.fulfill({
      response,
      headers: {
        ...response.headers(),
        "content-security-policy": policy.replace(
          "connect-src 'self'",
          `connect-src ${gateway.url}/demo_bg.wasm`,
        ),
      },
    });
  });
  await page.goto(gateway.url);
  await page.getByRole("button", { name: "Connect Live Logs" }).click();
  await expect(page.locator(".dsl-progress")).toContainText(
    "Content-Security-Policy forbids the connection",
  );
});
