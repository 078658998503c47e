// Folded rows: traces that were sent line by line, and lines that repeat.

import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/** @import { Gateway } from "../support/gateway.mjs" */
/** @import { Demo } from "./support.mjs" */
/** @import { Page } from "@playwright/test" */

const PYTHON_TRACE = [
  "Traceback (most recent call last):",
  '  File "/opt/etl/run.py", line 41, in main',
  "    load(frame, table)",
  '  File "/opt/etl/load.py", line 88, in load',
  "    write(frame, table)",
  "    ~~~~~^^^^^^^^^^^^^^",
  '  File "/opt/etl/write.py", line 12, in write',
  "    raise WriteError(table)",
  "",
  "etl.errors.WriteError: table sales is locked",
];

/**
 * Opens the page of a gateway without a job.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 */
async function openQuiet(gateway, demo) {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  return quiet;
}

/** @param {Gateway} gateway */
async function publishTrace(gateway) {
  for (const [number, message] of PYTHON_TRACE.entries())
    await gateway.publish({ level: number === 0 ? "ERROR" : "INFO", pipeline: "LOAD", message });
}

/** @param {Page} page */
const sign = (page) => page.locator('.dsl-row .dsl-chip[role="button"]');

test("a trace sent as ten logs is one row, whole, and an error", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openQuiet(gateway, demo);
  await quiet.publish({ level: "INFO", pipeline: "LOAD", message: "Loading 3 tables" });
  await publishTrace(quiet);
  await quiet.publish({ level: "INFO", pipeline: "LOAD", message: "Retrying in 5 s" });
  await expect(demo.rows).toHaveCount(3);
  const row = demo.row("Traceback");
  await expect(sign(page)).toHaveText("+9 lines");
  await expect(row.locator(".dsl-level")).toHaveText("ERROR");
  await expect(demo.lineCount).toHaveText("12 lines");

  await row.locator(".dsl-message").click();
  await expect(page.locator(".dsl-full")).toHaveText(PYTHON_TRACE.join("\n"), {
    useInnerText: true,
  });
  await page.keyboard.press("Escape");

  await demo.levelMenu.only("ERROR");
  await expect(demo.rows).toHaveCount(1);
  await expect(demo.lineCount).toContainText("10 of 12 lines");
});

test("a row unfolds in place in the order sent, by its sign and by the arrow keys", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openQuiet(gateway, demo);
  await publishTrace(quiet);
  await quiet.publish({ level: "WARN", pipeline: "LOAD", message: "one\n  two\nthree" });
  await expect(demo.rows).toHaveCount(2);
  await expect(sign(page)).toHaveText(["+2 lines", "+9 lines"]);
  const low = (await boxOf(demo.row("Traceback"))).height;

  const folded = sign(page).last();
  await expect(folded).toHaveAttribute("aria-expanded", "false");
  await folded.click();
  await expect(folded).toHaveAttribute("aria-expanded", "true");
  await expect(folded).toHaveText("−9 lines");
  await expect
    .poll(async () => (await boxOf(demo.row("Traceback"))).height)
    .toBeGreaterThan(9 * 20);
  await expect(demo.row("Traceback").locator(".dsl-message")).toHaveText(PYTHON_TRACE.join("\n"), {
    useInnerText: true,
  });
  // The entry is another thing, and still closed.
  await expect(page.locator(".dsl-full")).toHaveCount(0);
  await folded.click();
  await expect.poll(async () => (await boxOf(demo.row("Traceback"))).height).toBe(low);

  await demo.list.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect(sign(page)).toHaveText(["−2 lines", "+9 lines"]);
  await page.keyboard.press("ArrowLeft");
  await expect(sign(page)).toHaveText(["+2 lines", "+9 lines"]);
});

test("a match in a folded line shows its row, and why", async ({ gateway, demo, page }) => {
  const quiet = await openQuiet(gateway, demo);
  await publishTrace(quiet);
  await quiet.publish({ level: "INFO", message: "other" });
  await demo.searchField.fill("sales");
  await expect(demo.rows).toHaveCount(1);
  await expect(demo.row("Traceback")).toBeVisible();
  await expect(sign(page)).toHaveText("etl.errors.WriteError: table sales is locked +9 lines");
});

test("indentation stays in rows that do not wrap", async ({ gateway, demo }) => {
  const quiet = await openQuiet(gateway, demo);
  await quiet.publish({ level: "INFO", message: "    SELECT 1" });
  const indent = await demo
    .row("SELECT")
    .locator(".dsl-message")
    .evaluate((message) => {
      const range = document.createRange();
      const text = /** @type {Text} */ (message.firstChild);
      range.setStart(text, 4);
      range.setEnd(text, 5);
      const { left, width } = range.getBoundingClientRect();
      return (left - message.getBoundingClientRect().left) / width;
    });
  expect(indent).toBeGreaterThanOrEqual(3);
});

test("equal lines are one row if the reader wants it, which is remembered", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openQuiet(gateway, demo);
  for (let number = 0; number < 50; number++)
    await quiet.publish({ level: "INFO", message: "waiting for the lock" });
  await expect(demo.lineCount).toHaveText("50 lines");
  expect(await demo.rows.count()).toBeGreaterThan(5);
  const repeats = page.getByRole("button", { name: "Group repeats" });
  await expect(repeats).toHaveAttribute("aria-pressed", "false");
  await repeats.click();
  await expect(demo.rows).toHaveCount(1);
  await expect(sign(page)).toHaveText("×50");
  // The count grows, and the row stays.
  await quiet.publish({ level: "INFO", message: "waiting for the lock" });
  await expect(sign(page)).toHaveText("×51");
  await expect(demo.rows).toHaveCount(1);

  await demo.openLive(quiet.url);
  await expect(repeats).toHaveAttribute("aria-pressed", "true");
  await repeats.click();
  await expect(repeats).toHaveAttribute("aria-pressed", "false");
});

test("without folding, each line is a row", async ({ gateway, demo, page }) => {
  const quiet = await openQuiet(gateway, demo);
  await publishTrace(quiet);
  await expect(demo.rows).toHaveCount(1);
  await page.getByRole("button", { name: "Fold stack traces" }).click();
  await expect(demo.rows).toHaveCount(10);
  await expect(sign(page)).toHaveCount(0);
});
