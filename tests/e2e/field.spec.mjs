// Entries as real producers write them: levels, times, escape sequences, hidden characters, numbers
// that are not JSON.

import { expect, test } from "./support.mjs";

const ESC = "\u001b";

/**
 * A recording of a first-generation backend that sends these entries, as JSON or as they are.
 *
 * @param {unknown[]} entries
 */
function recording(entries) {
  return entries
    .map((entry) => `data: ${typeof entry === "string" ? entry : JSON.stringify(entry)}\n\n`)
    .join("");
}

/**
 * Connects the demo page to a backend that sends `entries`.
 *
 * @param {Pick<import("./support.mjs").DemoFixtures, "start" | "record" | "demo">} fixtures
 * @param {unknown[]} entries
 */
async function show({ start, record, demo }, entries) {
  const backend = await start("replay", await record(recording(entries)), "--speed", "1000000");
  await demo.open(backend.url);
  await demo.connectButton.click();
  await expect(demo.lineCount.first()).toContainText(`${entries.length} line`);
}

test("levels of any spelling are coloured and kept, and none is hidden silently", async ({
  start,
  record,
  demo,
}) => {
  await show({ start, record, demo }, [
    { level: 50, message: "pino" },
    { severity: "CRITICAL", message: "cloud" },
    { levelname: "WARNING", message: "python" },
    { severityNumber: 17, message: "otel" },
    { log: { level: "err" }, message: "ecs" },
    { level: "AUDIT", message: "custom" },
    { message: "without" },
  ]);
  for (const [text, name, written] of [
    ["pino", "error", "50"],
    ["cloud", "error", "CRITICAL"],
    ["python", "warn", "WARNING"],
    ["otel", "error", "17"],
    ["ecs", "error", "err"],
    ["custom", "other", "AUDIT"],
  ]) {
    await expect(demo.row(text)).toHaveClass(new RegExp(`dsl-level-${name}`));
    await expect(demo.row(text).locator(".dsl-level")).toHaveText(written);
  }
  const levels = demo.levelMenu;
  expect((await levels.counts()).at(-1)).toBe("Unknown level 2");
  await levels.selectOption("Errors");
  await expect(demo.rows).toHaveCount(4);
  const hidden = "4 of 7 lines match · 2 of unknown level not shown";
  await expect(demo.lineCount.first()).toContainText(hidden);
  await levels.selectOption("Unknown level");
  await expect(demo.rows).toHaveCount(2);
  await expect(demo.lineCount.first()).toHaveText("2 of 7 lines match");
});

test("times of all producers are formatted alike, and human-readable times are kept", async ({
  start,
  record,
  demo,
}) => {
  const millis = 1_795_472_914_244;
  const same = [
    { timestamp: millis },
    { timestamp: millis / 1000 },
    { ts: (millis / 1000).toExponential() },
    { time: millis * 1000 },
    `{"timeUnixNano":"${millis}195000"}`,
    { "@timestamp": "2026-11-23T22:28:34.244Z" },
    { isoTime: "2026-11-23T22:28:34.244195000" },
    { time: "2026-11-24T03:58:34.244+05:30" },
  ];
  await show({ start, record, demo }, [...same, { date: "Sep 25 2025 at 01:30 PM" }]);
  const times = await demo.rows.locator(".dsl-time").allTextContents();
  expect(times[0]).toBe("Sep 25 2025 at 01:30 PM");
  expect(new Set(times.slice(1)).size).toBe(1);
  expect(times[1]).toMatch(/^\d\d:\d\d:34\.244\b/);
});

test("escape sequences become styles, and a search sees only the text", async ({
  start,
  record,
  demo,
  page,
}) => {
  await show({ start, record, demo }, [
    { message: `${ESC}[31mconnection${ESC}[0m refused` },
    {
      message: [
        `02:12:58  [${ESC}[1;38;5;196mERROR${ESC}[0m in 9.31s] `,
        `${ESC}]8;;https://example.com${ESC}\\link${ESC}]8;;${ESC}\\ ${ESC}[2K`,
      ].join(""),
    },
    { level: `${ESC}[32minfo${ESC}[39m`, message: "10%\r50%\r100%" },
    { message: "plain" },
  ]);
  expect(await demo.root.evaluate((root) => root.textContent.includes("\u001b"))).toBe(false);
  const row = demo.row("02:12:58");
  await expect(row.locator(".dsl-message")).toHaveText("02:12:58  [ERROR in 9.31s] link ");
  const error = row.locator(".dsl-ansi-bright-red.dsl-ansi-bold");
  await expect(error).toHaveText("ERROR");
  const plain = await row.locator(".dsl-message").evaluate((part) => getComputedStyle(part).color);
  expect(await error.evaluate((part) => getComputedStyle(part).color)).not.toBe(plain);
  await expect(demo.row("100%").locator(".dsl-message")).toHaveText("100%");
  await expect(demo.row("100%")).toHaveClass(/dsl-level-info/);

  await demo.row("100%").getByRole("button").click();
  await expect(page.locator(".dsl-full")).toHaveText(/^10%\s50%\s100%$/);
  await demo.row("connection").getByRole("button").click();
  await expect(page.locator(".dsl-full .dsl-ansi-red")).toHaveText("connection");

  await demo.searchField.fill('"connection refused"');
  await expect(demo.rows).toHaveCount(1);
  expect((await demo.rows.locator("mark").allTextContents()).join("")).toBe("connection refused");
  await demo.searchField.fill('"[ERROR in"');
  await expect(demo.rows).toHaveCount(1);
  await demo.searchField.fill("31m");
  await expect(demo.rows).toHaveCount(0);
  // A row that is reused loses its colours.
  await demo.searchField.fill("plain");
  await expect(demo.rows).toHaveCount(1);
  await expect(demo.rows.locator("[class*=dsl-ansi]")).toHaveCount(0);
});

test("characters that hide or reorder text are visible everywhere", async ({
  start,
  record,
  demo,
  page,
}) => {
  const hidden =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not appear
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
  await show({ start, record, demo }, [
    {
      message: "invoice_\u202efdp.exe",
      pipeline: "pipe\u202eline",
      level: "ER\u200bROR",
      status: "a\u0000b",
      date: "\u2066now\u2069",
    },
    { message: "zero\u200bwidth \u0000 \u0007 \u0085", pipeline: "x" },
  ]);
  const row = demo.row("fdp.exe");
  await expect(row.locator(".dsl-message")).toHaveText("invoice_⟨U+202E⟩fdp.exe");
  await expect(row.locator(".dsl-stand-in")).toHaveText("⟨U+202E⟩");
  await expect(row.locator(".dsl-pipeline")).toHaveText("pipe⟨U+202E⟩line");
  await expect(demo.row("zero")).toContainText("zero⟨U+200B⟩width ␀ ␇ ⟨U+0085⟩");
  await row.getByRole("button").click();
  await expect(page.locator(".dsl-full")).toHaveText("invoice_⟨U+202E⟩fdp.exe");
  await expect(page.locator(".dsl-fields")).toContainText("pipe⟨U+202E⟩line");
  const text = await page
    .locator(".dsl-root")
    .evaluate(
      (root) =>
        root.textContent +
        [...root.querySelectorAll("[title]")]
          .map((element) => element.getAttribute("title"))
          .join(""),
    );
  expect(text).not.toMatch(hidden);
  // The filter still uses the name itself.
  await demo.pipelineMenu.selectOption("pipe⟨U+202E⟩line");
  await expect(demo.rows).toHaveCount(1);
});

test("entries with NaN or a byte order mark keep their level and pipeline", async ({
  start,
  record,
  demo,
  page,
}) => {
  await show({ start, record, demo }, [
    `{"level":"ERROR","pipeline":"TRAIN","message":"loss","loss":NaN,"range":[-Infinity,Infinity]}`,
    `\ufeff{"level":"WARN","pipeline":"BOM","message":"marked"}`,
    `{"level":"ERROR","message":"two"} trailing`,
  ]);
  await expect(demo.row("loss")).toHaveClass(/dsl-level-error/);
  await expect(demo.row("loss").locator(".dsl-pipeline")).toHaveText("TRAIN");
  await expect(demo.row("marked")).toHaveClass(/dsl-level-warn/);
  await expect(demo.row("trailing").locator(".dsl-message")).toHaveText(
    `{"level":"ERROR","message":"two"} trailing`,
  );
  await demo.row("loss").getByRole("button").click();
  await expect(page.getByRole("row", { name: /^loss/ })).toContainText("NaN");
});
