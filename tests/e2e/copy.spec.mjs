// Copied rows: one line for each row, oldest first, whether it is drawn or not.

import { expect, test } from "./support.mjs";
import { clipboard, select } from "./selection.mjs";

/** @import { Locator, Page } from "@playwright/test" */

const TRACE = "boom\n  at one (a.js:1)\n  at two (b.js:2)";

test.beforeEach(async ({ context, gateway, demo }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await gateway.restartWith("--history-lines", "2");
  await demo.openLive(gateway.url);
  await gateway.publish({
    level: "INFO",
    pipeline: "LOAD",
    date: "10:01",
    message: "first",
    duration: "45 sec",
  });
  await gateway.publish({ level: "ERROR", pipeline: "LOAD", date: "10:02", message: TRACE });
  await gateway.publish({ level: "WARN", pipeline: "CHECK", date: "10:03", message: "third" });
  await expect(demo.rows).toHaveCount(3);
});

test("each of several rows copies whole, and a stack trace keeps its lines", async ({
  demo,
  page,
}) => {
  const rows = await copied(
    page,
    demo.rows.nth(0).locator(".dsl-level"),
    demo.rows.nth(2).locator(".dsl-message"),
  );
  expect(rows).toBe(`10:01 INFO LOAD first\n10:02 ERROR LOAD ${TRACE}\n10:03 WARN CHECK third`);
});

test("one row copies as one line", async ({ demo, page }) => {
  expect(
    await copied(
      page,
      demo.rows.nth(1).locator(".dsl-time"),
      demo.rows.nth(1).locator(".dsl-message"),
    ),
  ).toBe(`10:02 ERROR LOAD ${TRACE}`);
});

test("the whole list copies as a line for each row", async ({ demo, page }) => {
  await demo.list.evaluate((list) => getSelection()?.selectAllChildren(list));
  expect(await clipboard(page)).toBe(
    `10:01 INFO LOAD first\n10:02 ERROR LOAD ${TRACE}\n10:03 WARN CHECK third`,
  );
});

test("a selection within a cell copies as it is", async ({ demo, page }) => {
  const message = demo.rows.nth(0).locator(".dsl-message");
  await message.click({ clickCount: 3 });
  expect((await clipboard(page)).trim()).toBe("third");
  await message.evaluate((cell) => {
    const text = cell.firstChild;
    if (text) getSelection()?.setBaseAndExtent(text, 1, text, 3);
  });
  expect(await clipboard(page)).toBe("hi");
});

test("a message that is longer than its row copies whole, and a notice copies as one line", async ({
  gateway,
  demo,
  page,
}) => {
  const long = "long ".repeat(2_000).trim();
  await demo.disconnectButton.click();
  for (const number of [1, 2, 3, 4])
    await gateway.publish({
      level: "INFO",
      pipeline: "P",
      date: `11:0${number}`,
      message: number === 4 ? long : `missed ${number}`,
    });
  await demo.connectButton.click();
  await expect(demo.row("2 lines missing")).toHaveCount(1);
  const last = demo.row("11:04");
  const notice = await demo.row("2 lines missing").locator(".dsl-message").textContent();
  const lines = (
    await copied(page, last.locator(".dsl-time"), demo.rows.last().locator(".dsl-message"))
  ).split("\n");
  expect(lines.at(-1)).toBe(`11:04 INFO P ${long}`);
  expect(lines).toContain(`# ${notice}`);
  expect(lines.join("\n")).not.toContain("›");
});

test("a selection beyond the list copies as the browser copies it", async ({ demo, page }) => {
  await page.evaluate(() => getSelection()?.selectAllChildren(document.body));
  const all = await clipboard(page);
  expect(all).toContain("Logs of earlier runs");
  expect(all).toContain("third");
  expect(all).not.toContain("›");
  await expect(demo.rows).toHaveCount(3);
});

/**
 * Selects with the mouse from the start of one cell to the end of another, and copies.
 *
 * @param {Page} page
 * @param {Locator} from
 * @param {Locator} to
 */
async function copied(page, from, to) {
  await select(page, from, to);
  return clipboard(page);
}
