// An opened entry: near its row, whole, once, and to be taken along.

import { seriousViolations } from "../support/accessibility.mjs";
import { boxOf } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

const JAVA_TRACE = [
  "org.apache.spark.SparkException: Job aborted due to stage failure: Task 14 in stage 3.0 failed",
  ...Array.from(
    { length: 13 },
    (_, at) => `\tat org.apache.spark.Frame${at}.run(Frame.java:${at})`,
  ),
  "Caused by: java.io.IOException: footer checksum mismatch in part-00014.parquet",
  ...Array.from(
    { length: 6 },
    (_, at) => `\tat org.apache.parquet.Read${at}.read(Read.java:${at})`,
  ),
].join("\n");

const FAILURE = {
  level: "ERROR",
  pipeline: "ETL_PROCESSING",
  message: JAVA_TRACE,
  attempt: 3,
  big: "x".repeat(5_000),
  meta: { execID: "run-8801", nested: { deep: [1, { rows: 300 }] } },
};

/** @param {Page} page */
const entry = (page) => page.getByRole("region", { name: "Log entry" });

/** @param {Page} page */
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

/**
 * Returns where a text is in the window.
 *
 * @param {Page} page
 * @param {string} text
 */
function textBox(page, text) {
  return page.locator(".dsl-full").evaluate((full, text) => {
    const walker = document.createTreeWalker(full, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent?.indexOf(text) ?? -1;
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + text.length);
      const { top, bottom } = range.getBoundingClientRect();
      return { top, bottom };
    }
    throw new Error(`"${text}" is not in the message`);
  }, text);
}

test("a click on the row shows its whole trace inside the window", async ({
  gateway,
  demo,
  page,
}) => {
  await page.setViewportSize({ width: 1_280, height: 800 });
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  for (let number = 0; number < 30; number++) await quiet.publish({ message: `before ${number}` });
  await quiet.publish(FAILURE);
  const row = demo.row("Job aborted");
  await row.locator(".dsl-message").click();
  await expect(entry(page)).toBeVisible();
  const { top, bottom } = await textBox(page, "Caused by");
  const panel = await boxOf(entry(page));
  expect(top).toBeGreaterThan(panel.y);
  expect(bottom).toBeLessThanOrEqual(Math.min(800, panel.y + panel.height));
  // The row itself is not covered.
  const { y, height } = await boxOf(row);
  expect(y).toBeGreaterThanOrEqual((await boxOf(demo.list)).y);
  expect(y + height).toBeLessThanOrEqual(panel.y);
  await expect(page.locator(".dsl-full")).toHaveText(JAVA_TRACE, { useInnerText: true });
  const text = await entry(page).evaluate((panel) => panel.textContent);
  expect(text.split("footer checksum mismatch")).toHaveLength(2);
});

for (const [width, height] of [
  [320, 640],
  [640, 400],
])
  test(`an entry opens inside a window of ${width} by ${height}`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.setViewportSize({ width, height });
    const quiet = await gateway.restartWith();
    await demo.openLive(quiet.url);
    await quiet.publish(FAILURE);
    await demo.row("Job aborted").locator(".dsl-message").click();
    const isInside = async () => {
      const box = await boxOf(entry(page));
      return box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height;
    };
    await expect.poll(isInside).toBe(true);
    const { top } = await textBox(page, "Job aborted");
    expect(top).toBeLessThan(height);
  });

test("a row with selected text does not open", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "a line to select a part of" });
  const { x, y, height } = await boxOf(demo.row("a line").locator(".dsl-message"));
  await page.mouse.move(x + 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + 80, y + height / 2, { steps: 4 });
  await page.mouse.up();
  expect(await page.evaluate(() => `${getSelection()}`)).not.toBe("");
  await expect(entry(page)).toBeHidden();
  // A click beside the selection ends it, and opens the row.
  await page.mouse.click(x + 300, y + height / 2);
  await expect(entry(page)).toBeVisible();
});

test("fields are a table, and nested values open one level at a time", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish(FAILURE);
  await demo.row("Job aborted").click();
  const fields = page.getByRole("table", { name: "Fields" });
  await expect(fields.getByRole("rowheader")).toHaveText([
    "level",
    "pipeline",
    "attempt",
    "big",
    "meta",
  ]);
  const cells = page.locator(".dsl-field");
  await expect(cells.filter({ has: page.getByText("big", { exact: true }) })).toContainText(
    /^bigx+/,
  );
  expect(await fields.evaluate((table) => table.textContent?.length)).toBeLessThan(3_000);
  await fields.getByRole("button", { name: "Show all 5.0 kB" }).click();
  expect(await fields.evaluate((table) => table.textContent?.length)).toBeGreaterThan(5_000);
  await expect(page.locator(".dsl-value:focus")).toHaveText(/^x+$/);
  await expect(fields.getByText("execID")).toHaveCount(0);
  await fields.getByText("2 fields").click();
  await expect(fields.getByText("run-8801")).toBeVisible();
  await fields.getByText("1 field", { exact: true }).click();
  await fields.getByText("2 items").click();
  await expect(fields.getByText("rows")).toHaveCount(0);
  await fields.getByText("1 field", { exact: true }).last().press("Enter");
  await expect(fields.getByRole("row", { name: /^rows/ })).toContainText("300");
});

test("a megabyte of nested values opens without a stall", async ({ start, record, demo, page }) => {
  const depth = 1_000;
  const deep = `${'{"d":'.repeat(depth)}"bottom"${"}".repeat(depth)}`;
  const items = JSON.stringify(
    Array.from({ length: 9_000 }, (_, at) => ({ at, text: "x".repeat(80) })),
  );
  const text = `{"message":"huge","deep":${deep},"items":${items}}`;
  const backend = await start("replay", await record(`data: ${text}\n\n`), "--speed", "1000");
  await demo.open(backend.url);
  await demo.connectButton.click();
  await demo.row("huge").click();
  await expect(entry(page).getByRole("rowheader")).toHaveText(["deep", "items"]);
  for (let level = 0; level < 50; level++)
    await page.locator(".dsl-detail details:not([open]) > summary").first().press("Enter");
  await expect(entry(page).getByRole("rowheader", { name: "d", exact: true })).toHaveCount(50);
  await page.getByText("9,000 items").click();
  const rows = page.getByRole("table", { name: "Values" }).last().getByRole("rowheader");
  await expect(rows).toHaveCount(100);
  await page.getByRole("button", { name: "Show 100 of 8,900 more" }).click();
  await expect(rows).toHaveCount(200);
  await expect(page.locator(".dsl-key:focus")).toHaveText("100");
});

test("JSON in a message is indented", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: 'request failed: {"code":5,"at":["a"]}' });
  await demo.row("request failed").click();
  await expect(page.locator(".dsl-full")).toHaveText(
    'request failed: {\n  "code": 5,\n  "at": [\n    "a"\n  ]\n}',
    { useInnerText: true },
  );
});

test("message, JSON and values are copied as they were sent", async ({
  gateway,
  demo,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish(FAILURE);
  await demo.row("Job aborted").click();
  const said = page.locator(".dsl-said");
  await page.getByRole("button", { name: "Copy message" }).click();
  await expect(said).toHaveText("Copied message");
  expect(await clipboard(page)).toBe(JAVA_TRACE);
  await page.getByRole("button", { name: "Copy JSON" }).click();
  await expect(said).toHaveText("Copied JSON");
  expect(JSON.parse(await clipboard(page))).toMatchObject(FAILURE);
  await page.getByRole("button", { name: "Copy big" }).click();
  await expect(said).toHaveText("Copied value");
  expect(await clipboard(page)).toBe(FAILURE.big);
  await page.getByRole("button", { name: "Copy meta" }).click();
  await expect.poll(async () => JSON.parse(await clipboard(page))).toEqual(FAILURE.meta);
});

test("copying works without the clipboard API, and says why it fails", async ({
  gateway,
  demo,
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "first\n\tsecond" });
  await demo.row("first").click();
  await page.evaluate(() => {
    Reflect.set(window, "clipboard", navigator.clipboard);
    Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
  });
  const said = page.locator(".dsl-said");
  const button = page.getByRole("button", { name: "Copy message" });
  await button.click();
  await expect(said).toHaveText("Copied message");
  await expect(button).toBeFocused();
  expect(await page.evaluate(() => Reflect.get(window, "clipboard").readText())).toBe(
    "first\n\tsecond",
  );
  await page.evaluate(() => {
    document.execCommand = () => false;
  });
  await button.click();
  await expect(said).toHaveText(
    "Could not copy message: the browser denied access to the clipboard",
  );
});

test("an opened entry survives its line, and its focus returns to the list", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "to be evicted", kept: "value" });
  await demo.row("to be evicted").click();
  await expect(entry(page)).toContainText("to be evicted");
  // The demo page keeps 50,000 lines.
  for (let first = 1; first <= 51_000; first += 1_000) {
    await quiet.publishBatch(first, first + 999);
    if (first % 5_000 === 1) await expect(demo.newestButton).toHaveText(/^↑ [\d,]+ new$/);
  }
  await expect(demo.row("to be evicted")).toHaveCount(0);
  await expect(entry(page)).toContainText("to be evicted");
  await expect(entry(page)).toContainText("value");
  await page.locator(".dsl-full").focus();
  await page.keyboard.press("Escape");
  await expect(entry(page)).toBeHidden();
  await expect(demo.list).toBeFocused();
});

for (const colorScheme of /** @type {const} */ (["light", "dark"]))
  test(`an opened entry has no serious accessibility violation (${colorScheme})`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    const quiet = await gateway.restartWith();
    await demo.openLive(quiet.url);
    await quiet.publish(FAILURE);
    await demo.row("Job aborted").click();
    await page.getByText("2 fields").click();
    await expect(page.getByText("run-8801")).toBeVisible();
    expect(await seriousViolations(page)).toEqual([]);
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await seriousViolations(page)).toEqual([]);
  });

test("a field of the entry is added to the search, or excluded, with its quotes", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  const jobs = ['-a "b": c', "plain", '-a "b": c', "other"];
  for (const [number, job] of jobs.entries())
    await quiet.publish({ message: `part ${number}`, meta: { job } });
  await demo.row("part 2").click();
  await page.locator(".dsl-inside").click();
  await page.getByRole("button", { name: "Add filter job" }).click();
  await expect(demo.searchField).toHaveValue('job:"-a \\"b\\": c"');
  await expect(demo.messages).toHaveText(["part 2", "part 0"]);
  await page.getByRole("button", { name: "Exclude job" }).click();
  await expect(demo.searchField).toHaveValue('-job:"-a \\"b\\": c"');
  await expect(demo.messages).toHaveText(["part 3", "part 1"]);
});

test("one region speaks, also for keys and buttons", async ({ gateway, demo, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish(FAILURE);
  await demo.row("Job aborted").click();
  const region = page.locator(".dsl-root").getByRole("status", { includeHidden: true });
  await expect(region).toHaveCount(1);
  const spoken = () => region.evaluate((element) => element.textContent);
  await expect.poll(spoken).toContain("Paused");
  await page.getByRole("button", { name: "Copy message" }).click();
  await expect.poll(spoken).toBe("Copied message");
  await page.getByRole("button", { name: "Copy message" }).click();
  // A change, so that it is spoken again.
  await expect.poll(spoken).toBe("Copied message\u00a0");
});
