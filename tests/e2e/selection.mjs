// Selecting and copying, as a reader does it.

import { boxOf } from "../support/viewer.mjs";

/** @import { Locator, Page } from "@playwright/test" */

/**
 * Selects with the mouse from the start of one cell to the end of another.
 *
 * @param {Page} page
 * @param {Locator} from
 * @param {Locator} to
 */
export async function select(page, from, to) {
  const [start, end] = [await boxOf(from), await boxOf(to)];
  await page.mouse.move(start.x + 1, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width - 2, end.y + end.height / 2, { steps: 5 });
  await page.mouse.up();
}

/**
 * Copies the selection and returns the clipboard.
 *
 * @param {Page} page
 */
export async function clipboard(page) {
  await page.keyboard.press("ControlOrMeta+C");
  return page.evaluate(() => navigator.clipboard.readText());
}
