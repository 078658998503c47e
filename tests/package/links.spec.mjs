// Hosts whose router owns the address: they receive the link, and pass another one.

import { expect, OpenedLogs, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/**
 * Mounts a viewer whose host keeps the link in a parameter of its address, as a router does.
 *
 * @param {Page} page
 * @param {string} link
 */
async function mount(page, link) {
  await page.evaluate((link) => {
    const { dataset } = document.body;
    dataset.told = "[]";
    harness.mount("one", {
      link,
      onLinkChange: (/** @type {string} */ changed) => {
        dataset.told = JSON.stringify([...JSON.parse(dataset.told ?? ""), changed]);
        const { handle } = live.one;
        history.replaceState(null, "", changed ? `?link=${encodeURIComponent(changed)}` : "?");
        handle.update({ link: changed });
      },
    });
  }, link);
  return new OpenedLogs(page, "one");
}

/**
 * Returns the links that the host has received.
 *
 * @param {Page} page
 */
const told = async (page) =>
  JSON.parse((await page.evaluate(() => document.body.dataset.told)) ?? "");

test("the host is told the link instead of the address, and its link is followed", async ({
  host,
  gateway,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await host.open();
  for (const level of ["ERROR", "INFO"]) await gateway.publish({ level, message: `an ${level}` });
  const logs = await mount(page, "#level=error");
  await logs.connect();
  await expect(logs.row("an ERROR")).toBeVisible();
  await expect(logs.rows).toHaveCount(1);
  // It has that already.
  expect(await told(page)).toEqual([]);

  await logs.searchField.fill("an");
  await expect.poll(() => told(page)).toEqual(["level=error&q=an"]);
  await logs.row("an ERROR").locator(".dsl-message").click();
  await expect.poll(async () => (await told(page)).length).toBe(2);
  const [, link] = await told(page);
  expect(link).toMatch(/^log=log-[^&]+&level=error&q=an$/);
  expect(new URL(page.url()).hash).toBe("");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`${gateway.url}/bare.html?link=${encodeURIComponent(link)}`);

  // Back to a page without a link, and forward again.
  await logs.update({ link: "" });
  await expect(logs.rows).toHaveCount(2);
  await expect(logs.searchField).toHaveValue("");
  await expect(page.getByRole("region", { name: "Log entry" })).toBeHidden();
  await logs.update({ link });
  await expect(page.getByRole("region", { name: "Log entry" })).toBeVisible();
  await expect(logs.searchField).toHaveValue("an");
  await expect(logs.rows).toHaveCount(1);
});

test("without the callback, the link is not followed, and the address stays", async ({
  host,
  gateway,
}) => {
  await host.open();
  await gateway.publish({ level: "INFO", message: "shown" });
  const logs = await host.mount("one", { link: "level=error" });
  await logs.connect();
  await expect(logs.row("shown")).toBeVisible();
});

test("the element with the attribute link reports the link as an event", async ({
  host,
  gateway,
  page,
}) => {
  await host.open("element.html");
  await gateway.publish({ level: "INFO", message: "an INFO" });
  await gateway.publish({ level: "ERROR", message: "an ERROR" });
  const element = page.locator("datashop-live-logs").first();
  await element.evaluate((element) => {
    element.addEventListener("linkchange", (event) => {
      document.body.dataset.link = /** @type {CustomEvent<string>} */ (event).detail;
    });
    element.setAttribute("workspace-id", "workspace123");
    element.setAttribute("workflow-id", "workflow456");
    element.setAttribute("link", "level=error");
    element.setAttribute("auto-connect", "");
  });
  await expect(element.locator(".dsl-row")).toHaveCount(1);
  await element.getByRole("searchbox").fill("an");
  const link = () => page.evaluate(() => document.body.dataset.link);
  await expect.poll(link).toBe("level=error&q=an");
  expect(new URL(page.url()).hash).toBe("");
  await element.evaluate((element) => element.setAttribute("link", ""));
  await expect(element.locator(".dsl-row")).toHaveCount(2);
});
