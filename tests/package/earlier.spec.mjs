// Lines from before the page opened, and lines that the page shows itself: the options `tail` and
// `isKnown`.

import { IDS } from "../support/environment.mjs";
import { expect, ranges, test } from "./support.mjs";

test("a viewer starts with the lines that tail asks for", async ({ host, gateway }) => {
  await gateway.publishBatch(1, 1_200);
  await host.open();
  const one = await (await host.mount("one")).connect();
  await expect.poll(async () => ranges(await one.numbers())).toBe("201-1200");
  const two = await (await host.mount("two", { tail: 3 })).connect();
  await gateway.publishNumbers(1_201, 1_201);
  await expect.poll(async () => ranges(await two.numbers())).toBe("1198-1201");
});

test("a source starts with no line unless tail asks for some", async ({ host, gateway }) => {
  await gateway.publishBatch(1, 20);
  await host.open();
  const one = await (await host.source("one")).connect();
  const two = await (await host.source("two", { ...IDS, tail: 5 })).connect();
  await expect.poll(async () => ranges(await two.numbers())).toBe("16-20");
  await gateway.publishNumbers(21, 22);
  await expect.poll(async () => ranges(await one.numbers())).toBe("21-22");
  await expect.poll(async () => ranges(await two.numbers())).toBe("16-22");
});

test("leaves out the lines that the page knows, earlier ones included", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.publishBatch(1, 40);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      tail: 10,
      isKnown: (/** @type {{ number: number }} */ log) => log.number % 2 === 0,
    });
    live.one.handle.connect();
  });
  const rows = page.locator("#one .dsl-row .dsl-message");
  await expect(rows).toHaveCount(5);
  await gateway.publishNumbers(41, 44);
  await expect(rows).toHaveCount(7);
  await page.getByRole("button", { name: "Load earlier lines" }).click();
  await expect(page.locator("#one .dsl-count")).toHaveText("22 lines");
});

test("shows a line if isKnown throws or calls the viewer, and reports that once", async ({
  host,
  page,
  gateway,
}) => {
  host.provoked.push(/isKnown/);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      isKnown: () => {
        live.one.handle.status();
        throw new Error("no such table");
      },
    });
    live.one.handle.connect();
  });
  await expect.poll(() => page.evaluate(() => live.one.handle.status().isLive)).toBe(true);
  await gateway.publishNumbers(1, 3);
  await expect(page.locator("#one .dsl-row")).toHaveCount(3);
  const errors = await page.evaluate(() => live.one.errors.map(({ message }) => message));
  expect(errors.filter((message) => message.includes("isKnown"))).toHaveLength(1);
});
