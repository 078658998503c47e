// What was there before the page opened: the newest lines at once, older ones on demand.

import { readRows } from "./oracle.mjs";
import { expect, test } from "./support.mjs";

/** @import { Gateway } from "../support/gateway.mjs" */

const START = "Start of the log: the log server holds nothing earlier";

/**
 * Returns the numbers of the rows, oldest first.
 *
 * @param {string[]} rows
 */
function numbers(rows) {
  return rows.flatMap((row) => (/^number \d+$/.test(row) ? [Number(row.split(" ")[1])] : []));
}

/**
 * Returns the numbers `from` to `to`.
 *
 * @param {number} from
 * @param {number} to
 */
function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/**
 * Publishes the numbers from 1 to `count` in batches.
 *
 * @param {Gateway} gateway
 * @param {number} count
 */
async function publishBatches(gateway, count) {
  for (let first = 1; first <= count; first += 1_000)
    await gateway.publishBatch(first, Math.min(first + 999, count));
}

test("a page that opens after the run shows its newest lines, then live ones", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await publishBatches(quiet, 1_500);
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toHaveText("1,000 lines");
  await quiet.publishNumbers(1_501, 1_510);
  await expect(demo.row("number 1510")).toBeVisible();
  const shown = numbers(await readRows(page));
  expect(shown.slice(-1_010)).toEqual(range(501, 1_510));
});

test("scrolling to the end loads all that the gateway holds, and moves no row", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await publishBatches(quiet, 2_300);
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toHaveText("1,000 lines");
  const list = page.locator(".dsl-list");
  await list.evaluate((list) => {
    list.scrollTop = list.scrollHeight;
  });
  await expect(demo.lineCount).toHaveText("1,500 lines");
  // The row that was the oldest is where it was, at the end of the window.
  const oldest = page.locator(".dsl-row", { hasText: /number 1301\b/ });
  await expect(oldest).toBeInViewport();
  while (!(await page.getByText(START).isVisible())) {
    await list.evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    await page.waitForTimeout(50);
  }
  await quiet.publishNumbers(2_301, 2_303);
  await expect(demo.lineCount).toHaveText("2,303 lines");
  const rows = await readRows(page);
  expect(rows[0]).toBe(START);
  expect(numbers(rows)).toEqual(range(1, 2_303));
});

test("a filter finds lines that were loaded on demand", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await publishBatches(quiet, 1_400);
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toHaveText("1,000 lines");
  await demo.searchField.fill('"number 77"');
  const load = page.getByRole("button", { name: /Load earlier lines/ });
  await expect(load).toHaveText("Load earlier lines (400)");
  await expect(demo.row("number 778")).toHaveCount(1);
  const first = page.locator(".dsl-message", { hasText: /^number 77$/ });
  await expect(first).toHaveCount(0);
  await load.click();
  await expect(load).toBeHidden();
  await expect(first).toHaveCount(1);
});

test("says why earlier lines could not be loaded, and tries again", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await publishBatches(quiet, 1_200);
  await page.route("**/sse/logs/history**", (route) => route.fulfill({ status: 500 }));
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toHaveText("1,000 lines");
  await page.locator(".dsl-list").evaluate((list) => {
    list.scrollTop = list.scrollHeight;
  });
  await expect(
    page.getByText("earlier lines could not be loaded: the server answered 500"),
  ).toBeVisible();
  await page.unroute("**/sse/logs/history**");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(demo.lineCount).toHaveText("1,200 lines");
});
