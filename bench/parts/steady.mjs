// Steady: a constant rate of lines for a while. Measures how smooth the page stays, and whether
// anything is lost.

import { missing, ms, rateOf, rough, whole } from "../figures.mjs";
import { barsOf } from "../plot.mjs";

/**
 * @import { Lab } from "../lab.mjs"
 * @import { Cell, Contender, Options, Part, Plot, Result, RunFigures } from "../types.js"
 *
 * @typedef {RunFigures & { achieved: number }} SteadyFigures
 *
 * @typedef {Result<SteadyFigures> & { rate: number }} SteadyResult
 */

/** @type {Part<SteadyResult>} */
export const steady = {
  title: "Steady rate",
  about,
  run,
  rows,
  plots,
  contenders: ({ isShowing, isFloor, name }) =>
    (Boolean(isShowing) && !isFloor) || name === "headless" || name === "bare",
};

/** How much longer than the stream a client may take, as a share of the stream's time. */
const LATE = 0.5;

/** @param {Options} options */
function about({ rates, seconds }) {
  return [
    `${rates.map(whole).join(" and ")} lines/s for ${seconds} s. "behind" is the most lines that `,
    "the server had to hold back because the client did not read; a client that does not keep up ",
    `is cut ${Math.round(seconds * LATE)} s after the expected end of the stream.`,
  ].join("");
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { rates, seconds, payload, profiler }, { note }) {
  /** @type {SteadyResult[]} */
  const results = [];
  for (const rate of rates) {
    const lines = rate * seconds;
    const plan = { rate, seconds, last: lines, payload, capacity: lines + 1_000 };
    for (const contender of contenders) {
      const { name, title } = contender;
      const figures = await lab.visit(contender, plan, async (station) =>
        judged(
          await station.run({
            patienceMs: seconds * (1 + LATE) * 1_000,
            profiler: profiler?.(),
          }),
          lines,
        ),
      );
      results.push({ name, title, rate, ...figures });
      if (figures.absent === null)
        note(
          `steady ${whole(rate)}/s ${name}: ${rough(figures.achieved)} lines/s, ` +
            `frame p95 ${ms(figures.frames.p95)} ms, ${figures.longTasks.count} long tasks`,
        );
    }
  }
  return results;
}

/**
 * Adds what is lost and the rate. Lines that are missing when a client is cut are not lost: they
 * might have arrived later.
 *
 * @param {RunFigures} figures
 * @param {number} lines
 * @returns {SteadyFigures}
 */
function judged(figures, lines) {
  const lost = figures.isCut ? null : lines - figures.lines;
  return { ...figures, lost, achieved: rateOf(figures) };
}

/**
 * @param {SteadyResult[]} results
 * @returns {Cell[][]}
 */
function rows(results) {
  const head = [
    "client",
    "lines/s sent",
    "received",
    "CPU % of a core",
    "frame p50 ms",
    "p95",
    "p99",
    "worst",
    "tasks > 50 ms",
    "held",
    "lost",
    "behind",
  ];
  return [head, ...results.map(row)];
}

/** @param {SteadyResult} result */
function row(result) {
  const { title, rate } = result;
  if (result.absent !== null)
    return [title, whole(rate), missing(result.absent), ...Array(9).fill("")];
  const { achieved, cpuMs, ms: took, frames, longTasks, held, lost, isCut, server } = result;
  const cpu = whole((cpuMs / took) * 100);
  return [
    title,
    whole(rate),
    rough(achieved),
    cpu,
    ms(frames.p50),
    ms(frames.p95),
    ms(frames.p99),
    ms(frames.worst),
    `${longTasks.count} (${whole(longTasks.total)} ms)`,
    whole(held),
    isCut ? "cut" : whole(lost),
    whole(server.worstBehind),
  ];
}

/**
 * @param {SteadyResult[]} results
 * @returns {Record<string, Plot>}
 */
function plots(results) {
  const rate = Math.max(...results.map(({ rate }) => rate));
  const bars = barsOf(
    results.filter((result) => result.rate === rate),
    ({ frames }) => frames.p95,
  );
  return {
    steady: {
      title: `Time between frames at ${whole(rate)} lines/s, 95th percentile`,
      unit: "ms",
      isLogarithmic: true,
      bars,
      format: ms,
    },
  };
}
