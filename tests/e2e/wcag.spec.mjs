// WCAG 2.2 AA on the demo page: contrast in both schemes, forced colours, 320 px, 400 % zoom, text
// spacing, reduced motion.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 */

const SCHEMES = /** @type {const} */ (["light", "dark"]);
const LONG = "A_VERY_LONG_PIPELINE_NAME_OF_WHICH_THERE_ARE_TWO";

/**
 * Opens the page with lines of all levels.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 */
async function opened(gateway, demo) {
  await gateway.restartWith();
  for (const level of ["INFO", "NOTICE", "WARNING", "DEBUG", "TRACE", "CRITICAL", "ERROR", ""])
    for (const fields of [
      { isoTime: "2026-11-26T07:13:02.004195123", status: "12 min 45 sec" },
      { date: "Nov 26 2026 at 10:10 PM", channel: "c" },
      { message: `  several\nlines ${"and words ".repeat(30)}` },
    ])
      await gateway.publish({ level, pipeline: LONG, message: "a message", ...fields });
  await demo.openLive(gateway.url);
  await expect(demo.lineCount.first()).toContainText("24 lines");
}

/**
 * Returns the contrast of a colour of an element with the first opaque background behind it, or
 * behind its parent.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {"color" | "borderTopColor" | "borderInlineStartColor"} property
 * @param {{ pseudo?: string, outside?: boolean }} [where]
 */
function contrast(page, selector, property, { pseudo, outside = false } = {}) {
  return page
    .locator(selector)
    .first()
    .evaluate(
      (element, { property, pseudo, outside }) => {
        /** @param {string} colour */
        const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
        /** @param {string} colour */
        const luminance = (colour) => {
          const [red, green, blue] = channels(colour)
            .slice(0, 3)
            .map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const isClear = (/** @type {Element} */ behind) =>
          channels(getComputedStyle(behind).backgroundColor)[3] === 0;
        /** @type {Element} */
        let behind = (outside ? element.parentElement : null) ?? element;
        while (isClear(behind) && behind.parentElement) behind = behind.parentElement;
        const [one, other] = [
          luminance(getComputedStyle(element, pseudo)[property]),
          luminance(getComputedStyle(behind).backgroundColor),
        ];
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      },
      { property, pseudo, outside },
    );
}

for (const colorScheme of SCHEMES) {
  test(`controls, states and texts have the contrast they need (${colorScheme})`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await opened(gateway, demo);
    await demo.pauseButton.click();
    await demo.searchField.hover();
    const atLeast = async (
      /** @type {number} */ least,
      /** @type {Parameters<typeof contrast>} */ ...args
    ) =>
      expect(await contrast(...args), JSON.stringify(args.slice(1))).toBeGreaterThanOrEqual(least);
    for (const control of [
      "input.dsl-input",
      "select.dsl-input",
      ".dsl-head .dsl-button:visible",
      '[aria-pressed="true"]',
    ])
      for (const outside of [true, false])
        await atLeast(3, page, control, "borderTopColor", { outside });
    await atLeast(3, page, ".dsl-section .dsl-primary", "borderTopColor", { outside: true });
    await atLeast(4.5, page, "input.dsl-input", "color", { pseudo: "::placeholder" });
    for (const level of ["error", "warn"])
      await atLeast(3, page, `.dsl-row.dsl-level-${level}`, "borderInlineStartColor");
    for (const level of ["error", "warn", "info", "debug", "trace", "other"])
      for (const cell of ["time", "level", "pipeline", "message"])
        await atLeast(4.5, page, `.dsl-level-${level} > .dsl-${cell}`, "color");
    for (const text of [".dsl-times", ".dsl-column", ".dsl-chip:visible", ".dsl-count"])
      await atLeast(4.5, page, text, "color");
  });

  test(`axe finds nothing, and nothing that it cannot decide about names (${colorScheme})`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await opened(gateway, demo);
    await demo.searchField.fill("message");
    await expect(demo.rows.locator("mark").first()).toBeVisible();
    await page.evaluate(
      await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
    );
    const found = await page.evaluate(async () => {
      const { violations, incomplete } = await axe.run(
        document.querySelector(".dsl-root") ?? document,
      );
      return [...violations, ...incomplete.filter(({ id }) => id === "aria-prohibited-attr")].map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`,
      );
    });
    expect(found).toEqual([]);
  });
}

test("forced colours keep what is pressed, connected, wrong or opened", async ({
  gateway,
  demo,
  page,
}) => {
  await page.emulateMedia({ forcedColors: "active" });
  await opened(gateway, demo);
  const style = (/** @type {string} */ selector) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => {
        const { backgroundColor, borderInlineStartColor, borderInlineStartStyle, outlineStyle } =
          getComputedStyle(element);
        return { backgroundColor, borderInlineStartColor, borderInlineStartStyle, outlineStyle };
      });
  const canvas = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = (await style(".dsl-pause")).backgroundColor;
  await demo.pauseButton.click();
  expect((await style(".dsl-pause")).backgroundColor).not.toBe(before);
  expect((await style(".dsl-dot")).backgroundColor).not.toBe(canvas);
  const [error, warning, info] = [
    await style(".dsl-row.dsl-level-error"),
    await style(".dsl-row.dsl-level-warn"),
    await style(".dsl-row.dsl-level-info"),
  ];
  expect(error.borderInlineStartColor).not.toBe(info.borderInlineStartColor);
  expect(warning.borderInlineStartStyle).not.toBe(error.borderInlineStartStyle);
  await demo.rows.first().locator(".dsl-open").click();
  expect((await style('.dsl-row:has([aria-expanded="true"])')).outlineStyle).toBe("solid");
});

test("at 320 px the head fits with all its buttons, and no row overflows", async ({
  gateway,
  demo,
  page,
}) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await opened(gateway, demo);
  await demo.list.evaluate((list) => list.scrollBy(0, 400));
  await expect(demo.newestButton).toBeVisible();
  await gateway.publish({ level: "ERROR", message: "new" });
  await expect(demo.newErrorsButton).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  const head = page.locator(".dsl-section > .dsl-head");
  expect((await boxOf(head)).height).toBeLessThanOrEqual(90);
  expect(
    await overflowing(page, ".dsl-section > .dsl-head, .dsl-columns, .dsl-filter", ":scope *"),
  ).toEqual([]);
  for (const wraps of [false, true]) {
    if (wraps) await demo.toggleWrap();
    await expect.poll(() => overflowing(page, ".dsl-list", ".dsl-row")).toEqual([]);
    expect(
      await demo.list.evaluate((list) => list.scrollWidth - list.clientWidth),
    ).toBeLessThanOrEqual(0);
  }
});

test("at 400 % zoom the list leaves room for the rest", async ({ gateway, demo, page }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await opened(gateway, demo);
  expect((await boxOf(demo.list)).height).toBeLessThanOrEqual(0.7 * 256);
  expect((await boxOf(demo.list)).height).toBeGreaterThanOrEqual(120);
});

test("with more space in texts, whatever is cut has a tooltip", async ({ gateway, demo, page }) => {
  await opened(gateway, demo);
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }",
    );
    document.adoptedStyleSheets.push(sheet);
  });
  const cut = await page.locator(".dsl-root").evaluate((root) =>
    [...root.querySelectorAll("span, strong, time, button, p")]
      // A message is whole in its entry.
      .filter((element) => !element.closest(".dsl-message, .dsl-hidden"))
      .filter((element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0)
      .filter((element) => getComputedStyle(element).display !== "inline")
      .filter((element) => !element.hasAttribute("title"))
      .map((element) => `${element.className}: ${element.textContent}`),
  );
  expect(cut).toEqual([]);
  expect(await overflowing(page, ".dsl-list", ".dsl-row")).toEqual([]);
});

test("nothing moves by itself for a reader who wants less motion", async ({
  gateway,
  demo,
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await opened(gateway, demo);
  const moving = () => demo.root.evaluate((root) => root.getAnimations({ subtree: true }).length);
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await expect.poll(moving).toBe(1);
});

/**
 * Returns the elements within `scope` whose content is larger than they are.
 *
 * @param {Page} page
 * @param {string} scope
 * @param {string} selector
 */
function overflowing(page, scope, selector) {
  return page.locator(scope).evaluateAll(
    (scopes, selector) =>
      scopes
        .flatMap((scope) => [...scope.querySelectorAll(selector)])
        .filter(({ tagName }) => tagName !== "SELECT" && tagName !== "OPTION")
        .filter(
          (element) =>
            element.clientWidth > 0 &&
            (element.scrollWidth > element.clientWidth ||
              element.scrollHeight > element.clientHeight),
        )
        .map((element) => `${element.className}: ${element.textContent?.slice(0, 60)}`),
    selector,
  );
}
