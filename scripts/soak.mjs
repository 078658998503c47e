// @ts-check

// `npm run soak`: a page at a steady rate while its stream is cut over and over. Nothing may be lost, doubled, or pile up.
// Reads the page's own data by the same oracle as the tests; prints figures, and fails on a loss.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildGateway, buildPage, DIST, startGateway } from "./lib/build.mjs";
import { entry, stop, UserError } from "./lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const USAGE = `usage: npm run soak -- [options]
  --minutes N   how long (30)
  --rate N      lines per second (200)
  --every N     seconds between two cuts (20)`;

/** Judged and cleared this often, so that the page never has to drop its oldest lines. */
const ROUND_MS = 20_000;

/** Runs the soak on a built page and gateway, prints its figures, and gives whether nothing was lost or doubled. */
export async function soak(program, { minutes, rate, every }) {
  const gateway = await startGateway(program, ["--port", "0", "--site", DIST]);
  const proxy = await startGateway(program, [
    "faults",
    "--listen",
    "127.0.0.1:0",
    "--to",
    gateway.url,
    "--plan",
    "pass",
  ]);
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { chromium } = await import("@playwright/test");
  const oracle = await import("../tests/e2e/oracle.mjs");
  const browser = await chromium.launch({
    executablePath: findBrowsers().chromium,
    args: [...CHROMIUM_FLAGS, "--js-flags=--expose-gc"],
  });
  try {
    const page = await browser.newPage();
    const devtools = await page.context().newCDPSession(page);
    await page.goto(proxy.url);
    await page.getByRole("button", { name: "Connect Live Logs" }).click();
    await page.locator(".dsl-is-connected").waitFor();
    // Connected is not greeted: from here on every line is promised.
    await page.waitForTimeout(1_000);
    const figures = {
      minutes,
      rate,
      every,
      published: 0,
      shown: 0,
      lost: 0,
      doubled: 0,
      gaps: 0,
      cuts: 0,
      faults: [],
      heap: [],
      listeners: [],
    };
    const end = Date.now() + minutes * 60_000;
    let cutAt = Date.now() + every * 1_000;
    while (Date.now() < end) {
      const taken = [];
      const roundEnd = Math.min(end, Date.now() + ROUND_MS);
      let begun = Date.now();
      while (Date.now() < roundEnd) {
        const message = `number ${figures.published}`;
        if (await publish(gateway.url, message)) taken.push(figures.published++);
        if (Date.now() > cutAt) {
          await fetch(`${proxy.url}/faults/${figures.cuts++ % 2 ? "reset" : "cut"}`, {
            method: "POST",
          });
          cutAt += every * 1_000;
        }
        begun += 1_000 / rate;
        if (begun > Date.now())
          await new Promise((resolve) => setTimeout(resolve, begun - Date.now()));
      }
      await settle(oracle, page, taken, figures);
      figures.heap.push(await heap(devtools));
      figures.listeners.push((await devtools.send("Memory.getDOMCounters")).jsEventListeners);
      console.log(
        `soak: ${figures.published} published, ${figures.lost} lost, ${figures.doubled} doubled, ${figures.cuts} cuts, heap ${figures.heap.at(-1)} kB, ${figures.listeners.at(-1)} listeners`,
      );
    }
    console.log(
      JSON.stringify(
        { ...figures, heap: ends(figures.heap), listeners: ends(figures.listeners) },
        null,
        2,
      ),
    );
    return (
      figures.published > 0 &&
      figures.cuts > 0 &&
      figures.faults.length + figures.lost + figures.doubled === 0
    );
  } finally {
    await browser.close();
    await stop(proxy.child);
    await stop(gateway.child);
  }
}

/** Waits until the round's last line is there, judges the round, and clears the list for the next. */
async function settle({ judge, readRows }, page, taken, figures) {
  const last = `number ${taken.at(-1)}`;
  const deadline = Date.now() + 60_000;
  let rows = await readRows(page);
  while (!rows.includes(last) && Date.now() < deadline) {
    await page.waitForTimeout(300);
    rows = await readRows(page);
  }
  const { faults, gaps } = judge(rows, taken);
  const shown = rows.filter((row) => row.startsWith("number "));
  figures.shown += shown.length;
  figures.doubled += shown.length - new Set(shown).size;
  figures.lost += taken.length - new Set(shown).size;
  figures.gaps += gaps;
  figures.faults.push(...faults.slice(0, 5));
  await page.getByRole("button", { name: "Clear" }).click();
}

async function publish(url, message) {
  const body = JSON.stringify({
    service: "etl",
    workspace_id: "workspace123",
    workflow_id: "workflow456",
    logData: { level: "INFO", pipeline: "SOAK", message },
  });
  const headers = { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" };
  return (await fetch(`${url}/logs/stream`, { method: "POST", headers, body })).ok;
}

async function heap(devtools) {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return Math.round(usedSize / 1_000);
}

/** The first and the last of a series, and its highest. */
function ends(series) {
  return { first: series[0], last: series.at(-1), highest: Math.max(...series) };
}

function options() {
  try {
    const number = { type: "string" };
    const { values } = parseArgs({
      options: {
        minutes: { ...number, default: "30" },
        rate: { ...number, default: "200" },
        every: { ...number, default: "20" },
      },
    });
    const read = Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, Number(text)]),
    );
    const wrong = Object.keys(read).find((name) => !(read[name] > 0));
    if (wrong) throw new Error(`--${wrong} ${values[wrong]}: expected a number above 0`);
    return read;
  } catch (error) {
    throw new UserError(`soak: ${error.message}\n${USAGE}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const chosen = options();
    await setup("test");
    const program = await buildGateway();
    await buildPage();
    return (await soak(program, chosen)) ? 0 : 1;
  });
}
