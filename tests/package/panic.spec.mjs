// A fault of the engine's own: it is provoked as the world provokes it, by a browser function that throws. The engine is dead then;
// the page lives, is told, and may start again.

import { expect, test } from "./support.mjs";

/** With it the engine tells the console of each line, while it has its own state in hand. */
const TALKATIVE = { console: "lines" };

/** Lets the console throw once, at the engine's next line. What passes through it as an exception leaves it half-way, so that the next call into it panics. */
async function breakConsole(page) {
  await page.evaluate(() => {
    const log = console.log;
    console.log = (...words) => {
      if (!new Error().stack.includes("/pkg/")) return log(...words);
      console.log = log;
      throw new Error("no console today");
    };
  });
}

/** The internal errors that onError got. */
const internal = async (opened) =>
  (await opened.errors()).filter(({ type }) => type === "internal");

test("is told once, closes its stream, and leaves a page that lives", async ({
  host,
  page,
  gateway,
}) => {
  host.allowed.push(/./);
  await host.open();
  const one = await (await host.mount("one", TALKATIVE)).connected();
  await gateway.publish({ message: "before" });
  await expect(one.row("before")).toBeVisible();
  await breakConsole(page);
  await expect
    .poll(() => gateway.publish({ message: "during" }).then(() => internal(one)))
    .toHaveLength(1);
  expect((await internal(one))[0]).toMatchObject({ name: "LiveLogsError", isOurs: true });
  expect((await internal(one))[0].message.length).toBeGreaterThan(20);
  await host.isClosed();
  await expect(one.element).toContainText(/\w+ \w+ \w+ \w+/);
  expect(await one.status()).toMatchObject({ isLive: false, state: "error" });

  // Whatever still rings in the dead engine reaches nothing: no error after the first few.
  const count = () => page.evaluate(() => eyes.errors.length);
  const errors = await count();
  expect(errors).toBeLessThanOrEqual(4);
  await page.evaluate(() =>
    [
      new Event("online"),
      new Event("resize"),
      new PageTransitionEvent("pageshow"),
      new Event("pagehide"),
    ].forEach((event) => window.dispatchEvent(event)),
  );
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.mouse.wheel(0, 500);
  await host.settle(2_000);
  expect(await count()).toBe(errors);
  expect(await internal(one)).toHaveLength(1);
  await host.isClosed();
});

test("the button Start again starts again", async ({ host, page, gateway, runs }) => {
  host.allowed.push(/./);
  await host.open();
  const one = await (
    await host.mount("one", { title: "Mine", capacity: 500, ...TALKATIVE })
  ).connected();
  await breakConsole(page);
  await expect
    .poll(() => gateway.publish({ message: "during" }).then(() => internal(one)))
    .toHaveLength(1);
  await one.element.getByRole("button", { name: "Start again" }).click();
  // It was connected, so it connects.
  await one.is("connected");
  await gateway.publish({ message: "after" });
  await expect(one.row("after")).toBeVisible();
  await expect(one.title).toHaveText("Mine");
  expect((await one.status()).backend).toBe(runs);
  expect(await host.streams()).toHaveLength(1);
  await expect(one.element.getByRole("button", { name: "Start again" })).toHaveCount(0);

  // And a second time, as the first.
  await breakConsole(page);
  await expect
    .poll(() => gateway.publish({ message: "again" }).then(() => internal(one)))
    .toHaveLength(2);
  await one.element.getByRole("button", { name: "Start again" }).click();
  await one.is("connected");
  await one.do("unmount");
  await expect(page.locator("#one")).toBeEmpty();
  await host.isClosed();
});

test("a fresh mount works, beside the dead one and in its place", async ({
  host,
  page,
  gateway,
}) => {
  host.allowed.push(/./);
  await host.open();
  const one = await (await host.mount("one", TALKATIVE)).connected();
  await breakConsole(page);
  await expect
    .poll(() => gateway.publish({ message: "during" }).then(() => internal(one)))
    .toHaveLength(1);
  const two = await (await host.mount("two")).connected();
  await gateway.publish({ message: "for the fresh one" });
  await expect(two.row("for the fresh one")).toBeVisible();
  await one.do("unmount");
  await one.do("unmount");
  await expect(page.locator("#one")).toBeEmpty();
  const fresh = await (await host.mount("one")).connected();
  await gateway.publish({ message: "in its place" });
  await expect(fresh.row("in its place")).toBeVisible();
  await two.do("unmount");
  await fresh.do("unmount");
  await host.isClosed();
});

test("all that live in the same engine are told, and may start again", async ({
  host,
  page,
  gateway,
}) => {
  host.allowed.push(/./);
  await host.open();
  const both = [
    await (await host.mount("one", TALKATIVE)).connected(),
    await (await host.mount("two")).connected(),
  ];
  await breakConsole(page);
  for (const opened of both)
    await expect
      .poll(() => gateway.publish({ message: "during" }).then(() => internal(opened)))
      .toHaveLength(1);
  await host.isClosed();
  for (const opened of both) {
    await opened.element.getByRole("button", { name: "Start again" }).click();
    await opened.is("connected");
  }
  await gateway.publish({ message: "after" });
  for (const opened of both) await expect(opened.row("after")).toBeVisible();
});

test("a click, a verb and a timer that meet it are told as well", async ({
  host,
  page,
  gateway,
}) => {
  host.allowed.push(/./);
  for (const meet of [
    (one) => one.do("connect"),
    (one) => one.connectButton.click(),
    (one) => one.do("clear"),
    (one) => one.do("update", { workflowId: "other" }),
  ]) {
    await host.open();
    const one = await host.mount("one");
    await one.ready();
    await breakConsole(page);
    await meet(one).catch(() => {});
    await one.do("connect").catch(() => {});
    await host.settle();
    await one.do("connect").catch(() => {});
    // Either the engine took no harm, or it said what happened: never a page that looks well and does nothing.
    await expect
      .poll(
        async () => (await internal(one)).length > 0 || (await one.status()).state === "connected",
      )
      .toBe(true);
  }
  await gateway.publish({ message: "m" });
});

test("without a view it is told the same way, and connects again", async ({
  host,
  page,
  gateway,
}) => {
  host.allowed.push(/./);
  await host.open();
  const source = await (
    await host.source("one", {
      workspaceId: "workspace123",
      workflowId: "workflow456",
      ...TALKATIVE,
    })
  ).connected();
  await gateway.publishNumbers(1, 3);
  await expect.poll(() => source.numbers()).toHaveLength(3);
  await breakConsole(page);
  await expect
    .poll(() => gateway.publish({ message: "during" }).then(() => internal(source)))
    .toHaveLength(1);
  await host.isClosed();
  expect((await page.evaluate(() => host.one.handle.getSnapshot())).status).toMatchObject({
    isLive: false,
    state: "error",
  });
  await source.do("connect");
  await source.is("connected");
  await gateway.publishNumbers(10, 12);
  await expect.poll(async () => (await source.numbers()).slice(-3)).toEqual([10, 11, 12]);
  await source.do("close");
  await host.isClosed();
});
