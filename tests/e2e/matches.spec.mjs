// What a search means, and the way from match to match.

import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/** @import { Gateway } from "../support/gateway.mjs" */
/** @import { Demo } from "./support.mjs" */

/**
 * Publishes 600 lines of which each sixtieth is a timeout, and waits until the page shows them.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 */
async function publishTimeouts(gateway, demo) {
  for (let number = 1; number <= 600; number++) {
    const message = number % 60 === 30 ? `read timeout ${number}` : `read part ${number}`;
    await gateway.publish({ level: "INFO", pipeline: "P", message });
  }
  await expect(demo.lineCount).toHaveText("600 lines");
}

/** @param {Demo} demo */
const position = (demo) => demo.page.locator(".dsl-matches");

test("highlighting hides no line, and a match that was reached stays in place", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publishTimeouts(quiet, demo);
  await page.getByRole("button", { name: "Highlight" }).click();
  await demo.searchField.fill("timeout");
  await expect(demo.lineCount).toHaveText("600 lines");
  await expect(position(demo)).toHaveText("1 of 10");
  // The first match is shown as soon as it is found.
  await expect(page.locator("mark[aria-current]")).toHaveText("timeout");
  for (const _ of [2, 3, 4]) await demo.searchField.press("Enter");
  await expect(position(demo)).toHaveText("4 of 10");
  const current = demo.rows.filter({ has: page.locator("mark[aria-current]") });
  await expect(current.locator(".dsl-message")).toHaveText("read timeout 390");
  const list = await boxOf(demo.list);
  const before = await boxOf(current);
  expect(before.y).toBeGreaterThanOrEqual(list.y);
  expect(before.y + before.height).toBeLessThanOrEqual(list.y + list.height);

  await quiet.publishBatch(1, 190);
  for (let number = 1; number <= 10; number++)
    await quiet.publish({ message: `timeout ${number}` });
  await expect(demo.lineCount).toHaveText("800 lines");
  await expect(position(demo)).toHaveText("4 of 20");
  await expect(current.locator(".dsl-message")).toHaveText("read timeout 390");
  expect((await boxOf(current)).y).toBeCloseTo(before.y, 0);

  await demo.searchField.press("Shift+Enter");
  await expect(position(demo)).toHaveText("3 of 20");
  await demo.searchField.press("F3");
  await demo.searchField.press("F3");
  await expect(position(demo)).toHaveText("5 of 20");
  await expect(current.locator(".dsl-message")).toHaveText("read timeout 330");
  await page.getByRole("button", { name: "Newer match" }).click();
  await expect(position(demo)).toHaveText("4 of 20");
  await expect(page.locator("mark[aria-current]")).toHaveCount(1);
});

test("in a filtered list, the buttons go from match to match and around", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let number = 1; number <= 40; number++)
    await quiet.publish({ message: number % 2 ? `hit ${number}` : `other ${number}` });
  await expect(demo.lineCount).toHaveText("40 lines");
  await demo.searchField.fill("hit");
  await expect(demo.lineCount).toHaveText("20 of 40 lines match");
  await expect(position(demo)).toHaveText("1 of 20");
  const older = page.getByRole("button", { name: "Older match" });
  await older.click();
  const current = demo.rows.filter({ has: page.locator("mark[aria-current]") });
  await expect(current.locator(".dsl-message")).toHaveText("hit 37");
  await page.getByRole("button", { name: "Newer match" }).click();
  await page.getByRole("button", { name: "Newer match" }).click();
  await expect(position(demo)).toHaveText("20 of 20");
  await expect(current.locator(".dsl-message")).toHaveText("hit 1");
  await demo.searchField.fill("absent");
  await expect(position(demo)).toHaveText("0 matches");
  await expect(older).toBeDisabled();
  await demo.searchField.fill("");
  await expect(position(demo)).toHaveText("");
});

test("text and regular expressions find the same values", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let number = 0; number < 30; number++)
    await quiet.publish({
      message: number % 3 ? `part ${number}` : `Timeout of part ${number}`,
      pipeline: number % 5 ? "ORDERS" : "NOISY",
      execID: number % 2 ? "run-8801" : "run-8802",
      rows: number * 10,
    });
  await expect(demo.lineCount).toHaveText("30 lines");
  const count = demo.lineCount;
  for (const [text, lines] of /** @type {const} */ ([
    ["run-8801", 15],
    ["run-8801 timeout", 5],
    ["-NOISY", 24],
    ["-pipeline:NOISY", 24],
    ["execID:run-8801", 15],
    ["execid:run-8801 -part:1 -noisy", 12],
    ["rows:30", 1],
    ['"of part"', 10],
    ['message:"timeout of"', 10],
    ["execID", 0],
  ])) {
    await demo.searchField.fill(text);
    await expect(count, text).toHaveText(
      `${lines} of 30 lines ${lines === 1 ? "matches" : "match"}`,
    );
  }
  await page.getByRole("button", { name: "Regular expression" }).click();
  for (const [text, lines] of /** @type {const} */ ([
    ["run-8801", 15],
    ["^run-880[12]$", 30],
    ["^30$", 1],
    ["(?i)TIMEOUT", 10],
    ["\\p{Lu}imeout", 10],
    ["execID", 0],
  ])) {
    await demo.searchField.fill(text);
    await expect(count, text).toHaveText(
      `${lines} of 30 lines ${lines === 1 ? "matches" : "match"}`,
    );
  }
});

test("says how many lines would match without regard to case", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let number = 0; number < 20; number++)
    await quiet.publish({ message: number % 2 ? `Timeout ${number}` : `part ${number}` });
  await expect(demo.lineCount).toHaveText("20 lines");
  await demo.searchField.fill("TIMEOUT");
  await expect(position(demo)).toHaveText("0 matches");
  const button = page.getByRole("button", { name: "Ignore case: 10" });
  await button.click();
  await expect(demo.lineCount).toHaveText("10 of 20 lines match");
  await expect(page.locator(".dsl-ignore-case")).toBeHidden();
  await demo.searchField.fill("TIMEOUTS");
  await expect(demo.lineCount).toHaveText("0 of 20 lines match");
  await expect(page.locator(".dsl-ignore-case")).toBeHidden();
});

test("Ctrl+F inside the viewer focuses the search, and is then the browser's", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "one" });
  await expect(demo.row("one")).toBeVisible();
  await page.evaluate(() => {
    document.addEventListener("keydown", (event) =>
      Reflect.set(window, "wasPrevented", event.defaultPrevented),
    );
  });
  const wasPrevented = () => page.evaluate(() => Reflect.get(window, "wasPrevented"));
  await demo.searchField.fill("one");
  await demo.list.focus();
  await page.keyboard.press("Control+f");
  await expect(demo.searchField).toBeFocused();
  expect(await wasPrevented()).toBe(true);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe("one");
  await page.keyboard.press("Control+f");
  expect(await wasPrevented()).toBe(false);
  await page.locator("body").click({ position: { x: 1, y: 1 } });
  await page.keyboard.press("Control+f");
  expect(await wasPrevented()).toBe(false);
  await expect(demo.searchField).not.toBeFocused();
});

test("n and N go from match to match, and make each the current row", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let number = 1; number <= 30; number++)
    await quiet.publish({ message: number % 10 ? `other ${number}` : `hit ${number}` });
  await expect(demo.lineCount).toHaveText("30 lines");
  await demo.list.focus();
  await page.keyboard.press("n");
  await expect(page.locator(".dsl-said")).toHaveText("No matches");
  await page.getByRole("button", { name: "Highlight" }).click();
  await demo.searchField.fill("hit");
  await expect(position(demo)).toHaveText("1 of 3");
  await demo.list.focus();
  const focused = page.locator(".dsl-row:focus-within .dsl-message");
  await page.keyboard.press("n");
  await expect(position(demo)).toHaveText("2 of 3");
  await expect(focused).toHaveText("hit 20");
  await page.keyboard.press("n");
  await expect(focused).toHaveText("hit 10");
  await page.keyboard.press("N");
  await expect(focused).toHaveText("hit 20");
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-full")).toHaveText("hit 20");
});
