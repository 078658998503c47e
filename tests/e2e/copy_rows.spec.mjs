// Copied rows of a long list, most of which are not drawn.

import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";
import { clipboard, select } from "./selection.mjs";

test.beforeEach(async ({ context, gateway, demo }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await gateway.restartWith();
  await demo.openLive(gateway.url);
});

test("a selection includes the rows between that are no longer drawn", async ({
  gateway,
  demo,
  page,
}) => {
  await fill(gateway, 300);
  await expect(demo.row("line 299.")).toBeVisible();
  const last = demo.row("line 299.").locator(".dsl-message");
  await last.click({ clickCount: 3 });
  await demo.list.evaluate((list) => list.scrollTo(0, list.scrollHeight / 2));
  await expect(demo.row("line 299.")).toHaveCount(0);
  const row = demo.rows.nth(Math.floor((await demo.rows.count()) / 2));
  const number = Number(/line (\d+)\./.exec((await row.textContent()) ?? "")?.[1]);
  await row.locator(".dsl-message").click({ modifiers: ["Shift"] });
  const lines = (await clipboard(page)).split("\n");
  expect(lines).toHaveLength(300 - number);
  expect(lines[0]).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\d .* INFO line ${number}\\.$`));
  expect(lines.at(-1)).toMatch(/INFO line 299\.$/);
});

test("the whole list is selected with the keyboard, drawn or not", async ({
  gateway,
  demo,
  page,
}) => {
  await fill(gateway, 300);
  await expect(demo.row("line 299.")).toBeVisible();
  await demo.list.focus();
  await page.keyboard.press("ControlOrMeta+A");
  const lines = (await clipboard(page)).split("\n");
  expect(lines).toHaveLength(300);
  expect(lines[0]).toMatch(/INFO line 000\.$/);
  expect(lines.at(-1)).toMatch(/INFO line 299\.$/);
});

test("a selection stays while lines arrive, and holds the view", async ({
  gateway,
  demo,
  page,
}) => {
  for (const message of ["first", "second", "third"])
    await gateway.publish({ level: "INFO", date: "10:01", message });
  await expect(demo.rows).toHaveCount(3);
  const before = await boxOf(demo.row("third"));
  const selected = () => page.evaluate(() => getSelection()?.toString() ?? "");
  await select(
    page,
    demo.row("third").locator(".dsl-time"),
    demo.row("first").locator(".dsl-message"),
  );
  const text = await selected();
  expect(text).toContain("third");
  await fill(gateway, 500);
  await expect(demo.newestButton).toHaveText("↑ 500 new");
  expect(await boxOf(demo.row("third"))).toEqual(before);
  expect(await selected()).toBe(text);
  expect(await clipboard(page)).toBe("10:01 INFO first\n10:01 INFO second\n10:01 INFO third");
  // Without a selection the view follows the log again.
  await demo.searchField.click();
  await page.evaluate(() => getSelection()?.removeAllRanges());
  await expect(demo.rows.first()).toContainText("line 499.");
});

/**
 * @param {import("../support/gateway.mjs").Gateway} gateway
 * @param {number} count
 */
async function fill(gateway, count) {
  await gateway.publishAll(
    Array.from({ length: count }, (_, index) => ({
      level: "INFO",
      time: 1_795_659_182_110 + index,
      message: `line ${String(index).padStart(3, "0")}.`,
    })),
  );
}
