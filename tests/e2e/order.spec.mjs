// The order of the rows: with the oldest first, the view follows at the bottom, as in a terminal.

import { boxOf } from "../support/viewer.mjs";
import { frames, onScreen, publish } from "./reading.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { Demo } from "./support.mjs"
 */

/** Returns how far the list is from its lower end, in pixels. */
const toBottom = (/** @type {Demo} */ demo) =>
  demo.list.evaluate((list) => list.scrollHeight - list.clientHeight - list.scrollTop);

/**
 * Opens the demo page with the oldest row first.
 *
 * @param {Demo} demo
 * @param {Gateway} gateway
 */
async function openOldestFirst(demo, gateway) {
  await demo.openLive(gateway.url);
  await demo.toggleView("Oldest first");
  await expect(demo.page.getByRole("log")).toHaveAccessibleName("Live log lines, oldest first");
}

/** Moves the mouse over the list and turns its wheel. */
async function wheel(/** @type {Demo} */ demo, /** @type {number} */ delta) {
  const rect = await boxOf(demo.list);
  await demo.page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  await demo.page.mouse.wheel(0, delta);
}

for (const wraps of [false, true])
  test(`the view follows at the bottom${wraps ? " while lines wrap" : ""}`, async ({
    gateway,
    demo,
    page,
  }) => {
    test.slow();
    if (wraps) await page.setViewportSize({ width: 400, height: 800 });
    const quiet = await gateway.restartWith();
    await openOldestFirst(demo, quiet);
    if (wraps) await demo.toggleWrap();
    for (let step = 0; step < 10; step++) {
      await publish(quiet, `${"long ".repeat(40)}step ${step}`, 20);
      await expect(demo.row(`step ${step} 019`)).toBeVisible();
      await frames(page);
      expect(Math.abs(await toBottom(demo))).toBeLessThanOrEqual(1);
      const numbers = (await onScreen(page)).map(({ text }) => text);
      expect(numbers).toEqual([...numbers].sort());
    }
  });

test("a view that is scrolled up stays, and the button below leads to the newest line", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await openOldestFirst(demo, quiet);
  await publish(quiet, "old", 100);
  await expect(demo.row("old 099")).toBeVisible();
  await wheel(demo, -500);
  await expect(demo.newestButton).toHaveText("↓ Jump to newest");
  await frames(page);
  const before = await onScreen(page);
  await publish(quiet, "new", 200);
  await expect(demo.newestButton).toHaveText("↓ 200 new");
  expect(await onScreen(page)).toEqual(before);
  const [list, pill] = [await boxOf(demo.list), await boxOf(demo.newestButton)];
  expect(list.y + list.height - (pill.y + pill.height)).toBeLessThan(20);
  await demo.newestButton.click();
  await expect(demo.row("new 199")).toBeVisible();
  expect(Math.abs(await toBottom(demo))).toBeLessThanOrEqual(1);
});

test("another order keeps the line in place, and is remembered", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "line", 200);
  await expect(demo.row("line 199")).toBeVisible();
  await wheel(demo, 1500);
  await expect(demo.newestButton).toBeVisible();
  await frames(page);
  const before = await onScreen(page);
  const first = before.find(({ y }) => y >= 0);
  await page.keyboard.press("o");
  await expect(page.getByRole("log")).toHaveAccessibleName("Live log lines, oldest first");
  await frames(page);
  const after = await onScreen(page);
  const y = after.find(({ text }) => text === first?.text)?.y;
  expect(Math.abs((y ?? Number.NaN) - (first?.y ?? 0))).toBeLessThanOrEqual(1);
  await page.reload();
  await demo.connectButton.click();
  await expect(page.getByRole("button", { name: "Oldest first" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
});

test("keys go where the eye expects", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await openOldestFirst(demo, quiet);
  await publish(quiet, "line", 100);
  await expect(demo.row("line 099")).toBeVisible();
  await demo.list.focus();
  await page.keyboard.press("Home");
  await expect(demo.row("line 000").getByRole("button")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(demo.row("line 001").getByRole("button")).toBeFocused();
  await page.keyboard.press("End");
  await expect(demo.newestButton).toBeHidden();
  await expect(demo.row("line 099")).toBeVisible();
  expect(Math.abs(await toBottom(demo))).toBeLessThanOrEqual(1);
});
