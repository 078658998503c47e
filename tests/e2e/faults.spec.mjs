// Real faults between a real page and a real gateway: nothing is lost or duplicated, and the reason
// is reported. LOGS_LINES sets how many numbered lines each scenario publishes.

import { expectAll, Numbered, readRows } from "./oracle.mjs";
import { Demo, expect, test } from "./support.mjs";

const LINES = Number(process.env.LOGS_LINES ?? 500);

/** About the bytes of all lines of a scenario on the wire. */
const ALL = LINES * 300;

/**
 * Faults after which every line must arrive. Each stream uses the next step of the plan; the last
 * step repeats.
 */
const RECOVERED = {
  "cut after some bytes": "cut after=3000; cut after=9000; cut after=27000; pass",
  "cut inside the greeting": "cut after=40; cut after=300; pass",
  "cut inside the first log": "cut after=700; pass",
  "cut inside a character": "cut after=1001 split=1; cut after=1777 split=1; pass",
  "cut repeatedly": `cut after=${ALL / 5}`,
  "cut by time": "cut after=200ms; cut after=400ms; cut after=800ms; pass",
  "reset after some bytes": "reset after=3000; reset after=9000; pass",
  "reset inside the greeting": "reset after=60; pass",
  "reset by time": "reset after=300ms; reset after=600ms; pass",
  "reset repeatedly": `reset after=${ALL / 5}`,
  "pieces of one byte": "split size=1",
  "pieces of seven bytes, and cuts":
    "cut after=5000 split=7; cut after=15000 split=7; split size=7",
  "a trickle": `trickle rate=${ALL / 5}; pass`,
  "a slow start": "delay for=1s; pass",
  "no response, then a cut": "refuse; refuse; cut after=2000; pass",
  "500, then healthy": "status code=500; pass",
  "502, then healthy": "status code=502; status code=502; pass",
  "503, then healthy": "cut after=4000; status code=503; pass",
  "503 with Retry-After": "cut after=4000; status code=503 retry-after=1; pass",
  "429 with Retry-After": "cut after=4000; status code=429 retry-after=1; pass",
  "404, then healthy": "cut after=4000; status code=404; pass",
  "a login page, then healthy": "cut after=4000; html; pass",
  "a redirect, then healthy": "cut after=4000; redirect to=/; pass",
  "a mix of faults":
    "cut after=2500; reset after=1500; status code=503; refuse; cut after=9000 split=3; html; pass",
};

for (const [name, plan] of Object.entries(RECOVERED)) {
  test(`recovers: ${name}`, async ({ gateway, faults, demo }) => {
    test.slow();
    const quiet = await gateway.restartWith();
    const proxy = await faults(quiet, plan);
    await demo.open(proxy.url);
    await demo.connectButton.click();
    const log = await new Numbered(quiet).begin(demo);
    await log.publish(LINES);
    await expectAll(demo, log, { atMostGaps: 0 });
    await demo.expectLive();
  });
}

test("recovers: the gateway is killed and started repeatedly", async ({ gateway, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.open(quiet.url);
  await demo.connectButton.click();
  const log = await new Numbered(quiet).begin(demo);
  for (let time = 0; time < 4; time++) {
    await log.publish(LINES / 4);
    await quiet.kill();
    await log.publish(3);
    await quiet.restartWith();
  }
  await log.publish(10);
  await demo.expectLive();
  await expectAll(demo, log);
  expect(
    (await readRows(demo.page)).filter((row) => row.includes("Log server restarted")).length,
  ).toBeGreaterThan(0);
});

test("recovers: a history that is too short is reported with the exact number", async ({
  gateway,
  faults,
  demo,
}) => {
  test.slow();
  const quiet = await gateway.restartWith("--history-lines", "50");
  const proxy = await faults(quiet, "pass");
  await demo.open(proxy.url);
  await demo.connectButton.click();
  const log = await new Numbered(quiet).begin(demo);
  await proxy.control("plan", "refuse; refuse; refuse; pass");
  await proxy.control("cut");
  await log.publish(300);
  await demo.expectLive();
  await expectAll(demo, log, { atMostGaps: 1 });
  expect(
    (await readRows(demo.page)).filter((row) => row.includes("older than the log server")),
  ).toHaveLength(1);
});

test("recovers: a stream that stalls silently", async ({ gateway, faults, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith("--heartbeat", "500ms");
  const proxy = await faults(quiet, "stall after=5000; pass");
  await demo.open(proxy.url);
  await demo.connectButton.click();
  const log = await new Numbered(quiet).begin(demo);
  await log.publish(LINES);
  await expectAll(demo, log, { atMostGaps: 0 });
  expect((await proxy.stats()).streams).toBeGreaterThan(1);
});

test("recovers: the gateway shuts down gracefully and starts again", async ({ gateway, demo }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.stop();
  await expect(demo.reason).toHaveText(/restarting|Cannot reach|was lost/);
  await quiet.restartWith();
  await demo.expectLive();
});

test("recovers: streams that the gateway rotates", async ({ gateway, demo }) => {
  test.slow();
  const quiet = await gateway.restartWith("--rotate", "1s");
  await demo.open(quiet.url);
  await demo.connectButton.click();
  const log = await new Numbered(quiet).begin(demo);
  await log.publish(LINES);
  await expectAll(demo, log, { atMostGaps: 0 });
});

test("recovers: offline and online", async ({ gateway, faults, demo, context }) => {
  test.slow();
  const quiet = await gateway.restartWith();
  const proxy = await faults(quiet, "pass");
  await demo.open(proxy.url);
  await demo.connectButton.click();
  const log = await new Numbered(quiet).begin(demo);
  for (let time = 0; time < 3; time++) {
    await log.publish(LINES / 3);
    await context.setOffline(true);
    // Going offline does not close the stream, and its emulation does not cut it.
    await proxy.control("cut");
    await demo.expectStatus("OFFLINE");
    await log.publish(50);
    await context.setOffline(false);
    await demo.expectLive();
  }
  await expectAll(demo, log, { atMostGaps: 0 });
});

/** Faults that stop the client, with the reason that is shown. */
const STOPPED = {
  "status code=204": "has no logs to stream (204)",
  "status code=401": "don't have access to this workflow's logs (401)",
  "status code=403": "don't have access to this workflow's logs (403)",
  "status code=410": "has no logs to stream (410)",
};

for (const [plan, reason] of Object.entries(STOPPED)) {
  test(`stopped: ${plan}`, async ({ gateway, faults, demo, page }) => {
    const proxy = await faults(gateway, plan);
    await demo.open(proxy.url);
    await demo.connectButton.click();
    await expect(demo.progress).toContainText(reason);
    // The EventSource and one probe sent a request, and no other follows.
    const { streams } = await proxy.stats();
    await page.waitForTimeout(2_500);
    expect((await proxy.stats()).streams).toBe(streams);
    await expect(demo.connectButton).toBeVisible();
    await proxy.control("plan", "pass");
    await demo.connectButton.click();
    await demo.expectLive();
  });
}

/** Faults that are reported while the client retries, with the reason that is shown. */
const REPORTED = {
  "status code=404": "no log stream at this address",
  "status code=429": "Too many viewers",
  "status code=500": "The server answered 500",
  "status code=502": "The server answered 502",
  "status code=503": "busy or restarting (503)",
  html: "your session may have expired",
  "redirect to=/login": "your session may have expired",
  refuse: "Cannot reach the log server",
};

for (const [plan, reason] of Object.entries(REPORTED)) {
  test(`reported: ${plan}`, async ({ gateway, faults, demo, page }) => {
    const proxy = await faults(gateway, plan);
    await demo.open(proxy.url);
    await demo.connectButton.click();
    await expect(demo.reason).toContainText(reason);
    await expect(page.getByText(/Reconnecting|CONNECTING/).first()).toBeVisible();
    await proxy.control("plan", "pass");
    await demo.expectLive();
  });
}

test("reported: a policy that forbids the endpoint", async ({ gateway, page }) => {
  await page.route(`${gateway.url}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: {
        ...response.headers(),
        "content-security-policy": [
          "default-src 'self'",
          "script-src 'self' 'wasm-unsafe-eval'",
          "style-src 'self'",
          `connect-src ${gateway.url}/demo_bg.wasm`,
        ].join("; "),
      },
    });
  });
  const demo = await new Demo(page).open(gateway.url);
  await demo.connectButton.click();
  await expect(demo.progress).toContainText("Content-Security-Policy forbids the connection");
});
