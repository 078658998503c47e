// The viewer in a host's page, by its handle: each verb, each callback, each visible option.

import { CHANNEL, OTHER } from "../support/environment.mjs";
import { expect, test } from "./support.mjs";

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
  await one.call("connect");
  await one.expectState("connected");
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

  await one.call("clear");
  await expect(one.rows).toHaveCount(0);
  await one.expectState("connected");
  await gateway.publish({ message: "after the clearing" });
  await expect(one.row("after the clearing")).toBeVisible();

  await one.call("disconnect");
  await one.expectState("disconnected");
  await expect(one.statusWord).toHaveText("DISCONNECTED");
  await host.expectNoStreams();
  await expect(one.row("after the clearing")).toBeVisible();
});

test("connects by its button, and by itself with autoConnect", async ({ host }) => {
  await host.open();
  const one = await host.mount("one");
  const two = await host.mount("two", { autoConnect: true });
  await two.expectState("connected");
  await expect(one.statusWord).toHaveText("DISCONNECTED");
  await one.connectButton.click();
  await one.expectState("connected");
});

test("is marked as not translatable", async ({ host, page }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  for (const selector of [".dsl-mount", ".dsl-root"]) {
    await expect(page.locator(selector)).toHaveAttribute("translate", "no");
    await expect(page.locator(selector)).toHaveClass(/(^| )notranslate( |$)/);
  }
});

test("a verb that is called before it is loaded is not lost", async ({ host, page, gateway }) => {
  await host.open();
  await page.evaluate(() => {
    harness.mount("one");
    live.one.handle.connect();
  });
  await expect.poll(() => gateway.connections()).toBe(1);
  await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
});

test("the last of the verbs that are called before it is loaded counts", async ({ host, page }) => {
  await host.open();
  await page.evaluate(async () => {
    harness.mount("one");
    live.one.handle.connect();
    live.one.handle.disconnect();
    await live.one.handle.ready;
  });
  await host.settle();
  expect(await page.evaluate(() => live.one.handle.status().state)).toBe("disconnected");
  await host.expectNoStreams();
});

test("retryNow does not wait for the countdown", async ({ host, gateway, page }) => {
  test.slow();
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.kill();
  // Delays are random and grow: wait for one that is long enough to notice.
  await expect
    .poll(async () => (await one.status()).retryInMs ?? 0, { timeout: 90_000, intervals: [50] })
    .toBeGreaterThan(4_000);
  expect(await one.status()).toMatchObject({ state: "error", isLive: false, willRetry: true });
  expect((await one.status()).cause).not.toBeNull();
  await gateway.start();
  await one.call("retryNow");
  await expect.poll(async () => (await one.status()).state, { timeout: 2_500 }).toBe("connected");
  await expect(page.locator("#one .dsl-word")).toHaveText("CONNECTED");
});

test("an update switches the workflow without a stray line", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.publishNumbers(1, 20);
  await expect.poll(() => one.numbers()).toHaveLength(20);
  const publishing = Promise.all([
    gateway.publishNumbers(21, 120),
    gateway.publishNumbers(1_001, 1_100, OTHER),
  ]);
  await one.update({ workflowId: "other" });
  const before = (await one.numbers()).length;
  await publishing;
  await one.expectState("connected");
  await gateway.publish({ message: "the last of the first" });
  await gateway.publishNumbers(2_000, 2_000, OTHER);
  await expect(one.row("number 2000")).toBeVisible();
  const after = (await one.numbers()).slice(before);
  expect(after.filter((number) => Number(number) < 1_000)).toEqual([]);
  expect(
    await one
      .logs()
      .then((logs) =>
        logs.slice(before).every(({ channel }) => channel === "logs:etl:workspace123:other"),
      ),
  ).toBe(true);
  for (const text of ["number 20", "number 120", "the last of the first"])
    await expect(one.row(new RegExp(`${text}$`))).toHaveCount(0);
  expect(await host.streamUrls()).toHaveLength(1);
  expect(await gateway.publish({ message: "for no reader" })).toBe(0);
});

test("an update keeps the options that it does not name", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one", { title: "Mine" })).connect();
  await gateway.publish({ message: "kept" });
  await expect(one.row("kept")).toBeVisible();
  const opened = await host.openedCount();
  await one.update({});
  await one.update({ capacity: 500 });
  await one.update({ title: "Yours", workspaceId: "workspace123" });
  await expect(one.title).toHaveText("Yours");
  await expect(one.row("kept")).toBeVisible();
  expect(await host.openedCount()).toBe(opened);
  await one.expectState("connected");
});

test("an update without a workflow disconnects, and one with a workflow connects again", async ({
  host,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await one.update({ workflowId: null });
  await host.expectNoStreams();
  expect((await one.status()).state).not.toBe("connected");
  await one.update({ workflowId: CHANNEL.workflow_id });
  await one.call("connect");
  await one.expectState("connected");
  expect(await gateway.publish({ message: "again" })).toBe(1);
});

test("an update replaces callbacks and the endpoint", async ({ host, page, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await page.evaluate(() => {
    window.received = [];
    live.one.handle.update({
      onLog: (/** @type {any[]} */ logs) =>
        window.received.push(...logs.map(({ message }) => message)),
    });
  });
  await gateway.publish({ message: "for the second callback" });
  await expect
    .poll(() => page.evaluate(() => window.received))
    .toEqual(["for the second callback"]);
  expect(await one.logs()).toEqual([]);
  await one.update({ endpoint: "/no/such/route" });
  await expect.poll(async () => (await one.status()).cause).toBe("not_found");
  await one.update({ endpoint: "/api/dapadmin/l5-etl/sse/logs/stream" });
  await one.expectState("connected");
});

test("unmounting disconnects, empties the element and may be repeated", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const before = await host.listeners();
  const markup = () => page.locator("#one").evaluate((element) => element.outerHTML);
  const empty = await markup();
  for (let time = 0; time < 3; time++) {
    const one = await (await host.mount("one")).connect();
    await gateway.publish({ message: "seen" });
    await expect(one.row("seen").first()).toBeVisible();
    await one.call("unmount");
    expect(await markup()).toBe(empty);
    await one.call("unmount");
    await host.expectNoStreams();
    for (const verb of /** @type {const} */ (["connect", "retryNow", "disconnect", "clear"]))
      await one.call(verb);
    await one.update({ title: "unmounted" });
    expect(await one.status()).toMatchObject({ state: "disconnected", isLive: false });
    await host.settle();
    await host.expectNoStreams();
    expect(await markup()).toBe(empty);
  }
  expect(await host.listeners()).toEqual(before);
});

test("unmounting before it is loaded leaves nothing behind", async ({ host, page }) => {
  await host.open();
  const before = await host.listeners();
  const settled = await page.evaluate(async () => {
    harness.mount("one", { autoConnect: true });
    const { ready } = live.one.handle;
    live.one.handle.unmount();
    live.one.handle.unmount();
    return Promise.race([
      ready.then(
        () => "resolved",
        (error) => harness.plain(error),
      ),
      new Promise((resolve) => setTimeout(resolve, 3_000, "neither")),
    ]);
  });
  expect(settled, "a page that awaits ready must not wait forever").not.toBe("neither");
  await host.settle(1_000);
  await expect(page.locator("#one")).toBeEmpty();
  expect(await host.openedCount()).toBe(0);
  expect(await host.listeners()).toEqual(before);
});

test("reports changes of its status, with the reason", async ({ host, gateway, page }) => {
  await host.open();
  // Reported at most once per frame: a shorter state may be left out.
  await page.route("**/sse/logs/stream*", (route) => setTimeout(() => route.continue(), 500));
  const one = await (await host.mount("one")).connect();
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
  await one.expectState("connected");
});

test("a permanent rejection is reported once, and no further attempt is made", async ({
  host,
  page,
}) => {
  await host.open();
  await page.route("**/sse/logs/stream*", (route) => route.fulfill({ status: 403, body: "no" }));
  const one = await host.mount("one", { autoConnect: true });
  await expect.poll(async () => (await one.status()).cause).toBe("not_allowed");
  expect(await one.status()).toMatchObject({ state: "error", willRetry: false, retryInMs: null });
  expect((await one.errors()).at(-1)).toMatchObject({ type: "not_allowed", isOurs: true });
  const opened = await host.openedCount();
  await host.settle(2_500);
  expect(await host.openedCount()).toBe(opened);
  await page.unroute("**/sse/logs/stream*");
  await one.connectButton.click();
  await one.expectState("connected");
});

test("stops after maxAttempts attempts", async ({ host, page }) => {
  await host.open();
  await page.route("**/sse/logs/stream*", (route) => route.fulfill({ status: 500, body: "no" }));
  const one = await host.mount("one", { autoConnect: true, maxAttempts: 2 });
  await expect.poll(async () => (await one.status()).cause).toBe("gave_up");
  expect((await one.status()).willRetry).toBe(false);
});

test("shows its title, and the title of an update", async ({ host }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await expect(one.title).toHaveText("Live logs");
  await one.update({ title: "<b>Run</b> & watch" });
  await expect(one.title).toHaveText("<b>Run</b> & watch");
  const two = await host.mount("two", { title: "Two", autoConnect: true });
  await expect(two.title).toHaveText("Two");
});

test("follows the color scheme of the page unless a theme is set", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.publish({ message: "a line" });
  const colors = () =>
    page
      .locator("#one .dsl-section")
      .evaluate(
        (section) =>
          `${getComputedStyle(section).backgroundColor} ${getComputedStyle(section).color}`,
      );
  await page.emulateMedia({ colorScheme: "light" });
  const light = await colors();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await colors();
  expect(dark).not.toBe(light);
  await one.update({ theme: "light" });
  expect(await colors()).toBe(light);
  await page.emulateMedia({ colorScheme: "light" });
  await one.update({ theme: "dark" });
  expect(await colors()).toBe(dark);
  await one.update({ theme: "auto" });
  expect(await colors()).toBe(light);
});

test("formats times by the locale", async ({ host, gateway, page }) => {
  await host.open();
  const one = await (await host.mount("one", { locale: "de-DE" })).connect();
  const two = await (await host.mount("two")).connect();
  const moment = Date.UTC(2025, 8, 25, 11, 22, 33);
  await gateway.publish({ message: "a moment", timestamp: moment });
  /** @param {string} locale */
  const formatted = (locale) =>
    page.evaluate(
      ({ moment, locale }) =>
        new Date(moment).toLocaleTimeString(locale, {
          hour: "2-digit",
          minute: "2-digit",
          second: "2-digit",
          fractionalSecondDigits: 3,
        }),
      { moment, locale },
    );
  /** @param {import("./support.mjs").OpenedLogs} opened */
  const shown = (opened) => opened.row("a moment").locator(".dsl-time");
  // In another season, the zone may have another name than now.
  await expect(shown(one)).toContainText(await formatted("de-DE"));
  await expect(shown(two)).toHaveText(/^\d\d:22:33\.000\b/);
  await one.update({ locale: "en-US" });
  await expect(shown(one)).toContainText(await formatted("en-US"));
});

test("two viewers on a page are independent", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  const two = await (await host.mount("two", { workflowId: "other" })).connect();
  await gateway.publish({ message: "for one" });
  await gateway.publish({ message: "for two" }, OTHER);
  await expect(one.row("for one")).toBeVisible();
  await expect(two.row("for two")).toBeVisible();
  await expect(one.row("for two")).toHaveCount(0);
  await expect(two.row("for one")).toHaveCount(0);
  await one.call("unmount");
  await gateway.publish({ message: "still for two" }, OTHER);
  await expect(two.row("still for two")).toBeVisible();
  expect(await host.streamUrls()).toHaveLength(1);
  expect(
    await host.consoleLines(/\b(WebAssembly|JavaScript)\b/),
    "the backend is logged once per page",
  ).toHaveLength(1);
});

test("the console option decides what is logged", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one", { console: "off" })).connect();
  await gateway.publish({ message: "not logged" });
  await expect(one.row("not logged")).toBeVisible();
  expect(await host.consoleLines(/CONNECT|not logged/)).toEqual([]);
  const two = await (await host.mount("two", { console: "lines", tail: 0 })).connect();
  await gateway.publish({ message: "logged" });
  await expect(two.row("logged")).toBeVisible();
  expect(await host.consoleLines(/CONNECTED/)).toHaveLength(1);
  expect(await host.consoleLines(/logged/)).toHaveLength(1);
});

test("holds no more lines than its capacity", async ({ host, gateway, page }) => {
  await host.open();
  const one = await (await host.mount("one", { capacity: 50 })).connect();
  await gateway.publishNumbers(1, 120);
  await expect(one.row("number 120")).toBeVisible();
  await expect(page.locator("#one .dsl-section .dsl-count")).toContainText("50");
  expect((await one.status()).received).toBe(120);
  await one.update({ capacity: 10 });
  await expect(page.locator("#one .dsl-section .dsl-count")).toContainText("10");
});
