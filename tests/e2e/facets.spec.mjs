// The menus of levels and pipelines: their counts, and what is shown and left out.

import { expect, test } from "./support.mjs";

test("counts are those of the lines held, also after lines were dropped", async ({
  gateway,
  demo,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await expect(demo.pipelineMenu.button).toHaveText("All pipelines");
  for (let number = 0; number < 30; number++)
    await quiet.publish({
      level: number % 6 ? "INFO" : "ERROR",
      pipeline: ["NOISY", "ALPHA", ""][number % 3],
      message: `line ${number}`,
    });
  await expect(demo.lineCount).toHaveText("30 lines");
  expect(await demo.pipelineMenu.counts()).toEqual([
    "No pipeline 10",
    "ALPHA 10",
    "NOISY 10 · 5 errors",
  ]);
  await demo.pipelineMenu.close();
  expect((await demo.levelMenu.counts()).slice(0, 3)).toEqual(["ERROR 5", "WARN 0", "INFO 25"]);
  await demo.levelMenu.close();
  // The page holds 50,000 lines.
  for (let first = 1; first <= 52_000; first += 1_000) await quiet.publishBatch(first, first + 999);
  await expect(demo.lineCount).toHaveText(/^Newest [\d,]+ lines · [\d,]+ older lines dropped/);
  await expect.poll(async () => (await demo.levelMenu.counts())[0]).toBe("ERROR 0");
  await demo.levelMenu.close();
  const number = (/** @type {string | null} */ text) =>
    Number(/[\d,]+/.exec(text ?? "")?.[0].replaceAll(",", ""));
  const held = number(await demo.lineCount.textContent());
  const counts = await demo.pipelineMenu.counts();
  expect(counts.join()).not.toContain("NOISY");
  const panel = demo.pipelineMenu.panel.locator(".dsl-facet-count");
  const lines = (await panel.allTextContents()).map(number);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBe(held);
});

test("several values are shown or left out, and lines that are left out are not new", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const publish = async (/** @type {string} */ pipeline, /** @type {number} */ count) => {
    for (let number = 0; number < count; number++)
      await quiet.publish({ level: "INFO", pipeline, message: `${pipeline} ${number}` });
  };
  await publish("NOISY", 40);
  await publish("ALPHA", 20);
  await publish("BETA", 10);
  await expect(demo.lineCount).toHaveText("70 lines");
  await demo.pipelineMenu.exclude("NOISY");
  await expect(demo.lineCount).toHaveText("30 of 70 lines match");
  await expect(demo.pipelineMenu.button).toHaveText("Not NOISY");
  await expect(demo.row("NOISY")).toHaveCount(0);
  await demo.pauseButton.click();
  await publish("NOISY", 5);
  await publish("BETA", 1);
  await expect(demo.newestButton).toHaveText("↑ 1 new");
  await demo.pauseButton.click();

  await demo.pipelineMenu.showAll();
  await demo.pipelineMenu.only("ALPHA", "BETA");
  await expect(demo.lineCount).toHaveText("31 of 76 lines match");
  await expect(demo.pipelineMenu.button).toHaveText("ALPHA, BETA");
  await demo.pipelineMenu.open();
  const noisy = page.getByRole("button", { name: "Exclude NOISY" });
  const alpha = demo.pipelineMenu.panel.getByRole("button", { name: /^ALPHA/ });
  await expect(alpha).toHaveAttribute("aria-pressed", "true");
  await expect(noisy).toHaveAttribute("aria-pressed", "false");
  await demo.pipelineMenu.close();
});

test("a menu is used by keyboard, and keeps the focus while lines arrive", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (const pipeline of ["BETA", "DELTA"]) await quiet.publish({ pipeline, message: pipeline });
  await expect(demo.lineCount).toHaveText("2 lines");
  await demo.pipelineMenu.button.focus();
  await page.keyboard.press("Enter");
  await expect(demo.pipelineMenu.labels).toHaveText(["BETA", "DELTA"]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const delta = demo.pipelineMenu.panel.getByRole("button", { name: /^DELTA/ });
  await expect(delta).toBeFocused();
  await page.keyboard.press("Space");
  await expect(delta).toHaveAttribute("aria-pressed", "true");
  await expect(demo.lineCount).toHaveText("1 of 2 lines matches");
  // New values are put in order around it.
  await quiet.publish({ pipeline: "ALPHA", message: "one" });
  await quiet.publish({ pipeline: "GAMMA", message: "two" });
  await expect(demo.pipelineMenu.labels).toHaveText(["ALPHA", "BETA", "DELTA", "GAMMA"]);
  await expect(delta).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Exclude DELTA" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(demo.lineCount).toHaveText("3 of 4 lines match");
  await page.keyboard.press("Escape");
  await expect(demo.pipelineMenu.panel).toBeHidden();
  await expect(demo.pipelineMenu.button).toBeFocused();
});
