// Both workflows of the demo page in one viewer.

import { FacetMenu } from "../support/facet_menu.mjs";
import { expect, test } from "./support.mjs";

const OTHER_JOB = { workspace_id: "prod_workspace", workflow_id: "etl_job_789" };

test("the demo page shows both workflows in one viewer", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ level: "INFO", message: "of claims" });
  await expect(demo.row("of claims")).toBeVisible();
  await demo.workflowMenu.selectOption("Both workflows");
  await demo.expectLive();
  await quiet.publish({ level: "ERROR", message: "of labs" }, OTHER_JOB);
  await expect(demo.row("of labs").locator(".dsl-channel")).toHaveText("B");
  await expect(demo.row("of claims").locator(".dsl-channel")).toHaveText("A");
  const menu = new FacetMenu(page, "Workflows");
  expect(await menu.counts()).toEqual(["A workflow456 1", "B etl_job_789 1 · 1 error"]);
  await menu.close();
  await menu.only("etl_job_789");
  await expect(demo.messages).toHaveText(["of labs"]);
  await expect(page.locator("#logs tbody:visible")).toHaveCount(2);
  await demo.workflowMenu.selectOption({ index: 0 });
  await expect(page.locator("#logs tbody:visible")).toHaveCount(1);
});

test("letters stay inside a narrow list", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await page.setViewportSize({ width: 320, height: 640 });
  await demo.openLive(quiet.url);
  await demo.workflowMenu.selectOption("Both workflows");
  await demo.expectLive();
  for (const channel of [undefined, OTHER_JOB])
    await quiet.publish({ level: "INFO", pipeline: "P", message: "x ".repeat(200) }, channel);
  await expect(demo.rows).toHaveCount(2);
  const boxes = await demo.rows.evaluateAll((rows) =>
    rows.map((row) => {
      const [outer, letter, message] = [
        row,
        row.querySelector(".dsl-channel"),
        row.querySelector(".dsl-message"),
      ].map((element) => element?.getBoundingClientRect());
      return [outer, letter, message].map(
        (box) => box && [box.left, box.top, box.right, box.bottom],
      );
    }),
  );
  for (const [outer, letter, message] of boxes) {
    if (!outer || !letter || !message) throw new Error("a row lacks a part");
    expect(letter[0]).toBeGreaterThanOrEqual(outer[0]);
    expect(letter[3]).toBeLessThanOrEqual(outer[3]);
    expect(letter[2]).toBeLessThanOrEqual(message[0] + 1);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});
