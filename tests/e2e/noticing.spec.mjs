// What is new is noticed: the buttons over the list, and the title of a hidden page.

import { boxOf } from "../support/viewer.mjs";
import { onScreen, publish } from "./reading.mjs";
import { expect, test } from "./support.mjs";

test("the pill counts new lines and leads to the first new error", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 60);
  await expect(demo.row("old 059")).toBeVisible();
  const rect = await boxOf(demo.list);
  await page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  await page.mouse.wheel(0, 280);
  await expect(demo.newestButton).toBeVisible();
  await publish(quiet, "new", 100);
  await quiet.publish({ level: "ERROR", message: "warehouse quota exceeded" });
  await publish(quiet, "newer", 5);
  await expect(demo.newestButton).toHaveText("↑ 106 new");
  await expect(demo.newErrorsButton).toHaveText("1 error");
  await demo.newErrorsButton.click();
  const row = demo.row("warehouse quota exceeded");
  await expect(row).toBeInViewport();
  await expect(row.getByRole("button")).toBeFocused();
  await expect(demo.newestButton).toHaveText("↑ 5 new");
  await expect(demo.newErrorsButton).toBeHidden();
  await demo.newestButton.click();
  await expect(demo.newestButton).toBeHidden();
});

test("a restart adds notices, which are not counted as new lines", async ({ gateway, demo }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 30);
  await expect(demo.row("old 029")).toBeVisible();
  await demo.pauseButton.click();
  await quiet.restartWith();
  await expect(demo.statusWord).toHaveText("CONNECTED", { timeout: 30_000 });
  await quiet.publish({ level: "INFO", message: "after the restart" });
  await expect(demo.newestButton).toHaveText("↑ 1 new");
});

test("the buttons for what is new move neither the head nor the rows", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 30);
  await expect(demo.row("old 029")).toBeVisible();
  const head = demo.section.locator(".dsl-head");
  const before = await boxOf(head);
  const rows = await onScreen(page);
  await demo.pauseButton.click();
  await publish(quiet, "new", 2, { level: "ERROR" });
  await expect(demo.newErrorsButton).toHaveText("2 errors");
  expect(await boxOf(head)).toEqual(before);
  expect(await onScreen(page)).toEqual(rows);
  const list = await boxOf(demo.list);
  for (const button of [demo.newestButton, demo.newErrorsButton]) {
    const box = await boxOf(button);
    expect(box.y).toBeGreaterThanOrEqual(list.y);
    expect(box.y + box.height).toBeLessThan(list.y + 40);
  }
  await demo.newestButton.click();
  await expect(demo.row("new 001")).toBeVisible();
});

test("the head fits into 320 pixels while the buttons are shown", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await page.setViewportSize({ width: 320, height: 640 });
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 32);
  await demo.pauseButton.click();
  await quiet.publish({ level: "ERROR", message: "failed" });
  await expect(demo.newErrorsButton).toBeVisible();
  const head = demo.section.locator(".dsl-head");
  const wide = await head.evaluate((head) =>
    [head, ...head.querySelectorAll("*")]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .filter((element) => getComputedStyle(element).display !== "inline")
      .map((element) => element.textContent),
  );
  expect(wide).toEqual([]);
  expect((await boxOf(head)).height).toBeLessThanOrEqual(90);
  await expect(demo.newestButton).toBeInViewport({ ratio: 1 });
  await expect(demo.newErrorsButton).toBeInViewport({ ratio: 1 });
});

test("the title of a hidden page says what is new, and is restored", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const title = await page.title();
  const show = (/** @type {DocumentVisibilityState} */ state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await publish(quiet, "seen", 2);
  await expect(demo.row("seen 001")).toBeVisible();
  await show("hidden");
  await publish(quiet, "new", 3);
  await expect(page).toHaveTitle(`(3) ${title}`);
  await quiet.publish({ level: "ERROR", message: "failed" });
  await expect(page).toHaveTitle(`(1 error) ${title}`);
  await page.evaluate(() => {
    document.title = "Job 7";
  });
  await quiet.publish({ level: "INFO", message: "more" });
  await expect(page).toHaveTitle("(1 error) Job 7");
  await show("visible");
  await expect(page).toHaveTitle("Job 7");
});
