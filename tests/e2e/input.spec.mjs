// Input from the network: recorded, hostile, long, broken. All of it is shown, none of it runs.

import { expect, test } from "./support.mjs";

const RECORDINGS = new URL("../fixtures/", import.meta.url).pathname;

test("shows the recorded stream of the gateway generation", async ({ start, demo }) => {
  const backend = await start("replay", `${RECORDINGS}gateway-envelopes.sse`, "--speed", "50");
  await demo.openLive(backend.url);
  await expect(demo.rows).toHaveCount(5);
  for (const number of [1, 2, 3])
    await expect(demo.row(`ETL pipeline started successfully (Log #${number})`)).toBeVisible();
  const foreign = demo.row('naïve ünïcode ✓ "quoted" <b>html</b>');
  await expect(foreign).toContainText("1:02:03 PM");
  await expect(foreign).toContainText("logs:faas:workspace123:workflow789");
  await expect(demo.row("Test log message from gateway (1795472915290)")).toBeVisible();
});

test("shows the recorded stream of the first generation", async ({ start, demo, page }) => {
  const backend = await start("replay", `${RECORDINGS}backend-flat-entries.sse`, "--speed", "50");
  await demo.openLive(backend.url);
  await expect(demo.rows).toHaveCount(7);
  await expect(demo.row("Starting L5 DAP")).toContainText("DEBUG");
  await expect(demo.row("L5 tag version:v3.7 is running")).toContainText("DATA_VALIDATION");
  await expect(demo.rows.first()).toContainText("1m 58s");
  await demo.rows.first().getByRole("button").click();
  await page.locator(".dsl-fields").getByText("3 fields").click();
  await expect(page.getByRole("row", { name: /^pipelineID/ })).toContainText(
    "85bc12d4-a371-4546-c24b-2g4bcgd3b88g",
  );
});

test("markup in a log is shown as text", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  const attack = "<img src=x onerror=alert(1)>";
  await gateway.publish({
    level: attack,
    pipeline: attack,
    message: attack,
    date: attack,
    status: attack,
    isoTime: '"><script>alert(1)</script>',
  });
  const row = demo.row(attack);
  await expect(row.locator(".dsl-message")).toHaveText(attack);
  // Not by the mouse: the list moves, and another line may be under it by then.
  await row.getByRole("button").dispatchEvent("click");
  await expect(page.locator(".dsl-full")).toHaveText(attack);
  expect(await page.locator(".dsl-root img, .dsl-root script").count()).toBe(0);
});

test("invalid JSON, error events and entries of any shape are lines", async ({
  start,
  record,
  demo,
}) => {
  const recording = await record(
    [
      "data: plain text, no JSON\n\n",
      'event: error\ndata: {"message":"the backend failed inside"}\n\n',
      "data: 12.50\n\ndata: null\n\ndata: {broken\n\n",
      "data: two\ndata: lines\n\n",
      'data: {"channel":"logs:etl:workspace123:workflow456","data":"a bare string","id":"s"}\n\n',
    ].join(""),
  );
  const backend = await start("replay", recording, "--speed", "1000");
  await demo.open(backend.url);
  await demo.connectButton.click();
  await expect(demo.rows).toHaveCount(7);
  for (const text of [
    "plain text, no JSON",
    "12.50",
    "null",
    "{broken",
    "two lines",
    "a bare string",
  ])
    await expect(demo.row(text)).toBeVisible();
  await expect(demo.row("the backend failed inside")).toContainText("ERROR");
  await demo.expectLive();
});

test("a line of more than a megabyte is truncated on screen, and says so", async ({
  start,
  record,
  demo,
  page,
}) => {
  const long = "x".repeat(3_000_000);
  const backend = await start(
    "replay",
    await record(`data: {"level":"INFO","message":"start ${long}"}\n\ndata: next\n\n`),
    "--speed",
    "1000",
  );
  await demo.open(backend.url);
  await demo.connectButton.click();
  await expect(demo.row("next")).toBeVisible();
  await expect(demo.row("start x")).toContainText("+2.9 MB");
  const widest = await demo.row("start x").evaluate((row) => row.textContent.length);
  expect(widest).toBeLessThan(3_000);
  await demo.row("start x").getByRole("button").click();
  await expect(page.locator(".dsl-detail .dsl-count")).toContainText("truncated: 1.9 MB not kept");
  const shown = () => page.locator(".dsl-full").evaluate((full) => full.textContent.length);
  expect(await shown()).toBeLessThan(100_000);
  const all = page.getByRole("button", { name: "Show all 1.0 MB" });
  await all.click();
  await expect.poll(shown).toBeGreaterThan(1_000_000);
  await expect(all).toBeHidden();
  await expect(page.locator(".dsl-full")).toBeFocused();
});

test("a channel that is not granted is reported at once", async ({ start, record, demo, page }) => {
  const backend = await start(
    "replay",
    await record('data: {"type":"connection","status":"connected","channels":[]}\n\n'),
  );
  await demo.open(backend.url);
  await demo.connectButton.click();
  await demo.expectStatus("ERROR");
  await expect(
    page.getByText("You don't have access to this workflow's logs").first(),
  ).toBeVisible();
  await expect(demo.connectButton).toBeVisible();
});
