// "Save…": the file that the browser downloads.

import { readFile } from "node:fs/promises";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Demo } from "./support.mjs"
 */

/**
 * Saves through the dialog and returns the file.
 *
 * @param {Page} page
 * @param {Demo} demo
 * @param {{ lines?: string, format?: string }} [choices]
 */
async function saved(page, demo, { lines, format } = {}) {
  await demo.saveButton.click();
  if (lines) await demo.saveDialog.getByLabel("Lines").selectOption(lines);
  if (format) await demo.saveDialog.getByLabel("Format").selectOption(format);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    demo.saveDialog.getByRole("button", { name: "Save" }).click(),
  ]);
  await expect(demo.saveDialog).toBeHidden();
  const path = await download.path();
  return { name: download.suggestedFilename(), text: await readFile(path, "utf8") };
}

test("a file has every line and gap, oldest first, and is named after the workflow", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith("--history-lines", "5");
  await demo.openLive(gateway.url);
  await gateway.publish({ level: "ERROR", pipeline: "LOAD", message: "boom\n\tat one" });
  await expect(demo.row("boom")).toBeVisible();
  await demo.disconnectButton.click();
  for (let number = 2; number <= 20; number++)
    await gateway.publish({ level: "INFO", message: `line ${number}` });
  await demo.connectButton.click();
  await expect(demo.row("line 20")).toBeVisible();

  const { name, text } = await saved(page, demo);
  expect(name).toMatch(/^workflow456_\d{4}-\d\d-\d\dT\d{4}Z\.log$/);
  const lines = text.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ERROR LOAD boom$/);
  expect(lines[1]).toBe("    \tat one");
  expect(lines[2]).toMatch(/^# 14 lines missing/);
  const numbers = lines.flatMap((line) => /INFO line (\d+)$/.exec(line)?.[1] ?? []);
  expect(numbers).toEqual(["16", "17", "18", "19", "20"]);

  const json = await saved(page, demo, { format: "ndjson" });
  expect(json.name).toMatch(/\.ndjson$/);
  const rows = json.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(rows[0].entry).toEqual({ level: "ERROR", pipeline: "LOAD", message: "boom\n\tat one" });
  expect(rows.find((row) => row.notice === "gap")).toMatchObject({ missing: 14 });
  expect(rows.filter((row) => row.entry).map((row) => row.seq)).toEqual([1, 16, 17, 18, 19, 20]);
});

test("a filter saves the lines that match, or all", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publishAll(
    Array.from({ length: 30 }, (_, number) => ({ message: `line ${number}.` })),
  );
  await expect(demo.lineCount).toHaveText("30 lines");
  await demo.saveButton.click();
  await expect(demo.saveDialog.getByLabel("Lines")).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(demo.saveButton).toBeFocused();
  await demo.searchField.fill('"line 2"');
  await expect(demo.rows).toHaveCount(11);
  const count = (/** @type {string} */ text) => text.trimEnd().split("\n").length;
  expect(count((await saved(page, demo)).text)).toBe(11);
  expect(count((await saved(page, demo, { lines: "held" })).text)).toBe(30);
});

test("saving 50,000 lines keeps the page responsive", async ({ gateway, demo, page }) => {
  await gateway.restartWith("--history-lines", "60000");
  await demo.openLive(gateway.url);
  const entries = Array.from({ length: 1_000 }, (_, number) => ({
    level: "INFO",
    pipeline: "LOAD",
    message: `line ${number} ${"of a usual length ".repeat(8)}`,
  }));
  for (let batch = 1; batch <= 50; batch++) {
    await gateway.publishAll(entries);
    // A page that is far behind would lose lines, as the gateway does not hold all of them.
    if (batch % 10 === 0) await expect(demo.lineCount).toHaveText(`${batch},000 lines`);
  }
  // Other tasks of the page run in between. Written in one task, the file would allow none.
  await page.evaluate(() => {
    const { port1, port2 } = new MessageChannel();
    const others = { count: 0 };
    Object.assign(window, { others });
    port1.onmessage = () => {
      others.count += 1;
      port2.postMessage(null);
    };
    port2.postMessage(null);
  });
  await demo.saveButton.click();
  await page.evaluate(() => {
    const button = [...document.querySelectorAll("dialog[open] button")].find(
      (button) => button.textContent === "Save",
    );
    const click = HTMLAnchorElement.prototype.click;
    const { others } = /** @type {{ others: { count: number } }} */ (
      /** @type {unknown} */ (window)
    );
    HTMLAnchorElement.prototype.click = function () {
      Object.assign(window, { atDownload: others.count });
      click.call(this);
    };
    others.count = 0;
    /** @type {HTMLElement} */ (button).click();
  });
  const download = await page.waitForEvent("download");
  const text = await readFile(await download.path(), "utf8");
  expect(text.trimEnd().split("\n")).toHaveLength(50_000);
  const during = await page.evaluate(
    () => /** @type {{ atDownload: number }} */ (/** @type {unknown} */ (window)).atDownload,
  );
  expect(during).toBeGreaterThan(10);
});
