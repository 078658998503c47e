// Search and filters, by text, level and pipeline, on existing and on new lines.

import { expect, test } from "./support.mjs";

test("shows and marks matches, and adds new ones", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  for (let number = 1; number <= 60; number++) {
    const [level, pipeline] = number % 2 ? ["INFO", "INGESTION"] : ["ERROR", "REPORTING"];
    await gateway.publish({
      level,
      pipeline,
      message: `line ${number}. <b>"${number % 3 ? "other" : "wanted"}"</b> ünï`,
    });
  }
  await expect(demo.row("line 60.")).toBeVisible();
  const search = demo.searchField;
  const count = demo.lineCount;

  await search.fill('"\\"wanted\\""');
  await expect(count).toHaveText("20 of 60 lines match");
  await expect(demo.rows.first()).toContainText("line 60.");
  await expect(demo.rows.nth(1)).toContainText("line 57.");
  await expect(demo.rows.first().locator("mark")).toHaveText('"wanted"');
  await expect(demo.rows.filter({ hasText: "other" })).toHaveCount(0);

  await gateway.publish({ level: "INFO", pipeline: "INGESTION", message: "line 61. other" });
  await gateway.publish({ level: "ERROR", pipeline: "REPORTING", message: 'line 62. "wanted"' });
  await expect(demo.rows.first()).toContainText("line 62.");
  await expect(count).toHaveText("21 of 62 lines match");

  // The name of a field is in each line, but is not a value.
  await search.fill("message");
  await expect(page.locator(".dsl-empty")).toHaveText("No matching lines");
  await search.fill("Wanted");
  await expect(count).toHaveText("0 of 62 lines match");

  await search.fill("");
  await expect(count).toHaveText("62 lines");
  await expect(demo.rows.first().locator("mark")).toHaveCount(0);
  await demo.levelMenu.selectOption("Errors");
  await expect(count).toHaveText("31 of 62 lines match");
  await demo.pipelineMenu.selectOption("INGESTION");
  await expect(count).toHaveText("0 of 62 lines match");
  await demo.levelMenu.selectOption("All levels");
  await expect(count).toHaveText("31 of 62 lines match");
  await expect(demo.rows.first()).toContainText("line 61.");

  const regex = page.getByRole("button", { name: "Regular expression" });
  await regex.click();
  await expect(regex).toHaveAttribute("aria-pressed", "true");
  await search.fill("line 5[13]\\.");
  await expect(count).toHaveText("2 of 62 lines match");
  await expect(demo.rows.first().locator("mark")).toHaveText("line 53.");
  // An unfinished pattern says what is missing, and keeps the lines of the last one.
  await search.fill("line (5");
  await expect(page.locator(".dsl-matches")).toHaveText("at 6: unclosed group");
  await expect(search).toHaveAttribute("aria-invalid", "true");
  await expect(search).toHaveAccessibleDescription("at 6: unclosed group");
  await expect(count).toHaveText("2 of 62 lines match");
  await search.fill("(x+x+)+y|(.*)*z");
  await expect(count).toHaveText("0 of 62 lines match");
  await regex.click();
  await search.fill("");
  await expect(count).toHaveText("31 of 62 lines match");

  await demo.rows.first().getByRole("button").click();
  await expect(page.locator(".dsl-full")).toHaveText("line 61. other");
});

test("a filter survives a reconnect, and hides no gap", async ({ gateway, demo }) => {
  await gateway.restartWith("--history-lines", "5");
  await demo.openLive(gateway.url);
  await gateway.publish({ message: "line 1. wanted" });
  await expect(demo.row("line 1.")).toBeVisible();
  await demo.searchField.fill("wanted");
  await demo.disconnectButton.click();
  for (let number = 2; number <= 20; number++)
    await gateway.publish({ message: `line ${number}. ${number === 18 ? "wanted" : "other"}` });
  await demo.connectButton.click();
  await expect(demo.row("line 18.")).toBeVisible();
  await expect(demo.rows.filter({ hasText: "14 lines missing" })).toHaveCount(1);
  await expect(demo.rows.filter({ hasText: "other" })).toHaveCount(0);
});
