// The brush of the histogram: bars that are selected, and the filter by time.

import { seriousViolations } from "../support/accessibility.mjs";
import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 */

test.use({ timezoneId: "UTC" });

/** @param {Page} page */
const parts = (page) => ({
  bars: page.getByRole("slider", { name: /^Lines per / }),
  bucket: (/** @type {string} */ time) => page.getByTitle(new RegExp(`^${time}, `)),
  selected: page.locator(".dsl-in-span"),
  chip: page.getByRole("button", { name: /^Remove the time filter / }),
});

/** A line every two seconds from 02:05:00 to 02:17:00. */
const night = () =>
  Array.from({ length: 360 }, (_, index) => {
    const isoTime = new Date(Date.UTC(2026, 10, 26, 2, 5, index * 2)).toISOString();
    return { level: "INFO", pipeline: "ETL", message: `part at ${isoTime.slice(11, 19)}`, isoTime };
  });

/**
 * Opens the page with the night.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 */
async function opened(gateway, demo) {
  const quiet = await gateway.restartWith();
  await quiet.publishAll(night());
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toHaveText("360 lines");
  return quiet;
}

/**
 * Returns the middle of a bar.
 *
 * @param {Page} page
 * @param {string} time
 */
async function middle(page, time) {
  const { x, y, width, height } = await boxOf(parts(page).bucket(time));
  return { x: x + width / 2, y: y + height / 2 };
}

test("bars that are dragged over select the lines of their time", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await opened(gateway, demo);
  const { selected, chip } = parts(page);
  const [from, to] = [await middle(page, "02:14:15"), await middle(page, "02:13:00")];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x + 40, to.y, { steps: 3 });
  await page.mouse.move(to.x, to.y, { steps: 3 });
  await expect(selected).toHaveCount(6);
  await expect(demo.lineCount).toHaveText("360 lines");
  await page.mouse.up();
  await expect(demo.lineCount).toHaveText("45 of 360 lines match");
  await expect(chip).toHaveText("02:13:00 to 02:14:30 ✕");
  await expect(demo.row("part at 02:14:28")).toBeVisible();
  await expect(demo.row(/part at 02:1[25]/)).toHaveCount(0);

  const line = { level: "INFO", pipeline: "ETL" };
  await quiet.publishAll([
    { ...line, message: "in time", isoTime: "2026-11-26T02:14:29Z" },
    { ...line, message: "too late", isoTime: "2026-11-26T02:14:30Z" },
  ]);
  await expect(demo.lineCount).toHaveText("46 of 362 lines match");
  await expect(demo.row("in time")).toBeVisible();
  await demo.searchField.fill("02:13");
  await expect(demo.lineCount).toHaveText("30 of 362 lines match");
  expect(await seriousViolations(page)).toEqual([]);
  await chip.click();
  await expect(chip).toBeHidden();
  await expect(selected).toHaveCount(0);
  await expect(demo.list).toBeFocused();
  await expect(demo.lineCount).toHaveText("30 of 362 lines match");
});

test("a click goes to a bar without selecting it", async ({ gateway, demo, page }) => {
  await opened(gateway, demo);
  const { bucket, selected, chip } = parts(page);
  await bucket("02:13:00").click();
  await expect(demo.row("part at 02:13:00").locator(":focus")).toHaveCount(1);
  await expect(selected).toHaveCount(0);
  await expect(chip).toBeHidden();
});

test("Shift and the arrow keys select bars, and Escape shows all lines", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo);
  const { bars, selected, chip } = parts(page);
  await bars.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(demo.lineCount).toHaveText("22 of 360 lines match");
  await expect(chip).toHaveText("02:05:15 to 02:06:00 ✕");
  await expect(bars).toHaveAttribute("aria-valuetext", /; selected: 02:05:15 to 02:06:00$/);
  await page.keyboard.press("Shift+Home");
  await expect(chip).toHaveText("02:05:00 to 02:05:30 ✕");
  await expect(selected).toHaveCount(2);
  await page.keyboard.press("ArrowRight");
  await expect(selected).toHaveCount(2);
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(chip).toBeHidden();
  await expect(demo.lineCount).toHaveText("360 lines");
  await expect(bars).toBeFocused();
});

test.describe("with a finger", () => {
  test.use({ hasTouch: true });

  test("a finger that moves sideways selects bars", async ({ gateway, demo, page }) => {
    await opened(gateway, demo);
    const { chip, bars } = parts(page);
    await bars.scrollIntoViewIfNeeded();
    const [from, to] = [await middle(page, "02:13:00"), await middle(page, "02:14:15")];
    const session = await page.context().newCDPSession(page);
    const touch = (
      /** @type {"touchStart" | "touchMove" | "touchEnd"} */ type,
      /** @type {number} */ x,
    ) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : [{ x, y: from.y }],
      });
    await touch("touchStart", from.x);
    for (const x of [from.x + 20, (from.x + to.x) / 2, to.x]) await touch("touchMove", x);
    await touch("touchEnd", to.x);
    await expect(chip).toHaveText("02:13:00 to 02:14:30 ✕");
  });
});

test("a link has the span, and shows only its lines in another page", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo);
  const { bars, chip, selected } = parts(page);
  await bars.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(chip).toHaveText("02:05:00 to 02:05:30 ✕");
  await expect.poll(() => page.url()).toContain("#time=1795658700-1795658730");
  const link = page.url();
  await page.goto("about:blank");
  await demo.openLive(link);
  await expect(demo.lineCount).toHaveText("15 of 360 lines match");
  await expect(chip).toHaveText("02:05:00 to 02:05:30 ✕");
  await expect(selected).toHaveCount(2);
});
