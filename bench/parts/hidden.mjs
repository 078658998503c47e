// Hidden: a tab that nobody sees, at a steady rate. It must draw nothing, hold no more than it may, and be up to date soon after it is seen.

import { setTimeout as pause } from "node:timers/promises";
import { openBrowser } from "../devtools.mjs";
import { FAILED, mb, missing, ms, whole } from "../figures.mjs";
import { queryOf } from "../lab.mjs";

export const hidden = {
  title: "Hidden tab",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ name }) => TAKING.includes(name),
};

/** Ten minutes each: who displays, who does not, where a Worker may be throttled otherwise, and what to compare with. */
const TAKING = ["react-plain", "viewer", "viewer-worker", "headless"];

const RATE = 2_000;

/** What a page holds at most here, so that the heap is to stop growing within the run. */
const CAPACITY = 10_000;

/** How often the heap is looked at. */
const SAMPLES = 10;

function about({ hiddenSeconds }) {
  return `${whole(RATE)} lines/s for ${whole(hiddenSeconds)} s in a tab behind another one, ${whole(CAPACITY)} lines held; the browser throttles such tabs as it does for people. "changes" counts changes of the page's content while hidden. "up to date" is from the moment at which the tab is seen again until the newest line is painted.`;
}

async function run(lab, contenders, { hiddenSeconds: seconds }, { note }) {
  const results = [];
  const tabs = await openBrowser();
  try {
    for (const contender of contenders) {
      const result = await one(lab, tabs, contender, seconds).catch((error) => ({
        absent: `${FAILED}: ${error.message}`,
      }));
      results.push({ name: contender.name, title: contender.title, ...result });
      note(
        result.absent
          ? `hidden ${contender.name}: ${result.absent}`
          : `hidden ${contender.name}: ${result.changes} changes, heap ${result.heaps.map(mb).join(" ")} MB, up to date after ${ms(result.catchUpMs)} ms`,
      );
    }
  } finally {
    await tabs.close();
  }
  return results;
}

async function one(lab, tabs, contender, seconds) {
  const id = `hidden-${process.pid}-${contender.name}`;
  // Longer than it is hidden: the newest line is one that comes after it is seen again.
  const plan = { rate: RATE, seconds: seconds + 30, capacity: CAPACITY };
  const tab = await tabs.open(`${lab.url}/${contender.page}.html?${queryOf(contender, plan, id)}`);
  try {
    await tab.until("Boolean(window.bench)");
    const absent = await tab.evaluate("window.bench.ready.then(() => window.bench.absent)");
    if (absent) return { absent };
    await tab.evaluate("window.bench.start()");
    await pause(1_000);
    const front = await tabs.open("about:blank");
    await pause(500);
    if ((await tab.evaluate("document.visibilityState")) !== "hidden")
      throw new Error("the browser does not hide a tab behind another one");
    await tab.evaluate(WATCH);
    const heaps = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await pause((seconds * 1_000) / SAMPLES);
      heaps.push(await tab.heap());
    }
    const changes = await tab.evaluate("window.changes");
    const before = (await lab.told(id)).sent;
    const start = Date.now();
    await tab.bringToFront();
    // Where nothing is displayed there is nothing to wait for.
    const catchUpMs = contender.isShowing
      ? (await tab.evaluate(`window.bench.paintedSince(${before})`)) - start
      : null;
    const { longTasks, frames, lines, wasmBytes } = await tab.evaluate("window.bench.figures()");
    await front.close();
    return { changes, heaps, catchUpMs, longTasks, frames, lines, wasmBytes, sent: before };
  } finally {
    await tab.close();
  }
}

const WATCH = `(() => {
  window.changes = 0;
  new MutationObserver((list) => (window.changes += list.length)).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
})()`;

function rows(results) {
  return [
    [
      "client",
      "lines",
      "changes while hidden",
      "JS heap MB, first … last",
      "wasm MB",
      "up to date ms",
      "tasks > 50 ms",
    ],
    ...results.map(row),
  ];
}

function row({ title, absent, lines, changes, heaps, wasmBytes, catchUpMs, longTasks }) {
  if (absent) return [title, missing(absent), "", "", "", "", ""];
  return [
    title,
    whole(lines),
    whole(changes),
    `${mb(heaps[0])} … ${mb(heaps.at(-1))} (highest ${mb(Math.max(...heaps))})`,
    mb(wasmBytes || null),
    ms(catchUpMs),
    `${longTasks.count} (worst ${ms(longTasks.worst)} ms)`,
  ];
}
