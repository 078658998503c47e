// `npm run soak`: a page at a steady rate whose stream is cut again and again. Nothing may be lost,
// duplicated, or accumulate. Judges the rows with the oracle of the tests, and prints figures.

import { fileURLToPath } from "node:url";
import {
  buildFaultProxy,
  buildGateway,
  buildPage,
  DIST,
  startFaultProxy,
  startGateway,
} from "./lib/build.mjs";
import { numberOptions } from "./lib/number_options.mjs";
import { entry, stop } from "./lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const USAGE = `usage: npm run soak -- [options]
  --minutes N   how long (30)
  --rate N      lines per second (200)
  --every N     seconds between two cuts (20)`;

/** How often the list is judged and cleared, so that the page never evicts lines. */
const ROUND_MS = 20_000;

/**
 * @typedef {object} Figures
 * @property {number} published
 * @property {number} shown
 * @property {number} lost
 * @property {number} doubled
 * @property {number} gaps
 * @property {number} cuts
 * @property {string[]} faults
 * @property {number[]} heap
 * @property {number[]} listeners
 */

/**
 * Runs the soak on the built page, prints its figures, and returns whether it passed.
 *
 * @param {string} program the gateway
 * @param {{ minutes: number, rate: number, every: number }} options
 */
export async function soak(program, { minutes, rate, every }) {
  const gateway = await startGateway(program, ["--demo", "--port", "0", "--site", DIST]);
  const proxy = await startFaultProxy(await buildFaultProxy(), gateway.url);
  // Not imported at the top: in a fresh clone Playwright is installed by setup.
  const { chromium } = await import("@playwright/test");
  const { judge, readRows } = await import("../tests/e2e/oracle.mjs");
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
    // The greeting arrives after the connection; from then on no line may be lost.
    await page.waitForTimeout(1_000);
    /** @type {Figures} */
    const figures = {
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
      /** @type {number[]} */
      const accepted = [];
      const roundEnd = Math.min(end, Date.now() + ROUND_MS);
      let begun = Date.now();
      while (Date.now() < roundEnd) {
        const message = `number ${figures.published}`;
        if (await publish(gateway.url, message)) accepted.push(figures.published++);
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
      await judgeRound({ judge, readRows }, page, accepted, figures);
      figures.heap.push(await heap(devtools));
      figures.listeners.push((await devtools.send("Memory.getDOMCounters")).jsEventListeners);
      console.log(
        `soak: ${figures.published} published, ${figures.lost} lost, ${figures.doubled} doubled, ${figures.cuts} cuts, heap ${figures.heap.at(-1)} kB, ${figures.listeners.at(-1)} listeners`,
      );
    }
    console.log(
      JSON.stringify(
        {
          minutes,
          rate,
          every,
          ...figures,
          heap: ends(figures.heap),
          listeners: ends(figures.listeners),
        },
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

/**
 * Waits for the last line of a round, judges the round, and clears the list.
 *
 * @param {Pick<typeof import("../tests/e2e/oracle.mjs"), "judge" | "readRows">} oracle
 * @param {import("@playwright/test").Page} page
 * @param {number[]} accepted the numbers of the lines that the gateway accepted
 * @param {Figures} figures
 */
async function judgeRound({ judge, readRows }, page, accepted, figures) {
  const last = `number ${accepted.at(-1)}`;
  const deadline = Date.now() + 60_000;
  let rows = await readRows(page);
  while (!rows.includes(last) && Date.now() < deadline) {
    await page.waitForTimeout(300);
    rows = await readRows(page);
  }
  const { faults, gaps } = judge(rows, accepted);
  const shown = rows.filter((/** @type {string} */ row) => row.startsWith("number "));
  figures.shown += shown.length;
  figures.doubled += shown.length - new Set(shown).size;
  figures.lost += accepted.length - new Set(shown).size;
  figures.gaps += gaps;
  figures.faults.push(...faults.slice(0, 5));
  await page.getByRole("button", { name: "Clear view" }).click();
}

/**
 * @param {string} url
 * @param {string} message
 */
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

/**
 * Returns the size of the heap in kB.
 *
 * @param {import("@playwright/test").CDPSession} devtools
 */
async function heap(devtools) {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return Math.round(usedSize / 1_000);
}

/** @param {number[]} series */
function ends(series) {
  return { first: series[0], last: series.at(-1), highest: Math.max(...series) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const chosen = numberOptions("soak", { minutes: 30, rate: 200, every: 20 }, USAGE);
    await setup("test");
    const program = await buildGateway();
    await buildPage();
    return (await soak(program, chosen)) ? 0 : 1;
  });
}
