// What a screen reader announces: the texts of the polite region, in order.

import { publish } from "./reading.mjs";
import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/**
 * Records each text of the region, with the time, and returns the texts so far.
 *
 * @param {Page} page
 */
async function listen(page) {
  await page.evaluate(() => {
    const region = document.querySelector(".dsl-root [role=status]");
    const heard = /** @type {{ text: string, at: number }[]} */ ([]);
    Reflect.set(window, "heard", heard);
    const record = () => heard.push({ text: region?.textContent ?? "", at: Date.now() });
    if (region)
      new MutationObserver(record).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
  });
  return {
    /** @returns {Promise<{ text: string, at: number }[]>} */
    all: () => page.evaluate(() => Reflect.get(window, "heard")),
    texts: () =>
      page.evaluate(() =>
        Reflect.get(window, "heard").map((/** @type {{ text: string }} */ { text }) => text),
      ),
  };
}

test("new lines are summarised, and an error is announced at once", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const heard = await listen(page);
  await quiet.publish({ level: "INFO", message: "first" });
  await expect.poll(heard.texts).toContain("1 new line");
  await publish(quiet, "more", 11);
  await expect(demo.row("more 010")).toBeVisible();
  await quiet.publish({
    level: "ERROR",
    pipeline: "DATA_VALIDATION",
    message: "quality gate failed",
  });
  await expect(demo.row("quality gate failed")).toBeVisible();
  const shown = await page.evaluate(() => Date.now());
  await expect
    .poll(heard.texts)
    .toContain("12 new lines, 1 error: DATA_VALIDATION quality gate failed");
  const all = await heard.all();
  expect(all).toHaveLength(2);
  expect(all[1].at - shown).toBeLessThan(3_000);
});

test("a flood causes two announcements in five seconds at most", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const heard = await listen(page);
  const end = Date.now() + 5_000;
  let lines = 0;
  for (; Date.now() < end; lines += 200) {
    await quiet.publishBatch(lines + 1, lines + 200);
    await page.waitForTimeout(100);
  }
  await expect(demo.row(`number ${lines}`)).toBeVisible();
  const all = await heard.all();
  expect(all.filter(({ at }) => at < end).length).toBeLessThanOrEqual(2);
  expect(all[0].text).toMatch(/^[\d,]+ new lines?$/);
});

test("the result of a search, a pause and its end are announced", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await publish(quiet, "timeout", 10);
  await publish(quiet, "fine", 40);
  await expect(demo.lineCount).toHaveText("50 lines");
  const heard = await listen(page);
  await demo.searchField.pressSequentially("timeout", { delay: 20 });
  await expect.poll(heard.texts).toContain("10 of 50 lines match");
  await demo.searchField.fill("no such text");
  await expect.poll(heard.texts).toContain("No matching lines");
  await demo.searchField.fill("");
  await expect.poll(heard.texts).toContain("50 lines");
  await demo.pauseButton.click();
  await expect.poll(heard.texts).toContain("Paused");
  await quiet.publish({ level: "ERROR", message: "not announced" });
  await expect(demo.newErrorsButton).toBeVisible();
  await demo.pauseButton.click();
  await expect.poll(heard.texts).toContain("Following new lines");
  expect((await heard.texts()).join()).not.toContain("error");
});

test("an outage is announced when it begins, each minute, and when it ends", async ({
  gateway,
  demo,
  page,
}) => {
  await page.clock.install();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const heard = await listen(page);
  await quiet.kill();
  await demo.expectStatus("ERROR");
  // Sixty seconds of attempts that fail, in as many steps.
  for (let second = 0; second < 60; second++) await page.clock.runFor(1_000);
  const texts = await heard.texts();
  expect(texts.length).toBeGreaterThanOrEqual(1);
  expect(texts.length).toBeLessThanOrEqual(3);
  for (const text of texts) expect(text).toMatch(/^(ERROR|CONNECTING)/);
  await quiet.start();
  await expect
    .poll(async () => {
      await page.clock.runFor(1_000);
      return (await heard.texts()).at(-1);
    })
    .toContain("CONNECTED");
  expect((await heard.texts()).length).toBeLessThanOrEqual(5);
});
