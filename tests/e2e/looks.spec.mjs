// How the section looks: its columns, its height, and what a row shows of a message.

import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 */

/**
 * Opens the page with `count` lines and then `entries`, oldest first.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 * @param {number} count
 * @param {Record<string, unknown>[]} [entries]
 */
async function opened(gateway, demo, count, entries = []) {
  await gateway.restartWith();
  for (let number = 0; number < count; number++)
    await gateway.publish({ level: "INFO", pipeline: "P", message: `line ${number}.` });
  for (const entry of entries) await gateway.publish(entry);
  await demo.openLive(gateway.url);
  await expect(demo.lineCount.first()).toContainText(`${count + entries.length} line`);
}

/**
 * Returns how many rows are whole on the screen.
 *
 * @param {Demo} demo
 */
const wholeRows = (demo) =>
  demo.list.evaluate((list) => {
    const edge = list.getBoundingClientRect();
    return [...list.querySelectorAll("li")].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= edge.top - 0.5 && bottom <= Math.min(edge.bottom, innerHeight) + 0.5;
    }).length;
  });

for (const [screen, width, height, rows] of /** @type {const} */ ([
  ["a full HD screen", 1920, 1080, 24],
  ["a 4K screen", 3840, 2160, 60],
])) {
  test(`${screen} shows at least ${rows} rows`, async ({ gateway, demo, page }) => {
    await page.setViewportSize({ width, height });
    await opened(gateway, demo, 90);
    await expect.poll(() => wholeRows(demo)).toBeGreaterThanOrEqual(rows);
  });
}

test("a height to which the reader drags the list is kept over a reload", async ({
  gateway,
  demo,
  page,
}) => {
  await opened(gateway, demo, 60);
  const { x, y, width, height } = await boxOf(demo.list);
  await page.mouse.move(x + width - 4, y + height - 4);
  await page.mouse.down();
  await page.mouse.move(x + width - 4, y + height - 104, { steps: 5 });
  await page.mouse.up();
  const low = (await boxOf(demo.list)).height;
  expect(Math.abs(height - 100 - low)).toBeLessThan(5);
  await expect
    .poll(() => page.evaluate(() => localStorage.getItem("datashop-live-logs")))
    .toContain(`height=${Math.floor(low)}`);
  await page.reload();
  await demo.connectButton.click();
  await expect.poll(async () => (await boxOf(demo.list)).height).toBe(Math.floor(low));
  await expect.poll(() => wholeRows(demo)).toBeGreaterThanOrEqual(Math.floor(low / 24) - 1);
});

test("the headings stand above their columns, and stay there", async ({ gateway, demo, page }) => {
  await opened(gateway, demo, 60);
  const left = async (/** @type {string} */ selector) =>
    (await boxOf(page.locator(selector).first())).x;
  for (const column of ["level", "pipeline", "message"])
    expect(await left(`.dsl-column-${column}`)).toBeCloseTo(
      await left(`.dsl-row .dsl-${column}`),
      0,
    );
  const before = await boxOf(page.locator(".dsl-columns"));
  await demo.list.evaluate((list) => list.scrollBy(0, 500));
  expect(await boxOf(page.locator(".dsl-columns"))).toEqual(before);
});

test("an unwrapped row shows the first line with its indentation, and how many follow", async ({
  gateway,
  demo,
}) => {
  const trace = `   indented\n${"\tat one.more(Frame)\n".repeat(20)}`;
  await opened(gateway, demo, 3, [{ level: "ERROR", pipeline: "P", message: trace }]);
  const row = demo.row("indented");
  const message = row.locator(".dsl-message");
  await expect(row.locator(".dsl-chip:visible")).toHaveText("+20 lines");
  const { glyph, cell } = await message.evaluate((cell) => {
    const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
    if (!(text instanceof Text)) throw new Error("the cell has no text");
    const range = document.createRange();
    range.setStart(text, 3);
    range.setEnd(text, 4);
    const { x, width } = range.getBoundingClientRect();
    return { glyph: (x - cell.getBoundingClientRect().x) / width, cell: cell.clientHeight };
  });
  expect(glyph).toBeGreaterThan(2.9);
  expect(cell).toBeLessThanOrEqual(24);
  await demo.toggleWrap();
  await expect(row.locator(".dsl-chip:visible")).toHaveCount(0);
  await expect.poll(() => message.evaluate((cell) => cell.clientHeight)).toBeGreaterThan(400);
});

test("errors and warnings have a bar, debug lines are quiet, and cut names have a tooltip", async ({
  gateway,
  demo,
}) => {
  const long = "A_VERY_LONG_PIPELINE_NAME_OF_WHICH_THERE_ARE_TWO";
  await opened(gateway, demo, 1, [
    { level: "DEBUG", pipeline: long, message: "a debug" },
    { level: "WARN", pipeline: long, message: "a warning" },
    { level: "CRITICAL", pipeline: long, message: "an error" },
  ]);
  const style = (/** @type {string} */ text, /** @type {string} */ selector = ":scope") =>
    demo.row(text).evaluate((row, selector) => {
      const { borderInlineStartColor, color, fontWeight } = getComputedStyle(
        /** @type {Element} */ (row.querySelector(selector)) ?? row,
      );
      return { bar: borderInlineStartColor, color, fontWeight };
    }, selector);
  const bars = await Promise.all(
    ["line 0.", "a debug", "a warning", "an error"].map(async (text) => (await style(text)).bar),
  );
  expect(bars[1]).toBe(bars[0]);
  expect(new Set(bars.slice(1)).size).toBe(3);
  expect((await style("a debug", ".dsl-level")).fontWeight).toBe("400");
  expect((await style("a debug", ".dsl-message")).color).not.toBe(
    (await style("line 0.", ".dsl-message")).color,
  );
  for (const text of ["a debug", "an error"]) {
    await expect(demo.row(text).locator(".dsl-pipeline")).toHaveAttribute("title", long);
    await expect(demo.row(text).locator(".dsl-level")).toHaveAttribute("title", /^\w+$/);
  }
});

test("the section keeps its yellow background", async ({ gateway, demo, page }) => {
  await opened(gateway, demo, 1);
  for (const [colorScheme, yellow] of /** @type {const} */ ([
    ["light", "rgb(255, 248, 220)"],
    ["dark", "rgb(43, 39, 23)"],
  ])) {
    await page.emulateMedia({ colorScheme });
    await expect(demo.section).toHaveCSS("background-color", yellow);
  }
});

test("the viewer fills the screen and leaves it again", async ({ gateway, demo, page }) => {
  await opened(gateway, demo, 60);
  const before = await boxOf(demo.root);
  await page.getByRole("button", { name: "Full screen" }).click();
  await expect
    .poll(() => page.evaluate(() => document.fullscreenElement?.className))
    .toContain("dsl-root");
  await page.getByRole("button", { name: "Full screen" }).click();
  await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBeNull();
  await expect.poll(async () => (await boxOf(demo.root)).width).toBe(before.width);
});

test("density is one custom property", async ({ gateway, demo }) => {
  await opened(gateway, demo, 60);
  for (const height of [24, 32]) {
    await demo.root.evaluate(
      (root, height) => root.style.setProperty("--dsl-row-height", `${height}px`),
      height,
    );
    await expect.poll(async () => (await boxOf(demo.rows.first())).height).toBe(height);
  }
});
