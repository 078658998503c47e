// What is drawn is what is asked: by the reader's queries, and by the state of the stream, whatever a translator has made of the page.

import { expect, test } from "./support.mjs";

test("another query with as many matches shows its own rows, and a click opens what the row says", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  for (const message of ["alpha one", "beta two"])
    await gateway.publish({ message, pipeline: message.toUpperCase() });
  await expect(demo.rows).toHaveCount(2);
  await demo.disconnect.click();
  await demo.word("DISCONNECTED");
  const search = page.getByRole("searchbox");
  for (const [text, message] of [
    ["alpha", "alpha one"],
    ["beta", "beta two"],
    ["one", "alpha one"],
  ]) {
    await search.fill(text);
    await expect(demo.rows.locator(".dsl-message")).toHaveText([message]);
    await expect(demo.rows.locator("mark")).toHaveText([text]);
    await demo.rows.first().getByRole("button").click();
    await expect(page.locator(".dsl-full")).toHaveText(message);
    await demo.rows.first().getByRole("button").click();
  }
  await search.fill("");
  await page.getByLabel("Pipeline").selectOption("ALPHA ONE");
  await expect(demo.rows.locator(".dsl-message")).toHaveText(["alpha one"]);
  await page.getByLabel("Pipeline").selectOption("BETA TWO");
  await expect(demo.rows.locator(".dsl-message")).toHaveText(["beta two"]);
});

test("the menu offers the pipelines of the log that is shown", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await gateway.publish({ message: "one", pipeline: "FIRST" });
  const options = page.getByLabel("Pipeline").locator("option");
  await expect(options).toHaveText(["All pipelines", "FIRST"]);
  // Cleared and filled with as many again before a frame was drawn: nothing that is counted differs.
  await page.evaluate(() => {
    window.frames_wanted = [];
    window.requestAnimationFrame = (callback) => window.frames_wanted.push(callback);
  });
  await page.getByRole("button", { name: "Clear" }).click();
  await gateway.publish({ message: "two", pipeline: "SECOND" });
  await page.waitForTimeout(300);
  await page.evaluate(() =>
    window.frames_wanted.splice(0).forEach((callback) => callback(performance.now())),
  );
  await expect(options).toHaveText(["All pipelines", "SECOND"]);
});

test("an opened entry outlives its line, and closes with its log", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  const entry = page.locator(".dsl-full");
  const open = async (message) => {
    await gateway.publish({ message });
    await demo.row(message).getByRole("button").click();
    await expect(entry).toHaveText(message);
  };
  await open("read by somebody");
  await gateway.publish({ message: "another" });
  await expect(demo.rows).toHaveCount(2);
  await expect(entry).toHaveText("read by somebody");
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(entry).toHaveCount(0);
  await open("of this workflow");
  await demo.workflow.selectOption({ index: 1 });
  await expect(demo.rows).toHaveCount(0);
  await expect(entry).toHaveCount(0);
});

test("the page is marked as not to be translated", async ({ gateway, demo, page }) => {
  await demo.open(gateway.url);
  const root = page.locator(".dsl-root");
  await expect(root).toHaveAttribute("translate", "no");
  await expect(root).toHaveClass(/(^| )notranslate( |$)/);
});

test("the status and the rows stay true after a translator has replaced every text", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await translate(page);
  await demo.connect.click();
  await demo.live();
  for (const number of [1, 2, 3])
    await gateway.publish({ level: "INFO", pipeline: `P${number}`, message: `line ${number}.` });
  await expect(demo.rows).toHaveCount(3);
  await demo.rows.first().getByRole("button").click();
  await translate(page);

  await gateway.kill();
  await demo.word("ERROR");
  await expect(page.locator(".dsl-progress")).toContainText("retrying");
  await expect(page.locator(".dsl-reason")).not.toBeEmpty();
  await translate(page);
  await gateway.start();
  await demo.live();
  await expect(page.locator(".dsl-progress")).toBeEmpty();
  await expect(page.getByRole("status")).toContainText(/connected/i);
  await translate(page);

  await gateway.publish({ level: "ERROR", pipeline: "P4", message: "line 4." });
  await expect(demo.rows.first().locator(".dsl-message")).toHaveText("line 4.");
  await expect(demo.rows.first().locator(".dsl-level")).toHaveText("ERROR");
  await expect(page.locator(".dsl-count").first()).toContainText("4 lines");
  await page.getByRole("searchbox").fill("line 2");
  await expect(page.locator(".dsl-row:not(.dsl-notice) .dsl-message")).toHaveText(["line 2."]);
  await translate(page);
  await demo.row("line 2.").getByRole("button").click();
  await expect(page.locator(".dsl-full")).toHaveText("line 2.");
  await page.getByRole("searchbox").fill("line 3");
  await expect(page.locator(".dsl-row:not(.dsl-notice) .dsl-message")).toHaveText(["line 3."]);
  await demo.disconnect.click();
  await demo.word("DISCONNECTED");
  await expect(demo.connect).toBeVisible();
});

/** Does to every text what Chromium's translator does, which ignores `translate="no"` here. */
function translate(page) {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(
      document.querySelector(".dsl-root"),
      NodeFilter.SHOW_TEXT,
    );
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      text.replaceWith(outer);
      outer.append(inner);
      inner.append(text.data);
    }
  });
}
