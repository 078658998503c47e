// Several channels in one viewer: what tells their lines apart, the menu of workflows, their order,
// copies, and the options `channels` and `gatewayUrl`.

import { readFile } from "node:fs/promises";
import { seriousViolations } from "../support/accessibility.mjs";
import { FacetMenu } from "../support/facet_menu.mjs";
import { Viewer } from "../support/viewer.mjs";
import { expect, ranges, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { DatashopLiveLogs } from "../../www/package/types/element.js"
 * @import { LiveLogsError } from "../../www/package/types/index.js"
 * @import { HostPage } from "./support.mjs"
 */

const WORKFLOWS = ["orders", "claims", "labs"];
const CHANNELS = WORKFLOWS.map((workflow) => `logs:etl:workspace123:${workflow}`);
const SEVERAL = { gatewayUrl: "", channels: CHANNELS };

/** @param {string} workflow_id */
const channel = (workflow_id) => ({ workspace_id: "workspace123", workflow_id });

/**
 * Returns a connected viewer of three channels, each of which has sent a line.
 *
 * @param {HostPage} host
 * @param {Gateway} gateway
 */
async function opened(host, gateway, options = {}) {
  await host.open();
  const one = await (await host.mount("one", { ...SEVERAL, ...options })).connect();
  for (const workflow of WORKFLOWS) {
    const level = workflow === "claims" ? "ERROR" : "INFO";
    await gateway.publish({ level, message: `of ${workflow}` }, channel(workflow));
  }
  await expect(one.rows).toHaveCount(3);
  return one;
}

/** @param {Page} page */
const letters = (page) => page.locator("#one .dsl-row .dsl-channel");

test("each line has the letter of its channel, which is read as its name", async ({
  host,
  gateway,
  page,
}) => {
  const one = await opened(host, gateway);
  await expect(letters(page)).toHaveText(["C", "B", "A"]);
  const letter = one.row("of claims").getByRole("img", { name: CHANNELS[1], exact: true });
  await expect(letter).toHaveText("B");
  await expect(letter).toHaveAttribute("title", CHANNELS[1]);
  const colours = await letters(page).evaluateAll((all) =>
    all.map((element) => getComputedStyle(element).backgroundColor),
  );
  expect(new Set(colours).size).toBe(3);
  await expect(
    page.getByRole("button", { name: "Details: claims, ERROR, of claims" }),
  ).toBeVisible();
  await expect(page.locator(".dsl-column-channel")).toBeVisible();
  expect(await seriousViolations(page)).toEqual([]);
  await one.row("of labs").click();
  const entry = page.getByRole("region", { name: "Log entry" });
  await expect(entry.getByRole("img", { name: CHANNELS[2] })).toHaveText("C");
  await expect(entry).toContainText(CHANNELS[2]);
});

test("one channel has no column and no menu, a second one adds both and loses nothing", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const options = { gatewayUrl: "", channels: CHANNELS.slice(0, 1) };
  const one = await (await host.mount("one", options)).connect();
  const menu = new FacetMenu(page, "Workflows");
  await gateway.publishNumbers(1, 20, channel("orders"));
  await expect(one.row("number 20")).toBeVisible();
  await expect(menu.button).toBeHidden();
  await expect(page.locator(".dsl-column-channel")).toBeHidden();
  await expect(letters(page).filter({ hasText: /./ })).toHaveCount(0);
  const publishing = gateway.publishNumbers(21, 120, channel("orders"));
  await one.update({ channels: [CHANNELS[1], CHANNELS[0]] });
  await publishing;
  await gateway.publishNumbers(121, 125, channel("orders"));
  await gateway.publishNumbers(1_001, 1_003, channel("claims"));
  await expect
    .poll(async () => ranges((await one.numbers()).filter((n) => n < 1_000)))
    .toBe("1-125");
  await expect(one.row("number 1003")).toBeVisible();
  await expect(menu.button).toBeVisible();
  await expect(page.locator(".dsl-column-channel")).toBeVisible();
  await expect(one.row("number 125").locator(".dsl-channel")).toHaveText("B");
  await expect(one.row("number 1003").locator(".dsl-channel")).toHaveText("A");
  expect(await one.status()).toMatchObject({ missing: 0, gaps: 0, duplicates: 0 });
});

test("the menu of workflows counts lines, shows some only, and leaves others out", async ({
  host,
  gateway,
  page,
}) => {
  const one = await opened(host, gateway);
  const menu = new FacetMenu(page, "Workflows");
  await expect(menu.button).toHaveText("All workflows");
  expect(await menu.counts()).toEqual(["A orders 1", "B claims 1 · 1 error", "C labs 1"]);
  await menu.close();
  await menu.only("claims");
  await expect(one.messages).toHaveText(["of claims"]);
  await expect(menu.button).toHaveText("claims");
  await gateway.publish({ message: "another of claims" }, channel("claims"));
  await gateway.publish({ message: "another of labs" }, channel("labs"));
  await expect(one.messages).toHaveText(["another of claims", "of claims"]);
  await menu.showAll();
  await menu.exclude("claims");
  await expect(one.messages).toHaveText(["another of labs", "of labs", "of orders"]);
  await expect(menu.button).toHaveText("Not claims");
  await menu.showAll();
  await one.searchField.fill("channel:labs another");
  await expect(one.messages).toHaveText(["another of labs"]);
  await one.searchField.fill("-channel:labs");
  await expect(one.messages).toHaveText(["another of claims", "of claims", "of orders"]);
});

test("lines are in the order in which they were published, across a break", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one", { ...SEVERAL, order: "oldest-first" })).connect();
  /** @type {string[]} */
  const published = [];
  const publish = async (/** @type {number} */ count) => {
    for (let index = 0; index < count; index++) {
      const workflow = WORKFLOWS[(published.length * 7 + index) % 3];
      published.push(`${workflow} ${published.length}`);
      await gateway.publish({ message: published.at(-1) }, channel(workflow));
    }
  };
  await publish(20);
  await expect(one.row(published[19])).toBeVisible();
  await one.disconnectButton.click();
  await publish(20);
  await one.connectButton.click();
  await publish(5);
  await expect(one.row(published[44])).toBeVisible();
  const logs = await one.logs();
  expect(logs.map((log) => log.message)).toEqual(published);
  await page.locator("#one .dsl-row").first().waitFor();
  expect(await one.status()).toMatchObject({ missing: 0, duplicates: 0 });
});

test("copied and saved rows name their channel", async ({ host, gateway, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const one = await opened(host, gateway);
  await one.row("of claims").click();
  await page.keyboard.press("c");
  await expect(page.locator(".dsl-said")).toHaveText(/Copied/);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/ claims ERROR of claims$/);
  for (const [format, expected] of /** @type {const} */ ([
    ["text", / orders INFO of orders$/],
    ["ndjson", /"channel":"logs:etl:workspace123:orders"/],
  ])) {
    await one.saveButton.click();
    await one.saveDialog.getByLabel("Format").selectOption(format);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      one.saveDialog.getByRole("button", { name: "Save" }).click(),
    ]);
    const text = await readFile(await download.path(), "utf8");
    expect(text.split("\n")[0]).toMatch(expected);
  }
});

test("a gap row names its channel", async ({ host, gateway, page }) => {
  await gateway.restartWith("--history-lines", "5");
  const one = await opened(host, gateway);
  await one.disconnectButton.click();
  await gateway.publishNumbers(1, 20, channel("claims"));
  await one.connectButton.click();
  await expect(one.row("number 20")).toBeVisible();
  const gap = one.row("claims · 15 lines missing");
  await expect(gap.locator(".dsl-channel")).toHaveText("B");
  await expect(gap.locator(".dsl-channel")).toBeVisible();
  expect(await one.status()).toMatchObject({ missing: 15, gaps: 1 });
  expect(await seriousViolations(page)).toEqual([]);
});

test("a link leads to the line of its channel", async ({ host, gateway, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const one = await opened(host, gateway, { links: true });
  const menu = new FacetMenu(page, "Workflows");
  await menu.exclude("labs");
  await one.row("of claims").click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.locator(".dsl-said")).toHaveText("Copied link");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const parts = new URLSearchParams(new URL(link).hash.slice(1));
  expect(parts.get("log-channel")).toBe(CHANNELS[1]);
  expect(parts.getAll("not-channel")).toEqual([CHANNELS[2]]);
  await page.goto("about:blank");
  await page.goto(link);
  const again = await (await host.mount("one", { ...SEVERAL, links: true })).connect();
  await expect(page.locator(".dsl-full")).toHaveText("of claims");
  await expect(menu.button).toHaveText("Not labs");
  await expect(again.messages).toHaveText(["of claims", "of orders"]);
});

test("a channel that is refused is named, and the others are shown", async ({
  host,
  gateway,
  page,
}) => {
  await host.open();
  const options = {
    gatewayUrl: "",
    channels: [CHANNELS[0], "logs:etl:prod_workspace:labs"],
    transport: "fetch",
    headers: { "X-User-Id": "reader", "X-Workspace-Id": "workspace123" },
  };
  const one = await (await host.mount("one", options)).connect();
  await expect(one.reason).toHaveText("No access to labs");
  await gateway.publish({ message: "of orders" }, channel("orders"));
  await expect(one.row("of orders").locator(".dsl-channel")).toHaveText("A");
  const menu = new FacetMenu(page, "Workflows");
  expect(await menu.counts()).toEqual(["A orders 1", "B labs no access"]);
  expect(await one.status()).toMatchObject({
    state: "connected",
    reason: "",
    refused: ["logs:etl:prod_workspace:labs"],
  });
});

test("the element reads channels that its attribute or property names", async ({
  host,
  gateway,
  page,
}) => {
  await host.open("element.html");
  const place = page.locator("datashop-live-logs").first();
  const viewer = new Viewer(place);
  await place.evaluate((element) => {
    element.setAttribute("gateway-url", "");
    element.setAttribute("channels", "logs:etl:workspace123:orders, logs:etl:workspace123:claims");
  });
  await viewer.connectButton.click();
  await viewer.expectLive();
  await gateway.publish({ message: "of claims" }, channel("claims"));
  await expect(viewer.row("of claims").locator(".dsl-channel")).toHaveText("B");
  const named = await place.evaluate((/** @type {DatashopLiveLogs} */ element) => {
    const before = element.channels;
    element.channels = ["logs:etl:workspace123:claims", "logs:etl:workspace123:labs"];
    return { before, attribute: element.getAttribute("channels") };
  });
  expect(named).toEqual({
    before: CHANNELS.slice(0, 2),
    attribute: "logs:etl:workspace123:claims,logs:etl:workspace123:labs",
  });
  await expect(viewer.row("of claims").locator(".dsl-channel")).toHaveText("A");
  await place.evaluate((element) => element.setAttribute("channels", "orders"));
  await expect(place.getByRole("alert")).toContainText("channels: expected channels such as");
});

test("earlier lines of all channels are loaded in the order of their publication", async ({
  host,
  gateway,
  page,
}) => {
  /** @type {string[]} */
  const published = [];
  for (let round = 0; round < 40; round++) {
    const workflow = WORKFLOWS[round % 7 === 0 ? 2 : round % 2];
    const entries = Array.from({ length: 30 }, (_, index) => ({ message: `${round}-${index}` }));
    published.push(...entries.map(({ message }) => message));
    await gateway.publishAll(entries, channel(workflow));
    // Logs that the gateway received in the same millisecond are in the order of the channels.
    await page.waitForTimeout(5);
  }
  await host.open();
  const options = { ...SEVERAL, tail: 20, order: "oldest-first" };
  const one = await (await host.mount("one", options)).connect();
  await expect(one.row("39-29")).toBeVisible();
  await expect(async () => {
    await one.list.evaluate((list) => list.scrollTo(0, 0));
    await expect(one.row("Start of the log")).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.locator("#one .dsl-count")).toHaveText("1,200 lines");
  await one.saveButton.click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    one.saveDialog.getByRole("button", { name: "Save" }).click(),
  ]);
  const saved = (await readFile(await download.path(), "utf8")).trimEnd().split("\n");
  const messageOf = (/** @type {string} */ line) => line.split(" ").at(-1) ?? "";
  const seam = saved.indexOf("# The newest lines of each workflow start here");
  const isSorted = (/** @type {string[]} */ messages) =>
    expect(messages).toEqual(published.filter((message) => messages.includes(message)));
  // The tail has the newest 20 lines of each channel.
  const tail = saved.slice(seam + 1).map(messageOf);
  expect(tail).toHaveLength(60);
  isSorted(tail);
  // Before it, the rest, after the row that says that there is nothing earlier.
  const history = saved.slice(1, seam).map(messageOf);
  expect(history).toHaveLength(1_140);
  isSorted(history);
});

test("a wrong channel or gateway is rejected by name", async ({ host, page }) => {
  await host.open();
  for (const [option, value] of /** @type {const} */ ([
    ["channels", "logs:etl:a:b"],
    ["channels", ["etl:a:b"]],
    ["channels", Array.from({ length: 17 }, (_, index) => `logs:etl:a:${index}`)],
    ["gatewayUrl", "javascript:alert(1)"],
  ])) {
    const error = await page.evaluate(
      ({ option, value }) => {
        try {
          harness.mount("two", { ...{ gatewayUrl: "", channels: [] }, [option]: value });
          return null;
        } catch (error) {
          return harness.plain(/** @type {LiveLogsError} */ (error));
        }
      },
      { option, value },
    );
    expect(error).toMatchObject({ type: "option", option });
  }
});
