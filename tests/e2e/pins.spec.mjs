// Pinned lines: their sign, their list, and their text once they are evicted.

import { readFile } from "node:fs/promises";
import { seriousViolations } from "../support/accessibility.mjs";
import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/** @param {Page} page */
const pinsButton = (page) => page.getByRole("button", { name: /^Pins \(/ });

/** @param {Page} page */
const dialog = (page) => page.getByRole("dialog", { name: "Pins" });

/** @param {Page} page */
const entry = (page) => page.getByRole("region", { name: "Log entry" });

const lines = (/** @type {number} */ count, /** @type {string} */ word) =>
  Array.from({ length: count }, (_, number) => ({ level: "INFO", message: `${word} ${number}.` }));

test("a line is pinned in its entry and by a key, says so, and is unpinned the same way", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publishAll(lines(5, "line"));
  await expect(demo.rows).toHaveCount(5);
  await expect(pinsButton(page)).toBeHidden();

  const row = demo.row("line 3.");
  await row.locator(".dsl-message").click();
  await entry(page).getByRole("button", { name: "Pin", exact: true }).click();
  await expect(pinsButton(page)).toHaveText("Pins (1)");
  await expect(row.getByRole("button", { name: /line 3\., pinned$/ })).toBeVisible();
  const sign = await row
    .locator(".dsl-open")
    .evaluate((open) => getComputedStyle(open, "::before").content);
  expect(sign).toContain("★");
  await entry(page).getByRole("button", { name: "Unpin" }).click();
  await expect(pinsButton(page)).toBeHidden();
  await expect(entry(page).getByRole("button", { name: "Pin", exact: true })).toBeVisible();

  await page.keyboard.press("Escape");
  await expect(row.getByRole("button")).toBeFocused();
  await page.keyboard.press("P");
  await expect(pinsButton(page)).toHaveText("Pins (1)");
  await page.keyboard.press("P");
  await expect(pinsButton(page)).toBeHidden();
});

test("the list leads to a line that is held, and removes pins", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publishAll(lines(3, "first"));
  await expect(demo.rows).toHaveCount(3);
  await demo.row("first 1.").locator(".dsl-message").click();
  await page.keyboard.press("P");
  await demo.row("first 2.").locator(".dsl-message").click();
  await page.keyboard.press("P");
  await page.keyboard.press("Escape");
  await demo.newestButton.click();
  await gateway.publishAll(lines(300, "later"));
  await expect(demo.lineCount).toHaveText("303 lines");
  await expect(demo.row("first 1.")).toHaveCount(0);

  await pinsButton(page).click();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog(page)
    .getByRole("button", { name: /^(?!Unpin).*first 1\./ })
    .click();
  await expect(dialog(page)).toBeHidden();
  await expect(demo.row("first 1.").getByRole("button")).toBeFocused();
  await expect(demo.row("first 1.")).toBeInViewport();

  await pinsButton(page).click();
  await dialog(page)
    .getByRole("button", { name: /^Unpin .*first 1\./ })
    .click();
  await expect(pinsButton(page)).toHaveText("Pins (1)");
  await expect(dialog(page).getByRole("button", { name: /^Unpin/ })).toBeFocused();
  await dialog(page)
    .getByRole("button", { name: /^Unpin/ })
    .click();
  await expect(dialog(page)).toBeHidden();
  await expect(pinsButton(page)).toBeHidden();
});

test("a pin outlives its line, is saved with the file, and leaves with the workflow", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith("--history-lines", "60000");
  await demo.openLive(gateway.url);
  await gateway.publish({ level: "ERROR", pipeline: "LOAD", message: "boom\n\tat one", code: 7 });
  await demo.row("boom").locator(".dsl-message").click();
  await page.keyboard.press("P");
  await page.keyboard.press("Escape");
  await demo.clearButton.click();
  await gateway.publishAll(lines(3, "after"));
  await expect(demo.rows).toHaveCount(3);
  await expect(pinsButton(page)).toHaveText("Pins (1)");

  await demo.saveButton.click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    demo.saveDialog.getByRole("button", { name: "Save" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  expect(text).toMatch(/after 2\.\n# pinned\n\S+ ERROR LOAD boom\n {4}\tat one\n$/);

  await pinsButton(page).click();
  await dialog(page)
    .getByRole("button", { name: /^(?!Unpin).*boom/ })
    .click();
  await expect(entry(page).locator(".dsl-full")).toHaveText("boom\n\tat one", {
    useInnerText: true,
  });
  await expect(entry(page).getByRole("rowheader", { name: "code" })).toBeVisible();
  await demo.workflowMenu.selectOption({ index: 1 });
  await expect(entry(page)).toBeHidden();
  await expect(pinsButton(page)).toBeHidden();
});
