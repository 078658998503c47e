// The link to a line and a filter in the page's address.

import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/** @param {Page} page */
const said = (page) => page.locator(".dsl-said");

/** @param {Page} page */
const entryMessage = (page) => page.locator(".dsl-full");

test("a copied link shows its line and filter in another page", async ({
  gateway,
  demo,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const quiet = await gateway.restartWith();
  await demo.openLive(`${quiet.url}/#section&tab=2`);
  for (let number = 1; number <= 60; number++)
    await quiet.publish({ level: number % 2 ? "ERROR" : "INFO", message: `a "b": ${number}` });
  await demo.levelMenu.only("ERROR");
  await demo.searchField.fill('"a \\"b\\":"');
  await demo.list.focus();
  await demo.row('a "b": 59').click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(said(page)).toHaveText("Copied link");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  // The address bar has the same, without an entry of the history.
  await expect.poll(() => page.url()).toBe(link);
  expect(link).toContain("#section&tab=2&log=log-");
  expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);

  await page.goto("about:blank");
  await demo.openLive(link);
  await expect(entryMessage(page)).toHaveText('a "b": 59');
  await expect(demo.searchField).toHaveValue('"a \\"b\\":"');
  await expect(page.locator(".dsl-row:focus-within .dsl-message")).toHaveText('a "b": 59');
  await expect(page.locator(".dsl-row .dsl-level").first()).toHaveText("ERROR");
  await expect(page.getByRole("button", { name: "Resume" })).toBeVisible();
  const opened = page.locator(".dsl-row").filter({ has: page.locator("[aria-expanded=true]") });
  await quiet.publish({ level: "ERROR", message: 'a "b": 61' });
  await expect(opened.locator(".dsl-message")).toHaveText('a "b": 59');
});

test("a link to a line before the tail loads history back to it", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "the oldest" });
  await demo.row("the oldest").click();
  await expect.poll(() => page.url()).toContain("log=log-");
  const link = page.url();
  await quiet.publishBatch(1, 900);
  await quiet.publishBatch(901, 1_800);
  await page.goto("about:blank");
  await demo.openLive(link);
  await expect(entryMessage(page)).toHaveText("the oldest", { timeout: 20_000 });
});

test("an unknown line is named as such, and invalid values are ignored", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await quiet.publish({ message: "only" });
  const reported = page.waitForEvent("console", (message) =>
    message.text().includes("invalid values, which are ignored: level, q"),
  );
  await demo.openLive(`${quiet.url}/#log=log-unknown&level=loud&q=%ff&other=%ff`);
  await reported;
  await expect(said(page)).toHaveText("This line is no longer held");
  await expect(demo.messages).toHaveText("only");
  await expect(demo.searchField).toHaveValue("");
});

test("another address of the open page is followed", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (const message of ["one", "two"]) await quiet.publish({ message });
  await expect(demo.messages).toHaveText(["two", "one"]);
  await page.evaluate(() => {
    location.hash = "q=one&keep";
  });
  await expect(demo.messages).toHaveText(["one"]);
  await expect(demo.searchField).toHaveValue("one");
  // A place in the page is not a link, and does not end the filter.
  await page.evaluate(() => {
    location.hash = "keep";
  });
  await expect.poll(() => new URL(page.url()).hash).toBe("#keep&q=one");
  await expect(demo.messages).toHaveText(["one"]);
  await demo.searchField.fill("");
  await expect.poll(() => new URL(page.url()).hash).toBe("#keep");
});
