// "Clear view", and its undo.

import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/** @import { Gateway } from "../support/gateway.mjs" */

/**
 * @param {Gateway} gateway
 * @param {number} count
 * @param {string} [name]
 */
async function publish(gateway, count, name = "line") {
  const entries = Array.from({ length: count }, (_, index) => ({
    level: index % 7 ? "INFO" : "ERROR",
    message: `${name} ${String(index).padStart(4, "0")}.`,
  }));
  await gateway.publishAll(entries);
}

test("an undone clear brings back every line, at the same place", async ({ gateway, demo }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await publish(gateway, 707);
  await expect(demo.lineCount).toHaveText("707 lines");
  await demo.list.evaluate((list) => list.scrollTo(0, 9_000));
  await expect(demo.newestButton).toBeVisible();
  const message = await demo.list.evaluate((list) => {
    const middle = list.getBoundingClientRect().top + list.clientHeight / 2;
    const row = [...list.querySelectorAll(".dsl-row")].find(
      (row) => row.getBoundingClientRect().bottom > middle,
    );
    return row?.querySelector(".dsl-message")?.textContent ?? "";
  });
  const before = await boxOf(demo.row(message));

  await demo.clearButton.click();
  await expect(demo.undoButton).toHaveText("707 lines cleared · Undo");
  await expect(demo.rows).toHaveCount(0);
  await expect(demo.root.locator(".dsl-empty")).toHaveText("View cleared. New lines appear here.");
  await publish(gateway, 3, "new");
  await expect(demo.lineCount).toHaveText("3 lines");

  await demo.undoButton.click();
  await expect(demo.lineCount).toHaveText("710 lines");
  await expect(demo.undoButton).toBeHidden();
  await expect
    .poll(async () => Math.abs((await boxOf(demo.row(message))).y - before.y))
    .toBeLessThanOrEqual(2);
  await demo.list.focus();
  await demo.list.press("Home");
  await expect(demo.rows.first()).toContainText("new 0002.");
});

test("an undo keeps the filter that was chosen meanwhile", async ({ gateway, demo }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await publish(gateway, 20);
  await expect(demo.lineCount).toHaveText("20 lines");
  await demo.clearButton.click();
  await demo.searchField.fill("line 0003.");
  await publish(gateway, 4);
  await expect(demo.lineCount).toHaveText(/^1 of 4 lines/);
  await demo.undoButton.click();
  await expect(demo.lineCount).toHaveText(/^2 of 24 lines/);
  await expect(demo.rows).toHaveCount(2);
});

test("a thousand new lines end the undo", async ({ gateway, demo }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await publish(gateway, 5);
  await expect(demo.lineCount).toHaveText("5 lines");
  await demo.clearButton.click();
  await publish(gateway, 999);
  await expect(demo.lineCount).toHaveText("999 lines");
  await expect(demo.undoButton).toBeVisible();
  await publish(gateway, 1);
  await expect(demo.undoButton).toBeHidden();
});

test("half a minute ends the undo", async ({ gateway, demo, page }) => {
  await page.clock.install();
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await publish(gateway, 5);
  await expect(demo.lineCount).toHaveText("5 lines");
  await demo.clearButton.click();
  await page.clock.runFor(12_000);
  await expect(demo.undoButton).toBeVisible();
  await page.clock.runFor(19_000);
  await expect(demo.undoButton).toBeHidden();
});

test("the button that clears is apart, after all that change the view", async ({
  gateway,
  demo,
}) => {
  await demo.openLive(gateway.url);
  const head = demo.section.locator(".dsl-head").first();
  const buttons = head.locator("button");
  await expect(buttons.last()).toHaveAccessibleName("Keyboard shortcuts");
  await expect(buttons.nth(-2)).toHaveText("Clear view");
  await expect(head.locator(".dsl-separator + button")).toHaveText("Clear view");
});
