// The histogram above the lines: what its bars show, and how they lead to a time.

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
  buckets: page.locator(".dsl-bucket"),
  table: page.locator(".dsl-histogram table"),
  button: page.getByRole("button", { name: "Histogram" }),
});

/**
 * A night of which 02:13 has the first error: a line every two seconds from 02:05 to 02:17, with
 * five errors from 02:13:02 on.
 */
function night() {
  const lines = [];
  for (let second = 0; second < 12 * 60; second += 2) {
    const time = new Date(Date.UTC(2026, 10, 26, 2, 5, second)).toISOString();
    const isError = second >= 482 && second <= 490;
    const message = isError ? `failed at ${time.slice(11, 19)}` : `part at ${time.slice(11, 19)}`;
    lines.push({ level: isError ? "ERROR" : "INFO", pipeline: "ETL", message, isoTime: time });
  }
  return lines;
}

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

test("a click on the bar of the failure brings its first error into view, and holds it", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await opened(gateway, demo);
  const { bars, buckets } = parts(page);
  await expect(bars).toHaveAccessibleName("Lines per 15 seconds, most errors 5 at 02:13:00");
  await expect(buckets).toHaveCount(48);
  const failure = page.getByTitle("02:13:00, 8 lines, 5 errors");
  expect((await boxOf(failure.locator(".dsl-bucket-errors"))).height).toBeGreaterThan(10);
  await expect(buckets.locator(".dsl-bucket-errors:visible")).toHaveCount(1);
  await failure.click();
  const row = demo.row("failed at 02:13:02");
  await expect(row).toBeInViewport({ ratio: 1 });
  await expect(row.locator(":focus")).toHaveCount(1);
  await expect(demo.pauseButton).toHaveText("Resume");
  const before = await boxOf(row);
  await quiet.publishAll(night().map((line) => ({ ...line, level: "INFO" })));
  await expect(demo.newestButton).toContainText("360 new");
  expect((await boxOf(row)).y).toBeCloseTo(before.y, 0);
});

test("bars grow while lines arrive, and shrink when they are dropped", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await opened(gateway, demo);
  const { bars, buckets } = parts(page);
  const first = page.getByTitle(/^02:05:00, /);
  await expect(first).toHaveAttribute("title", "02:05:00, 8 lines");
  const line = { level: "INFO", pipeline: "ETL", isoTime: "2026-11-26T02:05:01Z", message: "late" };
  await quiet.publishAll([line, { ...line, level: "ERROR" }]);
  await expect(first).toHaveAttribute("title", "02:05:00, 10 lines, 1 error");
  // The page holds 50,000 lines.
  const flood = { ...line, isoTime: "2026-11-26T02:16:58Z", message: "flood" };
  for (let sent = 0; sent < 52_000; sent += 1_000)
    await quiet.publishAll(Array.from({ length: 1_000 }, () => flood));
  await expect(demo.lineCount).toHaveText(/older lines dropped/);
  await expect(bars).toHaveAccessibleName(/^Lines per second, most [\d,]+ at 02:16:58$/);
  await expect(buckets).toHaveCount(1);
  await demo.clearButton.click();
  await expect(bars).toBeHidden();
});

test("the bars are one stop of the Tab key, and arrow keys choose one", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo);
  const { bars, button } = parts(page);
  await bars.focus();
  await expect(bars).toHaveAttribute("aria-valuetext", "02:16:45, 7 lines");
  await page.keyboard.press("Home");
  await expect(bars).toHaveAttribute("aria-valuetext", "02:05:00, 8 lines");
  for (let bar = 0; bar < 32; bar++) await page.keyboard.press("ArrowRight");
  await expect(bars).toHaveAttribute("aria-valuetext", "02:13:00, 8 lines, 5 errors");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("combobox", { name: "Times" })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(demo.row("failed at 02:13:02").locator(":focus")).toHaveCount(1);
  await expect(demo.row("failed at 02:13:02")).toBeInViewport({ ratio: 1 });
  await button.click();
  await expect(bars).toBeHidden();
  await page.reload();
  await demo.connectButton.click();
  await demo.expectLive();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await expect(bars).toBeHidden();
});

test("a screen reader finds the bars as a table, and axe finds nothing", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo);
  const { bars, table } = parts(page);
  await expect(table.locator("caption")).toHaveText(/^Lines per 15 seconds, most errors 5 at /);
  await expect(table.getByRole("row")).toHaveCount(49);
  await expect(page.getByRole("row", { name: "02:13:00 8 5" })).toHaveCount(1);
  await bars.focus();
  expect(await seriousViolations(page)).toEqual([]);
});

test("only lines that are shown are gone to, and others are said not to be", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo);
  await demo.searchField.fill("-failed");
  await expect(demo.lineCount).toHaveText("355 of 360 lines match");
  await page.getByTitle("02:13:00, 8 lines, 5 errors").click();
  await expect(demo.row("part at 02:13:00").locator(":focus")).toHaveCount(1);
  await demo.searchField.fill("02:05:00");
  await expect(demo.lineCount).toHaveText("1 of 360 lines matches");
  await page.getByTitle("02:13:00, 8 lines, 5 errors").click();
  await expect(page.locator(".dsl-said")).toHaveText("No line shown at this time");
});
