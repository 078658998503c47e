// The page shows what the reader's queries and the state of the stream ask for, even after a
// translator has changed it.

import { expect, test } from "./support.mjs";

test("a query with as many matches as the one before shows its own rows", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  for (const message of ["alpha one", "beta two"])
    await gateway.publish({ message, pipeline: message.toUpperCase() });
  await expect(demo.rows).toHaveCount(2);
  await demo.disconnectButton.click();
  await demo.expectStatus("DISCONNECTED");
  const search = demo.searchField;
  for (const [text, message] of [
    ["alpha", "alpha one"],
    ["beta", "beta two"],
    ["one", "alpha one"],
  ]) {
    await search.fill(text);
    await expect(demo.messages).toHaveText([message]);
    await expect(demo.rows.locator("mark")).toHaveText([text]);
    await demo.rows.first().locator(".dsl-open").click();
    await expect(page.locator(".dsl-full")).toHaveText(message);
    await demo.rows.first().locator(".dsl-open").click();
  }
  await search.fill("");
  await demo.pipelineMenu.selectOption("ALPHA ONE");
  await expect(demo.messages).toHaveText(["alpha one"]);
  await demo.pipelineMenu.selectOption("BETA TWO");
  await expect(demo.messages).toHaveText(["beta two"]);
});

test("the menu offers the pipelines of the current log", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  await gateway.publish({ message: "one", pipeline: "FIRST" });
  await demo.pipelineMenu.open();
  await expect(demo.pipelineMenu.labels).toHaveText(["FIRST"]);
  // Cleared and filled again with as many lines before a frame: no count differs.
  await page.evaluate(() => {
    window.heldFrames = [];
    window.requestAnimationFrame = (callback) => window.heldFrames.push(callback);
  });
  await demo.clearButton.click();
  await gateway.publish({ message: "two", pipeline: "SECOND" });
  await page.waitForTimeout(300);
  await page.evaluate(() => {
    for (const callback of window.heldFrames.splice(0)) callback(performance.now());
  });
  await demo.pipelineMenu.open();
  await expect(demo.pipelineMenu.labels).toHaveText(["SECOND"]);
});

test("an open entry outlives its line, and closes with its log", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  const entry = page.locator(".dsl-full");
  /** @param {string} message */
  const open = async (message) => {
    await gateway.publish({ message });
    await demo.row(message).locator(".dsl-open").click();
    await expect(entry).toHaveText(message);
  };
  await open("being read");
  await gateway.publish({ message: "another" });
  await expect(demo.lineCount.first()).toHaveText("2 lines");
  await expect(entry).toHaveText("being read");
  await demo.clearButton.click();
  await expect(entry).toHaveCount(0);
  await open("of this workflow");
  await demo.workflowMenu.selectOption({ index: 1 });
  await expect(demo.rows).toHaveCount(0);
  await expect(entry).toHaveCount(0);
});

test("the viewer is marked as not translatable", async ({ gateway, demo }) => {
  await demo.open(gateway.url);
  const root = demo.root;
  await expect(root).toHaveAttribute("translate", "no");
  await expect(root).toHaveClass(/(^| )notranslate( |$)/);
});

test("the status and the rows stay correct after a translator has replaced every text", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await translate(demo);
  await demo.connectButton.click();
  await demo.expectLive();
  for (const number of [1, 2, 3])
    await gateway.publish({ level: "INFO", pipeline: `P${number}`, message: `line ${number}.` });
  await expect(demo.rows).toHaveCount(3);
  await demo.rows.first().locator(".dsl-open").click();
  await translate(demo);

  await gateway.kill();
  await demo.expectStatus("ERROR");
  await expect(demo.progress).toContainText("Reconnecting");
  await expect(demo.reason).not.toBeEmpty();
  await translate(demo);
  await gateway.start();
  await demo.expectLive();
  await expect(demo.progress).toBeEmpty();
  await expect(page.getByRole("status").first()).toContainText(/connected/i);
  await translate(demo);

  await gateway.publish({ level: "ERROR", pipeline: "P4", message: "line 4." });
  // The opened entry held the view.
  await demo.newestButton.click();
  await expect(demo.rows.first().locator(".dsl-message")).toHaveText("line 4.");
  await expect(demo.rows.first().locator(".dsl-level")).toHaveText("ERROR");
  await expect(demo.lineCount.first()).toContainText("4 lines");
  await demo.searchField.fill('"line 2"');
  await expect(page.locator(".dsl-row:not(.dsl-notice) .dsl-message")).toHaveText(["line 2."]);
  await translate(demo);
  await demo.row("line 2.").locator(".dsl-open").click();
  await expect(page.locator(".dsl-full")).toHaveText("line 2.");
  await demo.searchField.fill('"line 3"');
  await expect(page.locator(".dsl-row:not(.dsl-notice) .dsl-message")).toHaveText(["line 3."]);
  await demo.disconnectButton.click();
  await demo.expectStatus("DISCONNECTED");
  await expect(demo.connectButton).toBeVisible();
});

/**
 * Replaces every text as Chromium's translator does, which would obey `translate="no"`.
 *
 * @param {import("./support.mjs").Demo} demo
 */
function translate({ root }) {
  return root.evaluate((root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
    for (const text of texts) {
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      text.replaceWith(outer);
      outer.append(inner);
      inner.append(text.data);
    }
  });
}
