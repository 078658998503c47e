// The viewer in a host's page, by its handle: each verb, each callback, each option that is seen.

import { CHANNEL } from "./gateway.mjs";
import { expect, test } from "./support.mjs";

const OTHER = { workspace_id: "workspace123", workflow_id: "other" };

test("connects, clears and disconnects by its handle", async ({ host, gateway, runs }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  expect(await one.status()).toMatchObject({
    state: "disconnected",
    word: "DISCONNECTED",
    isLive: false,
    cause: null,
    willRetry: false,
    received: 0,
    backend: runs,
  });
  await one.do("connect");
  await one.is("connected");
  expect(await gateway.publish({ level: "WARN", message: "seen by its handle" })).toBe(1);
  await expect(one.row("seen by its handle")).toBeVisible();
  expect(await one.status()).toMatchObject({
    word: "CONNECTED",
    isLive: true,
    received: 1,
    missing: 0,
    gaps: 0,
    duplicates: 0,
  });

  await one.do("clear");
  await expect(one.rows).toHaveCount(0);
  await one.is("connected");
  await gateway.publish({ message: "after the clearing" });
  await expect(one.row("after the clearing")).toBeVisible();

  await one.do("disconnect");
  await one.is("disconnected");
  await expect(one.word).toHaveText("DISCONNECTED");
  await host.isClosed();
  await expect(one.row("after the clearing")).toBeVisible();
});

test("connects by the button, and by itself where it is asked to", async ({ host }) => {
  await host.open();
  const one = await host.mount("one");
  const two = await host.mount("two", { autoConnect: true });
  await two.is("connected");
  await expect(one.word).toHaveText("DISCONNECTED");
  await one.connectButton.click();
  await one.is("connected");
});

test("is marked as not to be translated", async ({ host, page }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  for (const selector of [".dsl-mount", ".dsl-root"]) {
    await expect(page.locator(selector)).toHaveAttribute("translate", "no");
    await expect(page.locator(selector)).toHaveClass(/(^| )notranslate( |$)/);
  }
});

test("a verb that comes before it is loaded is not lost", async ({ host, page, gateway }) => {
  await host.open();
  await page.evaluate(() => {
    host.mount("one");
    host.one.handle.connect();
  });
  await expect.poll(() => gateway.connections()).toBe(1);
  await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
});

test("of verbs that come before it is loaded the last one counts", async ({ host, page }) => {
  await host.open();
  await page.evaluate(async () => {
    host.mount("one");
    host.one.handle.connect();
    host.one.handle.disconnect();
    await host.one.handle.ready;
  });
  await host.settle();
  expect(await page.evaluate(() => host.one.handle.status().state)).toBe("disconnected");
  await host.isClosed();
});

test("retries now, without waiting for the countdown", async ({ host, gateway, page }) => {
  test.slow();
  await host.open();
  const one = await (await host.mount("one")).connected();
  await gateway.kill();
  // Delays are drawn at random and grow: until a wait is long enough to be cut short.
  await expect
    .poll(async () => (await one.status()).retryInMs ?? 0, { timeout: 90_000, intervals: [50] })
    .toBeGreaterThan(4_000);
  expect(await one.status()).toMatchObject({ state: "error", isLive: false, willRetry: true });
  expect((await one.status()).cause).not.toBeNull();
  await gateway.start();
  await one.do("retryNow");
  await expect.poll(async () => (await one.status()).state, { timeout: 2_500 }).toBe("connected");
  await expect(page.locator("#one .dsl-word")).toHaveText("CONNECTED");
});

test("an update switches the workflow without a stray line", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await gateway.publishNumbers(1, 20);
  await expect.poll(() => one.numbers()).toHaveLength(20);
  const publishing = Promise.all([
    gateway.publishNumbers(21, 120),
    gateway.publishNumbers(1_001, 1_100, OTHER),
  ]);
  await one.do("update", { workflowId: "other" });
  const before = (await one.numbers()).length;
  await publishing;
  await one.is("connected");
  await gateway.publish({ message: "the last of the first" });
  await gateway.publishNumbers(2_000, 2_000, OTHER);
  await expect(one.row("number 2000")).toBeVisible();
  const after = (await one.numbers()).slice(before);
  expect(after.filter((number) => number < 1_000)).toEqual([]);
  expect(
    await one
      .logs()
      .then((logs) =>
        logs.slice(before).every(({ channel }) => channel === "logs:etl:workspace123:other"),
      ),
  ).toBe(true);
  for (const text of ["number 20", "number 120", "the last of the first"])
    await expect(one.row(new RegExp(`${text}$`))).toHaveCount(0);
  expect(await host.streams()).toHaveLength(1);
  expect(await gateway.publish({ message: "for nobody" })).toBe(0);
});

test("an update leaves what it does not name", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one", { title: "Mine" })).connected();
  await gateway.publish({ message: "kept" });
  await expect(one.row("kept")).toBeVisible();
  const opened = await host.opened();
  await one.do("update", {});
  await one.do("update", { capacity: 500 });
  await one.do("update", { title: "Yours", workspaceId: "workspace123" });
  await expect(one.title).toHaveText("Yours");
  await expect(one.row("kept")).toBeVisible();
  expect(await host.opened()).toBe(opened);
  await one.is("connected");
});

test("an update to no workflow closes, and to one again connects", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await one.do("update", { workflowId: null });
  await host.isClosed();
  expect((await one.status()).state).not.toBe("connected");
  await one.do("update", { workflowId: CHANNEL.workflow_id });
  await one.do("connect");
  await one.is("connected");
  expect(await gateway.publish({ message: "again" })).toBe(1);
});

test("what must not be lost on an update is not: callbacks, console, endpoint", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await page.evaluate(() => {
    window.second = [];
    host.one.handle.update({
      onLog: (logs) => window.second.push(...logs.map(({ message }) => message)),
    });
  });
  await gateway.publish({ message: "for the second callback" });
  await expect.poll(() => page.evaluate(() => window.second)).toEqual(["for the second callback"]);
  expect(await one.logs()).toEqual([]);
  await one.do("update", { endpoint: "/no/such/route" });
  await expect.poll(async () => (await one.status()).cause).toBe("not_found");
  await one.do("update", { endpoint: "/api/dapadmin/l5-etl/sse/logs/stream" });
  await one.is("connected");
});

test("unmounting closes, empties and frees, and may be done again", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const before = await host.listeners();
  const attributes = () => page.locator("#one").evaluate((element) => element.outerHTML);
  const empty = await attributes();
  for (let time = 0; time < 3; time++) {
    const one = await (await host.mount("one")).connected();
    await gateway.publish({ message: "seen" });
    await expect(one.row("seen").first()).toBeVisible();
    await one.do("unmount");
    expect(await attributes()).toBe(empty);
    await one.do("unmount");
    await host.isClosed();
    for (const verb of ["connect", "retryNow", "disconnect", "clear"]) await one.do(verb);
    await one.do("update", { title: "nobody" });
    expect(await one.status()).toMatchObject({ state: "disconnected", isLive: false });
    await host.settle();
    await host.isClosed();
    expect(await attributes()).toBe(empty);
  }
  expect(await host.listeners()).toEqual(before);
});

test("unmounting before it is loaded leaves nothing behind", async ({ host, page }) => {
  await host.open();
  const before = await host.listeners();
  const settled = await page.evaluate(async () => {
    host.mount("one", { autoConnect: true });
    const { ready } = host.one.handle;
    host.one.handle.unmount();
    host.one.handle.unmount();
    return Promise.race([
      ready.then(
        () => "resolved",
        (error) => host.plain(error),
      ),
      new Promise((resolve) => setTimeout(resolve, 3_000, "neither")),
    ]);
  });
  expect(settled, "a page that awaits it must not wait for ever").not.toBe("neither");
  await host.settle(1_000);
  await expect(page.locator("#one")).toBeEmpty();
  expect(await host.opened()).toBe(0);
  expect(await host.listeners()).toEqual(before);
});

test("tells the changes of its status, with the reason", async ({ host, gateway, page }) => {
  await host.open();
  // It is told at most once per frame, so that a state which lasts no longer may be left out.
  await page.route("**/sse/logs/stream*", (route) => setTimeout(() => route.continue(), 500));
  const one = await (await host.mount("one")).connected();
  await expect
    .poll(async () => (await one.statuses()).map(({ state }) => state))
    .toEqual(expect.arrayContaining(["connecting", "connected"]));
  const states = (await one.statuses()).map(({ state }) => state);
  expect(states.indexOf("connecting")).toBeLessThan(states.indexOf("connected"));
  await gateway.kill();
  await expect
    .poll(async () =>
      (await one.statuses()).some(({ state, reason }) => state === "error" && reason.length > 10),
    )
    .toBe(true);
  await expect.poll(async () => (await one.errors()).length).toBeGreaterThan(0);
  const [error] = await one.errors();
  expect(error).toMatchObject({ name: "LiveLogsError", isOurs: true });
  expect(["lost", "unreachable", "bye"]).toContain(error.type);
  await gateway.start();
  await one.is("connected");
});

test("a refusal for good is told once, and nobody asks again", async ({ host, page }) => {
  await host.open();
  await page.route("**/sse/logs/stream*", (route) => route.fulfill({ status: 403, body: "no" }));
  const one = await host.mount("one", { autoConnect: true });
  await expect.poll(async () => (await one.status()).cause).toBe("not_allowed");
  expect(await one.status()).toMatchObject({ state: "error", willRetry: false, retryInMs: null });
  expect((await one.errors()).at(-1)).toMatchObject({ type: "not_allowed", isOurs: true });
  const opened = await host.opened();
  await host.settle(2_500);
  expect(await host.opened()).toBe(opened);
  await page.unroute("**/sse/logs/stream*");
  await one.connectButton.click();
  await one.is("connected");
});

test("stops after so many attempts, where the host says so", async ({ host, page }) => {
  await host.open();
  await page.route("**/sse/logs/stream*", (route) => route.fulfill({ status: 500, body: "no" }));
  const one = await host.mount("one", { autoConnect: true, maxAttempts: 2 });
  await expect.poll(async () => (await one.status()).cause).toBe("gave_up");
  expect((await one.status()).willRetry).toBe(false);
});

test("takes its title, and another one", async ({ host }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await expect(one.title).toHaveText("Live logs");
  await one.do("update", { title: "<b>Run</b> & watch" });
  await expect(one.title).toHaveText("<b>Run</b> & watch");
  const two = await host.mount("two", { title: "Two", autoConnect: true });
  await expect(two.title).toHaveText("Two");
});

test("follows the page's light or dark, unless told which", async ({ host, page, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await gateway.publish({ message: "a line" });
  const ink = () =>
    page
      .locator("#one .dsl-section")
      .evaluate(
        (section) =>
          `${getComputedStyle(section).backgroundColor} ${getComputedStyle(section).color}`,
      );
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ink();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ink();
  expect(dark).not.toBe(light);
  await one.do("update", { theme: "light" });
  expect(await ink()).toBe(light);
  await page.emulateMedia({ colorScheme: "light" });
  await one.do("update", { theme: "dark" });
  expect(await ink()).toBe(dark);
  await one.do("update", { theme: "auto" });
  expect(await ink()).toBe(light);
});

test("writes times that came as numbers as the locale does", async ({ host, gateway, page }) => {
  await host.open();
  const one = await (await host.mount("one", { locale: "de-DE" })).connected();
  const two = await (await host.mount("two")).connected();
  const moment = Date.UTC(2025, 8, 25, 11, 22, 33);
  await gateway.publish({ message: "a moment", timestamp: moment });
  const written = (locale) =>
    page.evaluate(([moment, locale]) => new Date(moment).toLocaleString(locale), [moment, locale]);
  const shown = (opened) => opened.row("a moment").locator(".dsl-time");
  await expect(shown(one)).toHaveText(await written("de-DE"));
  await expect(shown(two)).toHaveText(/^2025-09-2\d \d\d:22:33$/);
  await one.do("update", { locale: "en-US" });
  await expect(shown(one)).toHaveText(await written("en-US"));
});

test("two on a page know nothing of each other", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  const two = await (await host.mount("two", { workflowId: "other" })).connected();
  await gateway.publish({ message: "for one" });
  await gateway.publish({ message: "for two" }, OTHER);
  await expect(one.row("for one")).toBeVisible();
  await expect(two.row("for two")).toBeVisible();
  await expect(one.row("for two")).toHaveCount(0);
  await expect(two.row("for one")).toHaveCount(0);
  await one.do("unmount");
  await gateway.publish({ message: "still for two" }, OTHER);
  await expect(two.row("still for two")).toBeVisible();
  expect(await host.streams()).toHaveLength(1);
  expect(
    await host.told(/\b(WebAssembly|JavaScript)\b/),
    "what runs is told once a page",
  ).toHaveLength(1);
});

test("the console tells as much as was asked for", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one", { console: "off" })).connected();
  await gateway.publish({ message: "unsaid" });
  await expect(one.row("unsaid")).toBeVisible();
  expect(await host.told(/CONNECT|unsaid/)).toEqual([]);
  const two = await (await host.mount("two", { console: "lines" })).connected();
  await gateway.publish({ message: "said aloud" });
  await expect(two.row("said aloud")).toBeVisible();
  expect(await host.told(/CONNECTED/)).toHaveLength(1);
  expect(await host.told(/said aloud/)).toHaveLength(1);
});

test("holds no more than its capacity, and says so", async ({ host, gateway, page }) => {
  await host.open();
  const one = await (await host.mount("one", { capacity: 50 })).connected();
  await gateway.publishNumbers(1, 120);
  await expect(one.row("number 120")).toBeVisible();
  await expect(page.locator("#one .dsl-section .dsl-count")).toContainText("50");
  expect((await one.status()).received).toBe(120);
  await one.do("update", { capacity: 10 });
  await expect(page.locator("#one .dsl-section .dsl-count")).toContainText("10");
});
