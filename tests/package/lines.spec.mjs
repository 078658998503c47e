// What reaches onLog: each line once, in order, as its producer sent it, however fast they come and however little room there is.

import { toLog } from "../../www/package/internal/engine/records.js";
import { expect, ranges, test } from "./support.mjs";

test("gives each log once and in order, at most once per frame", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await page.evaluate(() => {
    window.painted = 0;
    const count = () => requestAnimationFrame(() => (window.painted++, count()));
    count();
  });
  await gateway.publishNumbers(1, 300);
  await expect.poll(async () => (await one.numbers()).at(-1)).toBe(300);
  expect(ranges(await one.numbers())).toBe("1-300");
  const { batches, frames } = await page.evaluate(() => ({
    batches: host.one.batches,
    frames: window.painted,
  }));
  expect(batches).toBeLessThanOrEqual(frames + 1);
});

test("a log carries what its producer sent, digit for digit", async ({ host, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
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
  expect(typeof object.key, "a name that is taken stays ours").toBe("number");
  expect(object.data.key).toBe("theirs");
  expect(JSON.parse(object.text)).toEqual(object.data);
  expect([string.data, array.data, number.data]).toEqual(["a bare string", [1, 2], 12.5]);
});

test("a log has the class of its level, whatever its producer calls that", async ({
  host,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
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
  // What the producer wrote stays; only where it wrote none is it filled in.
  expect(logs.map(({ level }) => level)).toEqual(["ERROR", 30, "AUDIT", "warn", undefined]);
  expect(logs[0].data).toEqual({ severity: "fatal" });
});

test("numbers of Python that are no JSON are read as strings, and what is no JSON stays text", () => {
  const data = (text) => toLog([null, "", null, null, text]).data;
  expect(data('{"a":NaN,"b":[-Infinity, Infinity ],"c":"NaN, \\"Infinity]"}')).toEqual({
    a: "NaN",
    b: ["-Infinity", "Infinity"],
    c: 'NaN, "Infinity]',
  });
  for (const text of ["{NaN:1}", '{"a":xNaN}', '{"a":NaN} trailing', "plain NaN", '"NaN'])
    expect(data(text)).toBe(text);
});

test("a log that names __proto__ does no harm", async ({ host, gateway, page }) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  await gateway.publish(
    JSON.parse('{"message":"m","__proto__":{"polluted":true},"toString":"t","then":1}'),
  );
  await expect.poll(async () => await page.evaluate(() => host.one.logs.length)).toBe(1);
  expect(
    await page.evaluate(() => ({
      shared: {}.polluted,
      own: host.one.logs[0].polluted,
      message: host.one.logs[0].message,
    })),
  ).toEqual({ message: "m" });
  await one.is("connected");
});

for (const capacity of [1, 50, 10_000]) {
  test(`gives onLog each line that came in one go, with room for ${capacity}`, async ({
    host,
    gateway,
  }) => {
    await host.open();
    const one = await (await host.mount("one", { capacity })).connected();
    await gateway.publishNumbers(1, 3);
    await expect.poll(async () => ranges(await one.numbers())).toBe("1-3");
    // What was published in the meantime is replayed at once, faster than frames come.
    await one.do("disconnect");
    await gateway.publishNumbers(4, 1_000);
    await one.do("connect");
    await expect.poll(async () => (await one.numbers()).at(-1)).toBe(1_000);
    expect(ranges(await one.numbers())).toBe("1-1000");
  });
}

test("holds megabytes: its memory grows under what it holds already", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  const filler = "ünï ".repeat(8_000);
  for (let number = 1; number <= 100; number++)
    await gateway.publish({ number, message: `start ${number} ${filler} end` });
  await expect.poll(async () => ranges(await one.numbers())).toBe("1-100");
  expect(
    await page.evaluate(
      (filler) =>
        host.one.logs.every(({ number, message }) => message === `start ${number} ${filler} end`),
      filler,
    ),
  ).toBe(true);
  await expect(one.row("start 100 ")).toBeVisible();
  await one.row("start 100 ").getByRole("button").click();
  await expect(page.locator("#one .dsl-full")).toContainText("ünï end");
  await one.is("connected");
});
