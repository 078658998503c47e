// What onLog receives: each line once, in order, as its producer sent it, at any rate and capacity.

import { isLog, toLog, toRows } from "../../www/package/internal/module/records.js";
import { expect, ranges, test } from "./support.mjs";

test("onLog receives each log once and in order, at most once per frame", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await page.evaluate(() => {
    window.painted = 0;
    requestAnimationFrame(function count() {
      window.painted++;
      requestAnimationFrame(count);
    });
  });
  await gateway.publishNumbers(1, 300);
  await expect.poll(async () => (await one.numbers()).at(-1)).toBe(300);
  expect(ranges(await one.numbers())).toBe("1-300");
  const { batches, frames } = await page.evaluate(() => ({
    batches: live.one.batches,
    frames: window.painted,
  }));
  expect(batches).toBeLessThanOrEqual(frames + 1);
});

test("a log has the fields that its producer sent, digit for digit", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.publish({
    level: "INFO",
    message: "m",
    key: "theirs",
    price: 1.5,
    nested: { list: [1, null, "x"] },
    ünï: "✓",
    constructor: "c",
  });
  await gateway.publish("a bare string");
  await gateway.publish([1, 2]);
  await gateway.publish(12.5);
  await expect.poll(async () => (await one.logs()).length).toBe(4);
  const [object, string, array, number] = await one.logs();
  expect(object).toMatchObject({
    channel: "logs:etl:workspace123:workflow456",
    seq: 1,
    level: "INFO",
    message: "m",
    price: 1.5,
    nested: { list: [1, null, "x"] },
    ünï: "✓",
    constructor: "c",
  });
  expect(typeof object.key, "a reserved name keeps our value").toBe("number");
  expect(object.data).toMatchObject({ key: "theirs" });
  expect(JSON.parse(object.text)).toEqual(object.data);
  expect([string.data, array.data, number.data]).toEqual(["a bare string", [1, 2], 12.5]);
});

test("a log has the class of its level, whatever its producer calls it", async ({
  host,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  for (const data of [
    { severity: "fatal" },
    { level: 30 },
    { level: "AUDIT" },
    { level: "warn", levelClass: "theirs" },
    "text",
  ])
    await gateway.publish(data);
  await expect.poll(async () => (await one.logs()).length).toBe(5);
  const logs = await one.logs();
  expect(logs.map(({ levelClass }) => levelClass)).toEqual([
    "error",
    "info",
    "other",
    "warn",
    "other",
  ]);
  // The producer's own value is kept; a missing one is filled in.
  expect(logs.map(({ level }) => level)).toEqual(["ERROR", 30, "AUDIT", "warn", undefined]);
  expect(logs[0].data).toEqual({ severity: "fatal" });
});

test("NaN and Infinity of Python are read as strings, and other invalid JSON stays text", () => {
  /** @param {string} text */
  const data = (text) => toLog([null, "", null, null, text]).data;
  expect(data('{"a":NaN,"b":[-Infinity, Infinity ],"c":"NaN, \\"Infinity]"}')).toEqual({
    a: "NaN",
    b: ["-Infinity", "Infinity"],
    c: 'NaN, "Infinity]',
  });
  for (const text of ["{NaN:1}", '{"a":xNaN}', '{"a":NaN} trailing', "plain NaN", '"NaN'])
    expect(data(text)).toBe(text);
});

test("an entry with a field notice is a log, and a notice between lines is none", () => {
  const gap = {
    notice: /** @type {const} */ ("gap"),
    missing: 2,
    channel: null,
    text: "2 lines missing",
  };
  const entry = JSON.stringify({ notice: "gap", message: "from a producer" });
  const rows = toRows([JSON.stringify([[null, "", 1, null, entry]]), gap]);
  expect(rows.map(isLog)).toEqual([true, false]);
  expect(rows[0]).toMatchObject({ notice: "gap", message: "from a producer" });
  expect(rows[1]).toMatchObject(gap);
});

test("a log with a __proto__ field does not pollute prototypes", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.publish(
    JSON.parse('{"message":"m","__proto__":{"polluted":true},"toString":"t","then":1}'),
  );
  await expect.poll(async () => await page.evaluate(() => live.one.logs.length)).toBe(1);
  expect(
    await page.evaluate(() => ({
      shared: Object.hasOwn(Object.prototype, "polluted"),
      own: live.one.logs[0].polluted,
      message: live.one.logs[0].message,
    })),
  ).toEqual({ shared: false, own: undefined, message: "m" });
  await one.expectState("connected");
});

for (const capacity of [1, 50, 10_000]) {
  test(`onLog receives every line of a replay, with a capacity of ${capacity}`, async ({
    host,
    gateway,
  }) => {
    await host.open();
    const one = await (await host.mount("one", { capacity })).connect();
    await gateway.publishNumbers(1, 3);
    await expect.poll(async () => ranges(await one.numbers())).toBe("1-3");
    // The replay of what was published meanwhile is faster than frames.
    await one.call("disconnect");
    await gateway.publishNumbers(4, 1_000);
    await one.call("connect");
    await expect.poll(async () => (await one.numbers()).at(-1)).toBe(1_000);
    expect(ranges(await one.numbers())).toBe("1-1000");
  });
}

test("holds megabytes: its memory may grow while it holds lines", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  const filler = "ünï ".repeat(8_000);
  for (let number = 1; number <= 100; number++)
    await gateway.publish({ number, message: `start ${number} ${filler} end` });
  await expect.poll(async () => ranges(await one.numbers())).toBe("1-100");
  expect(
    await page.evaluate(
      (filler) =>
        live.one.logs.every(({ number, message }) => message === `start ${number} ${filler} end`),
      filler,
    ),
  ).toBe(true);
  await expect(one.row("start 100 ")).toBeVisible();
  await one.row("start 100 ").locator(".dsl-open").click();
  await expect(page.locator("#one .dsl-full")).toContainText("ünï end");
  await one.expectState("connected");
});
