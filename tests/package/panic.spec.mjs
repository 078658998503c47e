// A panic of the module, provoked by a browser function that throws. The page survives, reports it,
// and can start the module again.

import { IDS } from "../support/environment.mjs";
import { expect, test } from "./support.mjs";

/** @import { OpenedLogs } from "./support.mjs" */

/** With this option the client logs each line while it has its own state borrowed. */
const VERBOSE = { console: "lines" };

/**
 * Makes the console throw once, at the next line of the client. The exception leaves the module
 * with its state borrowed, so that the next call into it panics.
 *
 * @param {import("@playwright/test").Page} page
 */
async function breakConsole(page) {
  await page.evaluate(() => {
    const log = console.log;
    console.log = (...parts) => {
      if (!new Error().stack?.includes("/pkg/")) return log(...parts);
      console.log = log;
      throw new Error("no console today");
    };
  });
}

/**
 * Breaks the console, and publishes until these viewers have reported `errors` internal errors.
 *
 * @param {import("@playwright/test").Page} page
 * @param {import("../support/gateway.mjs").Gateway} gateway
 * @param {OpenedLogs[]} all
 */
async function panic(page, gateway, all, errors = 1) {
  await breakConsole(page);
  for (const opened of all)
    await expect
      .poll(() => gateway.publish({ message: "during" }).then(() => internal(opened)))
      .toHaveLength(errors);
}

/**
 * The internal errors that onError received.
 *
 * @param {OpenedLogs} opened
 */
const internal = async (opened) =>
  (await opened.errors()).filter(({ type }) => type === "internal");

test("is reported once, closes the stream, and leaves the page intact", async ({
  host,
  page,
  gateway,
}) => {
  host.provoked.push(/./);
  await host.open();
  const one = await (await host.mount("one", VERBOSE)).connect();
  await gateway.publish({ message: "before" });
  await expect(one.row("before")).toBeVisible();
  await panic(page, gateway, [one]);
  expect((await internal(one))[0]).toMatchObject({ name: "LiveLogsError", isOurs: true });
  expect((await internal(one))[0].message.length).toBeGreaterThan(20);
  await host.expectNoStreams();
  await expect(one.element).toContainText(/\w+ \w+ \w+ \w+/);
  expect(await one.status()).toMatchObject({ isLive: false, state: "error" });

  // Listeners and timers of the dead module do nothing: no error after the first few.
  const count = () => page.evaluate(() => probe.errors.length);
  const errors = await count();
  expect(errors).toBeLessThanOrEqual(4);
  await page.evaluate(() => {
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(new Event("resize"));
    window.dispatchEvent(new PageTransitionEvent("pageshow"));
    window.dispatchEvent(new Event("pagehide"));
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.mouse.wheel(0, 500);
  await host.settle(2_000);
  expect(await count()).toBe(errors);
  expect(await internal(one)).toHaveLength(1);
  await host.expectNoStreams();
});

test("Start again starts the module again", async ({ host, page, gateway, runs }) => {
  host.provoked.push(/./);
  await host.open();
  const one = await (
    await host.mount("one", { title: "Mine", capacity: 500, ...VERBOSE })
  ).connect();
  await panic(page, gateway, [one]);
  await one.element.getByRole("button", { name: "Start again" }).click();
  // It was connected, so it connects again.
  await one.expectState("connected");
  await gateway.publish({ message: "after" });
  await expect(one.row("after")).toBeVisible();
  await expect(one.title).toHaveText("Mine");
  expect((await one.status()).backend).toBe(runs);
  expect(await host.streamUrls()).toHaveLength(1);
  await expect(one.element.getByRole("button", { name: "Start again" })).toHaveCount(0);

  // And a second time.
  await panic(page, gateway, [one], 2);
  await one.element.getByRole("button", { name: "Start again" }).click();
  await one.expectState("connected");
  await one.call("unmount");
  await expect(page.locator("#one")).toBeEmpty();
  await host.expectNoStreams();
});

test("a new mount works next to the dead one and in its place", async ({ host, page, gateway }) => {
  host.provoked.push(/./);
  await host.open();
  const one = await (await host.mount("one", VERBOSE)).connect();
  await panic(page, gateway, [one]);
  const two = await (await host.mount("two")).connect();
  await gateway.publish({ message: "for the fresh one" });
  await expect(two.row("for the fresh one")).toBeVisible();
  await one.call("unmount");
  await one.call("unmount");
  await expect(page.locator("#one")).toBeEmpty();
  const fresh = await (await host.mount("one")).connect();
  await gateway.publish({ message: "in its place" });
  await expect(fresh.row("in its place")).toBeVisible();
  await two.call("unmount");
  await fresh.call("unmount");
  await host.expectNoStreams();
});

test("every viewer of the module reports it and can start again", async ({
  host,
  page,
  gateway,
}) => {
  host.provoked.push(/./);
  await host.open();
  const both = [
    await (await host.mount("one", VERBOSE)).connect(),
    await (await host.mount("two")).connect(),
  ];
  await panic(page, gateway, both);
  await host.expectNoStreams();
  for (const opened of both) {
    await opened.element.getByRole("button", { name: "Start again" }).click();
    await opened.expectState("connected");
  }
  await gateway.publish({ message: "after" });
  for (const opened of both) await expect(opened.row("after")).toBeVisible();
});

test("a click or a verb that panics is reported as well", async ({ host, page, gateway }) => {
  host.provoked.push(/./);
  /** @type {((one: OpenedLogs) => Promise<unknown>)[]} */
  const calls = [
    (one) => one.call("connect"),
    (one) => one.connectButton.click(),
    (one) => one.call("clear"),
    (one) => one.update({ workflowId: "other" }),
  ];
  for (const call of calls) {
    await host.open();
    const one = await host.mount("one");
    await one.ready();
    await breakConsole(page);
    await call(one).catch(() => {});
    await one.call("connect").catch(() => {});
    await host.settle();
    await one.call("connect").catch(() => {});
    // Either the module survived or the panic was reported: the page never looks well and does
    // nothing.
    await expect
      .poll(
        async () => (await internal(one)).length > 0 || (await one.status()).state === "connected",
      )
      .toBe(true);
  }
  await gateway.publish({ message: "m" });
});

test("a source without a view reports it the same way, and connects again", async ({
  host,
  page,
  gateway,
}) => {
  host.provoked.push(/./);
  await host.open();
  const source = await (await host.source("one", { ...IDS, ...VERBOSE })).connect();
  await gateway.publishNumbers(1, 3);
  await expect.poll(() => source.numbers()).toHaveLength(3);
  await panic(page, gateway, [source]);
  await host.expectNoStreams();
  expect((await page.evaluate(() => live.one.handle.getSnapshot())).status).toMatchObject({
    isLive: false,
    state: "error",
  });
  await source.call("connect");
  await source.expectState("connected");
  await gateway.publishNumbers(10, 12);
  await expect.poll(async () => (await source.numbers()).slice(-3)).toEqual([10, 11, 12]);
  await source.call("close");
  await host.expectNoStreams();
});
