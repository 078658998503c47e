// A reader's place: it moves only when the reader moves it.

import { boxOf } from "../support/viewer.mjs";
import { frames, onScreen, publish } from "./reading.mjs";
import { expect, test } from "./support.mjs";

test("lines that arrived meanwhile are read upwards in order, without a jump", async ({
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
  await expect(demo.newestButton).toHaveText("↑ Jump to newest");
  let last = await onScreen(page);
  await publish(quiet, "new", 200);
  await expect(demo.newestButton).toHaveText("↑ 200 new");
  expect(await onScreen(page)).toEqual(last);
  const seen = new Set(last.map(({ text }) => text));
  for (let step = 0; step < 120 && (await demo.newestButton.isVisible()); step++) {
    await page.mouse.wheel(0, -100);
    await frames(page);
    const now = await onScreen(page);
    const kept = now.find(({ text }) => last.some((row) => row.text === text));
    const before = last.find(({ text }) => text === kept?.text);
    if (kept && before) expect(Math.abs(kept.y - before.y)).toBeLessThanOrEqual(102);
    for (const { text } of now) seen.add(text);
    last = now;
  }
  await expect(demo.newestButton).toBeHidden();
  const number = (/** @type {number} */ index) => String(index).padStart(3, "0");
  for (let index = 50; index < 60; index++) expect(seen).toContain(`old ${number(index)}`);
  for (let index = 0; index < 200; index++) expect(seen).toContain(`new ${number(index)}`);
});

test("changing the level keeps the opened line in place, and following stays following", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "before", 60);
  await quiet.publish({ level: "ERROR", message: "Job aborted" });
  await publish(quiet, "after", 300);
  await quiet.publish({ level: "ERROR", message: "Last error" });
  await expect(demo.row("Last error")).toBeVisible();
  await demo.levelMenu.selectOption("Errors");
  await expect(demo.rows).toHaveCount(2);
  await expect(demo.newestButton).toBeHidden();
  await demo.pauseButton.click();
  await demo.row("Job aborted").locator(".dsl-open").click();
  const rows = await onScreen(page);
  await demo.levelMenu.selectOption("All levels");
  await expect(demo.row("before 059")).toBeVisible();
  const now = await onScreen(page);
  const y = (/** @type {typeof rows} */ list) => list.find(({ text }) => text === "Job aborted")?.y;
  expect(y(now)).toBe(y(rows));
  await expect(demo.row("Job aborted").locator(".dsl-open")).toHaveAttribute(
    "aria-expanded",
    "true",
  );
  await expect(demo.row("before 051")).toBeVisible();
  await expect(demo.newestButton).toBeVisible();
  await demo.searchField.fill("before");
  await expect(demo.row("before 059")).toBeVisible();
  await demo.searchField.fill("");
  await expect(demo.row("Job aborted")).toBeVisible();
  expect(y(await onScreen(page))).toBe(y(rows));
  await demo.newestButton.click();
  await demo.levelMenu.selectOption("Errors");
  await expect(demo.rows.first()).toContainText("Last error");
  await expect(demo.newestButton).toBeHidden();
});

test("a paused view stands still in a flood, and counts what was dropped", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let first = 1; first <= 10_000; first += 1_000) await quiet.publishBatch(first, first + 999);
  await expect(demo.lineCount).toHaveText("10,000 lines");
  await demo.pauseButton.click();
  await expect(demo.pauseButton).toHaveAttribute("aria-pressed", "true");
  await expect(demo.pauseButton).toHaveText("Resume");
  await expect(page.locator(".dsl-held")).toHaveText("View paused");
  await page.evaluate(() => {
    const rows = document.querySelector(".dsl-rows");
    Reflect.set(window, "mutations", 0);
    const count = (/** @type {MutationRecord[]} */ records) =>
      Reflect.set(window, "mutations", Reflect.get(window, "mutations") + records.length);
    for (const row of rows?.children ?? [])
      new MutationObserver(count).observe(row, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
    if (rows) new MutationObserver(count).observe(rows, { childList: true });
  });
  const before = await onScreen(page);
  for (let first = 10_001; first <= 16_000; first += 1_000)
    await quiet.publishBatch(first, first + 999);
  await expect(page.locator(".dsl-held")).toHaveText("View paused · 6,000 new");
  await expect(demo.newestButton).toHaveText("↑ 6,000 new");
  expect(await page.evaluate(() => Reflect.get(window, "mutations"))).toBe(0);
  expect(await onScreen(page)).toEqual(before);
  const pulse = page.locator(".dsl-pulse");
  expect(await pulse.evaluate((mark) => getComputedStyle(mark).animationName)).toBe("none");
  // The demo page keeps 50,000 lines: the ring passes the line that was on the screen.
  for (let first = 16_001; first <= 66_000; first += 1_000) {
    await quiet.publishBatch(first, first + 999);
    // The gateway holds 10,000 for a page that falls behind.
    if (first % 5_000 === 1) await expect(demo.newestButton).toHaveText(/^↑ [\d,]+ new$/);
  }
  await expect(page.locator(".dsl-dropped")).toHaveText(
    "16,000 lines dropped while you were paused",
  );
  await expect(page.locator(".dsl-dropped")).toBeInViewport();
  await expect(demo.row("number 16001")).toBeInViewport();
  await expect(demo.newestButton).toBeVisible();
  await demo.pauseButton.click();
  await expect(demo.row("number 66000")).toBeVisible();
  await expect(demo.newestButton).toBeHidden();
  await expect(page.locator(".dsl-dropped")).toBeHidden();
});

test("a list that is hidden for a while shows the same rows again", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 100);
  await expect(demo.row("old 099")).toBeVisible();
  await demo.list.evaluate((list) => list.scrollBy(0, 1_000));
  await expect(demo.newestButton).toBeVisible();
  await frames(page);
  const before = await onScreen(page);
  for (const display of ["none", ""]) {
    await demo.root.evaluate((root, display) => (root.style.display = display), display);
    await publish(quiet, "new", 5);
    await frames(page);
  }
  await expect(demo.newestButton).toHaveText("↑ 10 new");
  expect(await onScreen(page)).toEqual(before);
});

test("Home and End lead to the ends of the list, whatever arrived", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "old", 60);
  await demo.list.focus();
  await page.keyboard.press("End");
  await expect(demo.row("old 000")).toBeInViewport();
  await publish(quiet, "new", 200);
  await expect(demo.newestButton).toHaveText("↑ 200 new");
  await expect(demo.row("old 000")).toBeInViewport();
  await page.keyboard.press("Home");
  await expect(demo.row("new 199")).toBeInViewport();
  await expect(demo.newestButton).toBeHidden();
});
