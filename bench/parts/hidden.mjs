// Hidden: a background tab at a steady rate. It must render nothing, stay within its capacity, and
// be up to date soon after it becomes visible.

import { setTimeout as pause } from "node:timers/promises";
import { openBrowser } from "../devtools.mjs";
import { FAILED, mb, missing, ms, whole } from "../figures.mjs";
import { messageOf, queryOf } from "../lab.mjs";

/**
 * @import { Browser } from "../devtools.mjs"
 * @import { Lab } from "../lab.mjs"
 * @import { Contender, Measured, Options, PageFigures, Part, Result } from "../types.js"
 *
 * @typedef {object} HiddenFigures
 * @property {number} changes
 * @property {number[]} heaps
 * @property {number | null} catchUpMs
 * @property {PageFigures["longTasks"]} longTasks
 * @property {PageFigures["frames"]} frames
 * @property {number} lines
 * @property {number} wasmBytes
 * @property {number} sent
 */

/** @type {Part<Result<HiddenFigures>>} */
export const hidden = {
  title: "Hidden tab",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ name }) => CONTENDERS.includes(name),
};

/**
 * Ten minutes each: with a display, without one, with a Worker, which may be throttled differently,
 * and one to compare with.
 */
const CONTENDERS = ["react-plain", "viewer", "viewer-worker", "headless"];

const RATE = 2_000;

/** The capacity of a page, so that the heap stops growing within the run. */
const CAPACITY = 10_000;

/** The number of heap samples. */
const SAMPLES = 10;

/** @param {Options} options */
function about({ hiddenSeconds }) {
  return [
    `${whole(RATE)} lines/s for ${whole(hiddenSeconds)} s in a tab behind another one, `,
    `${whole(CAPACITY)} lines held; the browser throttles such tabs as it does for users. `,
    '"changes" counts changes of the content while hidden. "up to date" is from the moment the ',
    "tab is visible again until the newest line is painted.",
  ].join("");
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { hiddenSeconds: seconds }, { note }) {
  const results = [];
  const tabs = await openBrowser();
  try {
    for (const contender of contenders) {
      const { name, title } = contender;
      const result = await measure(lab, tabs, contender, seconds).catch((error) => ({
        absent: `${FAILED}: ${messageOf(error)}`,
      }));
      results.push({ name, title, ...result });
      note(
        result.absent !== null
          ? `hidden ${name}: ${result.absent}`
          : `hidden ${name}: ${result.changes} changes, ` +
              `heap ${result.heaps.map(mb).join(" ")} MB, ` +
              `up to date after ${ms(result.catchUpMs)} ms`,
      );
    }
  } finally {
    await tabs.close();
  }
  return results;
}

/**
 * @param {Lab} lab
 * @param {Browser} tabs
 * @param {Contender} contender
 * @param {number} seconds
 * @returns {Promise<Measured<HiddenFigures>>}
 */
async function measure(lab, tabs, contender, seconds) {
  const id = `hidden-${process.pid}-${contender.name}`;
  // Longer than it is hidden: the newest line arrives after it is visible again.
  const plan = { rate: RATE, seconds: seconds + 30, capacity: CAPACITY };
  const tab = await tabs.open(`${lab.url}/${contender.page}.html?${queryOf(contender, plan, id)}`);
  try {
    await tab.until("Boolean(window.bench)");
    const absent = await tab.evaluate(() => window.bench.ready.then(() => window.bench.absent));
    if (absent !== null) return { absent };
    await tab.evaluate(() => window.bench.start());
    await pause(1_000);
    const front = await tabs.open("about:blank");
    await pause(500);
    if ((await tab.evaluate("document.visibilityState")) !== "hidden")
      throw new Error("the browser does not hide background tabs");
    await tab.evaluate(countChanges);
    const heaps = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await pause((seconds * 1_000) / SAMPLES);
      heaps.push(await tab.heap());
    }
    const changes = await tab.evaluate(() => window.changes);
    const before = (await lab.serverRun(id)).sent;
    const start = Date.now();
    await tab.bringToFront();
    // Without a display there is nothing to wait for.
    const catchUpMs = contender.isShowing
      ? (await tab.evaluate((number) => window.bench.paintedSince(number), before)) - start
      : null;
    const { longTasks, frames, lines, wasmBytes } = await tab.evaluate(() =>
      window.bench.figures(),
    );
    await front.close();
    const figures = { longTasks, frames, lines, wasmBytes };
    return { absent: null, changes, heaps, catchUpMs, ...figures, sent: before };
  } finally {
    await tab.close();
  }
}

/** Counts the changes of the page's content. Runs in the page. */
function countChanges() {
  window.changes = 0;
  const observer = new MutationObserver((list) => {
    window.changes += list.length;
  });
  const everything = { childList: true, subtree: true, characterData: true, attributes: true };
  observer.observe(document.body, everything);
}

/** @param {Result<HiddenFigures>[]} results */
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

/** @param {Result<HiddenFigures>} result */
function row(result) {
  const { title } = result;
  if (result.absent !== null) return [title, missing(result.absent), "", "", "", "", ""];
  const { lines, changes, heaps, wasmBytes, catchUpMs, longTasks } = result;
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
