// A reader's night, task by task: what an engineer does to find why a pipeline failed, by mouse, by
// keyboard and by what a screen reader hears. Each step leaves a picture in test-results/walk.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../../scripts/lib/run.mjs";
import { seriousViolations } from "../support/accessibility.mjs";
import { boxOf } from "../support/viewer.mjs";
import { FAILURE, FIRST_ERROR, night, TRACE } from "./night.mjs";
import { onScreen } from "./reading.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 */

test.use({ viewport: { width: 1_280, height: 800 }, timezoneId: "America/New_York" });
test.describe.configure({ timeout: 90_000 });

/**
 * Takes the picture of a step.
 *
 * @param {Page} page
 * @param {string} name
 */
const look = (page, name) =>
  page.screenshot({ path: path.join(ROOT, "test-results/walk", `${name}.png`) });

/**
 * A gateway that holds the night, and the page that has just connected to it.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 */
async function openNight(gateway, demo) {
  const quiet = await gateway.restartWith();
  await quiet.publishAll(night());
  await demo.openLive(quiet.url);
  await expect(demo.lineCount).toContainText("lines");
  return quiet;
}

/** @param {Page} page */
const entry = (page) => page.getByRole("region", { name: "Log entry" });

/** @param {Page} page */
const said = (page) => page.locator(".dsl-said");

test("1: why the pipeline failed, with the lines before it, a file and a link", async ({
  gateway,
  demo,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openNight(gateway, demo);
  await look(page, "1-opened");
  await demo.levelMenu.only("ERROR");
  await expect(demo.lineCount).toContainText("lines match");
  await look(page, "1-errors");
  await demo.row(FIRST_ERROR).locator(".dsl-message").click();
  await expect(page.locator(".dsl-full")).toContainText("Caused by");
  await look(page, "1-entry");

  // The lines before it, without losing it.
  await demo.levelMenu.showAll();
  await expect(demo.row(FIRST_ERROR)).toBeInViewport();
  const texts = (await onScreen(page)).map(({ text }) => text);
  const at = texts.findIndex((text) => text.includes(FIRST_ERROR));
  expect(texts[at + 1]).toContain("progress");
  await look(page, "1-before-it");

  await entry(page).getByRole("button", { name: "Copy message" }).click();
  await expect(said(page)).toHaveText("Copied message");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(TRACE);
  await entry(page).getByRole("button", { name: "Copy link" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain("#log=");

  await demo.saveButton.click();
  await look(page, "1-save");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    demo.saveDialog.getByRole("button", { name: "Save" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  expect(text).toContain(FIRST_ERROR);
  expect(text.split("\n")[0]).toMatch(/^\d{4}-\d\d-\d\dT/);

  // A colleague opens the link.
  const colleague = await context.newPage();
  await colleague.goto(link);
  await colleague.getByRole("button", { name: "Connect Live Logs" }).click();
  await expect(colleague.locator(".dsl-full")).toContainText(FIRST_ERROR);
  await look(colleague, "1-colleague");
});

test("2: three pipelines, one of them noisy, and a new fatal error", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openNight(gateway, demo);
  await demo.pipelineMenu.open();
  await look(page, "2-pipelines");
  await demo.pipelineMenu.close();
  await demo.pipelineMenu.exclude("NOISY");
  await expect(demo.row("heartbeat")).toHaveCount(0);
  await demo.levelMenu.exclude("DEBUG");
  await demo.list.hover();
  await page.mouse.wheel(0, 300);
  await expect(demo.statusWord).toHaveText("CONNECTED");
  await quiet.publishAll([
    ...Array.from({ length: 40 }, () => ({
      level: "INFO",
      pipeline: "NOISY",
      message: "heartbeat",
    })),
    { level: "INFO", pipeline: "LOAD", message: "progress again" },
    { level: "FATAL", pipeline: "LOAD", message: "the warehouse is gone" },
  ]);
  await expect(demo.newestButton).toHaveText("↑ 2 new");
  await expect(demo.newErrorsButton).toHaveText("1 error");
  await look(page, "2-one-new-error");
  await demo.newErrorsButton.click();
  await expect(demo.row("the warehouse is gone")).toBeInViewport();
  await look(page, "2-the-error");
});

test("3: a flood stands still while the reader reads", async ({ gateway, demo, page }) => {
  const quiet = await openNight(gateway, demo);
  await demo.pauseButton.click();
  const before = await onScreen(page);
  for (let batch = 0; batch < 10; batch++)
    await quiet.publishBatch(batch * 1_000 + 1, (batch + 1) * 1_000);
  await expect(demo.newestButton).toHaveText("↑ 10,000 new");
  expect(await onScreen(page)).toEqual(before);
  await look(page, "3-paused");
  await demo.pauseButton.click();
  await expect(demo.rows.first()).toContainText("number 10000");
  await look(page, "3-resumed");
});

test("4: from match to match, with every line around them", async ({ gateway, demo, page }) => {
  await openNight(gateway, demo);
  await demo.searchField.fill('"connection refused" -NOISY');
  await expect(demo.lineCount).toContainText("lines match");
  await look(page, "4-filtered");
  await page.getByRole("button", { name: "Highlight" }).click();
  await expect(page.locator(".dsl-matches")).toHaveText("1 of 3");
  await demo.searchField.press("Enter");
  await expect(page.locator(".dsl-matches")).toHaveText("2 of 3");
  await expect(page.locator("mark[aria-current]")).toBeInViewport();
  await look(page, "4-highlighted");
  await demo.searchField.fill("execID:run-8801");
  await expect(demo.rows.locator(".dsl-chip:visible").first()).toContainText("run-8801");
  await look(page, "4-why-it-matches");
  await page.getByRole("button", { name: "Regular expression" }).click();
  await demo.searchField.fill("(");
  await expect(demo.searchField).toHaveAttribute("aria-invalid", "true");
  await look(page, "4-invalid-pattern");
});

test("5: by keyboard alone", async ({ gateway, demo, page }) => {
  await openNight(gateway, demo);
  await demo.list.focus();
  await page.keyboard.press("e");
  await expect(page.locator(".dsl-row:focus-within")).toContainText(FAILURE);
  await look(page, "5-next-error");
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-full")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator(".dsl-full")).toBeHidden();
  await expect(page.locator(".dsl-row:focus-within")).toContainText(FAILURE);
  await page.keyboard.press("P");
  await page.keyboard.press("/");
  await expect(demo.searchField).toBeFocused();
  await page.keyboard.type("refused");
  await page.keyboard.press("Enter");
  await expect(page.locator("mark[aria-current]")).toBeInViewport();
  await demo.list.focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await look(page, "5-shortcuts");
  await page.keyboard.press("Escape");
  await expect(page.locator("body")).not.toBeFocused();
});

test("6: with a screen reader, and without violations in either scheme", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openNight(gateway, demo);
  await quiet.publish({ level: "ERROR", pipeline: "LOAD", message: "quota exceeded" });
  await expect(page.locator(".dsl-root [role=status]")).toContainText("LOAD quota exceeded");
  await expect(demo.rows.first().getByRole("button")).toHaveAccessibleName(/ERROR.*LOAD.*quota/);
  await demo.row("quota exceeded").locator(".dsl-message").click();
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousViolations(page)).toEqual([]);
    await look(page, `6-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light", forcedColors: "active" });
  await look(page, "6-forced-colors");
});

test("7: when it happened, in the reader's zone and in UTC", async ({ gateway, demo, page }) => {
  await openNight(gateway, demo);
  const times = demo.root.getByLabel("Times", { exact: true });
  const failed = demo.row(FIRST_ERROR).locator(".dsl-time");
  await demo.levelMenu.only("ERROR");
  for (const [index, text] of /** @type {const} */ ([
    [0, /^02:13:02\.004/],
    [1, /^07:13:02\.004Z$/],
    [2, /ago$/],
  ])) {
    await times.selectOption({ index });
    await expect(failed).toHaveText(text);
    await look(page, `7-times-${index}`);
  }
  await times.selectOption({ index: 3 });
  await expect(demo.row("warehouse-1").locator(".dsl-time")).toHaveText("+0.060 s");
  await look(page, "7-times-3");
});

test("8: a page of rows, on a desk and on a phone", async ({ gateway, demo, page }) => {
  await openNight(gateway, demo);
  for (const [width, height, rows] of /** @type {const} */ ([
    [1_920, 1_080, 24],
    [1_280, 800, 15],
    [320, 640, 4],
  ])) {
    await page.setViewportSize({ width, height });
    await expect
      .poll(async () => (await onScreen(page)).filter(({ y }) => y >= 0).length)
      .toBeGreaterThanOrEqual(rows);
    const root = await boxOf(demo.root);
    expect(root.x + root.width).toBeLessThanOrEqual(width);
    await look(page, `8-${width}`);
  }
});

test("9: what the viewer says of a gap, a clear and an outage", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith("--history-lines", "5");
  await demo.openLive(quiet.url);
  await expect(demo.root.locator(".dsl-empty")).toBeVisible();
  await look(page, "9-empty");
  await quiet.publishBatch(1, 10);
  await expect(demo.row("number 10")).toBeVisible();
  await demo.disconnectButton.click();
  await quiet.publishBatch(11, 30);
  await demo.connectButton.click();
  await expect(demo.row("15 lines missing")).toBeVisible();
  await look(page, "9-gap");
  await demo.clearButton.click();
  await expect(demo.undoButton).toContainText("Undo");
  await look(page, "9-cleared");
  await demo.undoButton.click();
  await expect(demo.row("15 lines missing")).toBeVisible();
  await quiet.kill();
  await expect(demo.statusWord).not.toHaveText("CONNECTED");
  await look(page, "9-outage");
});

test("10: the demo breaks the stream, and nothing is missing", async ({ gateway, demo, page }) => {
  await gateway.restartWith("--job", "--rate", "20");
  await demo.openLive(`${gateway.url}/#try`);
  await expect(demo.rows.first()).toBeVisible();
  await page.locator("#try").getByRole("button", { name: "Cut it once" }).click();
  await look(page, "10-cut");
  await expect(demo.statusWord).toHaveText("CONNECTED", { timeout: 30_000 });
  await page.locator("#try").getByRole("slider").fill("0");
  const count = (/** @type {string} */ name) =>
    page.locator(`#try dd[data-count=${name}]`).textContent();
  await expect(async () => {
    expect(await count("received")).toBe(await count("published"));
    expect(await count("missing")).toBe("0");
  }).toPass();
  await look(page, "10-whole");
});
