// The keyboard: the list is one tab stop with a current row, and keys do what the list of shortcuts
// says.

import { expect, test } from "./support.mjs";

/** @import { Gateway } from "../support/gateway.mjs" */
/** @import { Page } from "@playwright/test" */
/** @import { Demo } from "./support.mjs" */

/**
 * Opens the page of a gateway without a job, and publishes lines `line 000` and so on, each with
 * what `fields` returns for its number.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 * @param {number} count
 * @param {(number: number) => object} [fields]
 */
async function openWith(gateway, demo, count, fields = () => ({})) {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, 0, count, fields);
  await expect(demo.row(name(count - 1))).toBeVisible();
  return quiet;
}

/** @param {number} number */
const name = (number) => `line ${String(number).padStart(3, "0")}`;

/**
 * @param {Gateway} gateway
 * @param {number} from
 * @param {number} to
 * @param {(number: number) => object} [fields]
 */
async function publish(gateway, from, to, fields = () => ({})) {
  for (let number = from; number < to; number++)
    await gateway.publish({ level: "INFO", message: name(number), ...fields(number) });
}

/**
 * Returns what has the focus: the message of a row, else a class or the name of an element.
 *
 * @param {Page} page
 */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const message = element?.closest(".dsl-row")?.querySelector(".dsl-message");
    return message?.textContent ?? (element?.className || element?.tagName);
  });

/**
 * @param {Page} page
 * @param {string} key
 * @param {string | RegExp} text
 */
async function pressed(page, key, text) {
  await page.keyboard.press(key);
  await expect.poll(() => focused(page)).toMatch(text);
}

test("two Tabs leave a list of 300 lines, and its rows have distinct names", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  await openWith(gateway, demo, 300);
  await demo.list.focus();
  const isInside = () => page.evaluate(() => Boolean(document.activeElement?.closest(".dsl-list")));
  for (const current of [false, true]) {
    if (current) await pressed(page, "ArrowDown", name(299));
    let tabs = 0;
    for (; (await isInside()) && tabs < 5; tabs++) await page.keyboard.press("Tab");
    expect(tabs).toBeLessThanOrEqual(2);
    await page.keyboard.press("Shift+Tab");
    expect(await isInside()).toBe(true);
  }
  expect(await focused(page)).toBe(name(299));
  const names = await page
    .locator(".dsl-open")
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label")));
  expect(names.length).toBeGreaterThan(10);
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toBe(`Details: INFO, ${name(299)}`);
});

test("keys move the current row, and the row stays in the window", async ({
  gateway,
  demo,
  page,
}) => {
  await openWith(gateway, demo, 100);
  await demo.list.focus();
  await pressed(page, "ArrowDown", name(99));
  await pressed(page, "ArrowDown", name(98));
  await pressed(page, "j", name(97));
  await pressed(page, "k", name(98));
  await pressed(page, "ArrowUp", name(99));
  for (let step = 98; step >= 80; step--) await pressed(page, "j", name(step));
  await expect(demo.row(name(80))).toBeInViewport({ ratio: 1 });
  await pressed(page, "PageDown", /line 0[67]\d/);
  await pressed(page, "PageUp", name(80));
  await pressed(page, "End", name(0));
  await expect(demo.row(name(0))).toBeInViewport({ ratio: 1 });
  await pressed(page, "ArrowDown", name(0));
  await pressed(page, "Home", /dsl-list/);
  await expect(demo.newestButton).toBeHidden();
  await pressed(page, "G", name(0));
  await pressed(page, "g", /dsl-list/);
  await expect(demo.row(name(99))).toBeInViewport();
  // Up from the newest row follows the log again.
  await pressed(page, "j", name(99));
  await expect(demo.newestButton).toBeVisible();
  await pressed(page, "k", /dsl-list/);
  await expect(demo.newestButton).toBeHidden();
});

test("wrapped rows are whole in the window as they become current", async ({
  gateway,
  demo,
  page,
}) => {
  await openWith(gateway, demo, 40, (number) => ({
    message: `${name(number)} ${"long ".repeat((number % 4) * 60)}`,
  }));
  await demo.list.focus();
  await pressed(page, "w", /dsl-list/);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  for (let number = 39; number > 10; number--) {
    await pressed(page, "j", name(number));
    await expect
      .poll(() =>
        demo.row(name(number)).evaluate((row) => {
          const [box, list] = [row, row.closest(".dsl-list") ?? row].map((element) =>
            element.getBoundingClientRect(),
          );
          return (
            box.top >= list.top - 1 && (box.bottom <= list.bottom + 1 || box.top <= list.top + 1)
          );
        }),
      )
      .toBe(true);
  }
});

test("the current row keeps the focus and its place while lines arrive", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await openWith(gateway, demo, 60);
  await demo.list.focus();
  for (const number of [59, 58, 57]) await pressed(page, "j", name(number));
  const before = await demo.row(name(57)).boundingBox();
  await publish(quiet, 60, 160);
  await expect(demo.newestButton).toHaveText("↑ 100 new");
  expect(await focused(page)).toBe(name(57));
  expect(await demo.row(name(57)).boundingBox()).toEqual(before);
  await pressed(page, "k", name(58));
});

test("a button of a row that receives the focus makes it the current row", async ({
  gateway,
  demo,
  page,
}) => {
  await openWith(gateway, demo, 30);
  await demo.row(name(25)).locator(".dsl-open").focus();
  await pressed(page, "j", name(24));
  await demo.row(name(27)).locator(".dsl-open").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-full")).toHaveText(name(27));
});

test("the focus never falls out of the viewer", async ({ gateway, demo, page }) => {
  test.slow();
  const quiet = await openWith(gateway, demo, 60);
  const entry = page.locator(".dsl-detail");
  await demo.list.focus();
  await pressed(page, "j", name(59));
  await pressed(page, "j", name(58));
  await page.keyboard.press("Enter");
  await expect(entry).toBeVisible();
  expect(await focused(page)).toBe(name(58));
  await page.keyboard.press("Escape");
  await expect(entry).toBeHidden();
  expect(await focused(page)).toBe(name(58));
  // Escape inside the entry, and Close by mouse.
  await page.keyboard.press("Enter");
  await page.locator(".dsl-full").focus();
  await pressed(page, "Escape", name(58));
  await expect(entry).toBeHidden();
  await page.keyboard.press("Enter");
  await entry.getByRole("button", { name: "Close" }).click();
  await expect.poll(() => focused(page)).toBe(name(58));
  // The row is filtered away.
  await page.evaluate(() => {
    const field = document.querySelector(".dsl-filter input");
    if (!(field instanceof HTMLInputElement)) throw new Error("no search field");
    field.value = "line 003";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await expect(demo.rows).toHaveCount(1);
  await expect.poll(() => focused(page)).toMatch(/dsl-list/);
  await demo.searchField.fill("");
  await demo.list.focus();
  await pressed(page, "End", name(0));
  // The row is evicted: the demo page keeps 50,000 lines.
  for (let first = 1; first <= 51_000; first += 1_000) {
    await quiet.publishBatch(first, first + 999);
    if (first % 5_000 === 1) await expect(demo.newestButton).toHaveText(/^↑ [\d,]+ new$/);
  }
  await expect(demo.row(name(0))).toHaveCount(0);
  expect(await focused(page)).toMatch(/dsl-list/);
  await pressed(page, "j", /number/);
});

test("notices are rows that keys reach", async ({ gateway, demo, page }) => {
  const quiet = await openWith(gateway, demo, 3);
  await quiet.restartWith();
  await expect(demo.statusWord).toHaveText("CONNECTED", { timeout: 30_000 });
  await expect(page.locator(".dsl-notice").first()).toBeVisible();
  await demo.list.focus();
  await page.keyboard.press("j");
  await expect(page.locator(".dsl-notice:focus")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-detail")).toBeHidden();
});

test("shortcuts act inside the viewer, and not while one types", async ({
  gateway,
  demo,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openWith(gateway, demo, 60, (number) => ({
    level: number % 20 === 5 ? "ERROR" : "INFO",
  }));
  // Outside: nothing.
  await demo.workflowMenu.focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeHidden();
  await demo.list.focus();
  await pressed(page, "e", name(45));
  await pressed(page, "e", name(25));
  await pressed(page, "e", name(5));
  await page.keyboard.press("e");
  await expect(page.locator(".dsl-said")).toHaveText("No more errors in this direction");
  await pressed(page, "E", name(25));
  await pressed(page, "E", name(45));
  await page.keyboard.press("c");
  await expect(page.locator(".dsl-said")).toHaveText("Copied line");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("ERROR");
  expect(copied).toContain(name(45));
  await page.keyboard.press("w");
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("p");
  await expect(demo.newestButton).toBeHidden();
  await page.keyboard.press("p");
  await expect(demo.pauseButton).toHaveText("Resume");
  await page.keyboard.press("/");
  await expect(demo.searchField).toBeFocused();
  await page.keyboard.type("eEpwc?/jkgG");
  await expect(demo.searchField).toHaveValue("eEpwc?/jkgG");
  await expect(page.getByRole("dialog")).toBeHidden();
  await demo.searchField.fill("");
  // Ctrl and Alt belong to the browser.
  await demo.list.focus();
  await page.keyboard.press("Alt+e");
  expect(await focused(page)).toMatch(/dsl-list|line/);
});

test("? lists the shortcuts, and Escape returns to where one was", async ({
  gateway,
  demo,
  page,
}) => {
  await openWith(gateway, demo, 10);
  await demo.list.focus();
  await pressed(page, "j", name(9));
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("row", { name: /^↓ ?j/ })).toContainText("Next row");
  await expect(dialog.getByRole("row", { name: /^e / })).toContainText("Next error");
  // Keys do not act behind the dialog.
  await page.keyboard.press("j");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  expect(await focused(page)).toBe(name(9));
  await demo.section.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
});
