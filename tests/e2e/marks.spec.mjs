// Marked places: their row in the list, and where they are listed and saved.

import { readFile } from "node:fs/promises";
import { seriousViolations } from "../support/accessibility.mjs";
import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/** @param {Page} page */
const parts = (page) => ({
  mark: page.locator(".dsl-mark-here:not(:empty)"),
  here: page.getByRole("button", { name: "Mark here" }),
  pins: page.getByRole("button", { name: /^Pins \(/ }),
  dialog: page.getByRole("dialog", { name: "Pins" }),
});

const lines = (/** @type {number} */ count, /** @type {string} */ word) =>
  Array.from({ length: count }, (_, number) => ({ level: "INFO", message: `${word} ${number}.` }));

test("a mark is a row between the lines before it and those that follow", async ({
  gateway,
  demo,
  page,
}) => {
  const { mark, here, pins, dialog } = parts(page);
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publishAll(lines(3, "old"));
  await expect(demo.rows).toHaveCount(3);
  await here.click();
  await expect(mark).toHaveText(/^You were here, \d\d:\d\d:\d\d$/);
  await gateway.publishAll(lines(2, "new"));
  await expect(demo.rows).toHaveCount(5);

  const place = async () => {
    const boxes = [
      demo.row("new 0.").locator(".dsl-message"),
      mark,
      demo.row("old 2.").locator(".dsl-message"),
    ];
    return Promise.all(boxes.map(async (part) => (await boxOf(part)).y));
  };
  let [above, middle, below] = await place();
  expect(above).toBeLessThan(middle);
  expect(middle).toBeLessThan(below);
  const heights = await demo.rows.evaluateAll((rows) => rows.map((row) => row.clientHeight));
  const [row] = heights;
  expect(heights).toEqual([row, row, row + 24, row, row]);
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Oldest first" }).click();
  await expect
    .poll(async () => {
      [above, middle, below] = await place();
      return below < middle && middle < above;
    })
    .toBe(true);

  await demo.row("old 2.").locator(".dsl-message").click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await expect(mark).toHaveCount(0);
  await expect(pins).toBeHidden();
  await page.keyboard.press("m");
  await expect(mark).toHaveCount(1);
  await pins.click();
  await dialog.getByRole("button", { name: /^Remove You were here/ }).click();
  await expect(mark).toHaveCount(0);
  await expect(dialog).toBeHidden();
  expect(new Set(await demo.rows.evaluateAll((all) => all.map((one) => one.clientHeight)))).toEqual(
    new Set([row]),
  );
});

test("a mark outlives its line, and is saved with the pins", async ({ gateway, demo, page }) => {
  const { mark, here, pins, dialog } = parts(page);
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publish({ level: "WARN", pipeline: "LOAD", message: "before the mark" });
  await expect(demo.rows).toHaveCount(1);
  await here.click();
  await demo.clearButton.click();
  await gateway.publishAll(lines(2, "after"));
  await expect(demo.rows).toHaveCount(2);
  await expect(mark).toHaveCount(0);
  await expect(pins).toHaveText("Pins (1)");

  await demo.saveButton.click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    demo.saveDialog.getByRole("button", { name: "Save" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  expect(text).toMatch(/# pinned\n\S+ WARN LOAD before the mark\n# You were here, \S+Z\n$/);

  await pins.click();
  await dialog
    .getByRole("button", { name: /^You were here, .* · after .* before the mark/ })
    .click();
  await expect(page.getByRole("region", { name: "Log entry" }).locator(".dsl-full")).toHaveText(
    "before the mark",
  );
});

test("the list of pins shows messages in a narrow window", async ({ gateway, demo, page }) => {
  const { pins, dialog } = parts(page);
  await page.setViewportSize({ width: 320, height: 640 });
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publish({ level: "ERROR", pipeline: "LOAD", message: "quality gate failed" });
  await demo.row("quality gate").locator(".dsl-message").click();
  await page.keyboard.press("P");
  await page.keyboard.press("Escape");
  await pins.click();
  const line = dialog.locator(".dsl-pin-line");
  await expect(line).toHaveText(/quality gate failed$/);
  const cut = await line.evaluate((one) => [
    one.scrollWidth - one.clientWidth,
    one.scrollHeight - one.clientHeight,
  ]);
  expect(cut).toEqual([0, 0]);
  expect(await seriousViolations(page)).toEqual([]);
});
