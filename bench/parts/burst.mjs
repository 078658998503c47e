// Burst: N lines as fast as the client accepts them. Contenders run in turn, round by round; each
// is compared with the baseline of its own round, since the speed of a machine varies.

import { BARE } from "../contenders.mjs";
import { mb, median, missing, ms, rateOf, ratio, rough, whole } from "../figures.mjs";
import { barsOf } from "../plot.mjs";

/**
 * @import { Lab } from "../lab.mjs"
 * @import { Cell, Contender, Options, Part, Plot, Result, RunFigures } from "../types.js"
 *
 * @typedef {RunFigures & { round: number, heap: number | null }} BurstRun
 *
 * @typedef {ReturnType<typeof summary>} BurstFigures
 *
 * @typedef {Result<BurstFigures>} BurstResult
 *
 * @typedef {Pick<Options, "lines" | "rounds" | "payload" | "patience" | "profiler">} BurstOptions
 */

/** @type {Part<BurstResult>} */
export const burst = {
  title: "Burst",
  about,
  run: (lab, contenders, options, { note }) => measureBurst(lab, contenders, options, note),
  rows,
  plots,
  contenders,
};

/**
 * The viewer shows one workflow; only the headless client reads many channels.
 *
 * @param {Contender} contender
 * @param {Options} options
 */
function contenders({ isFloor, page }, { payload }) {
  return !isFloor && (payload !== "channels" || page !== "viewer");
}

/** @param {Options} options */
function about({ lines, rounds, payload }) {
  return [
    `${whole(lines)} lines (payload "${payload}") in one burst, one line per event unless the row `,
    `says otherwise; medians of ${rounds} rounds, contenders in turn. The ratio is to the bare `,
    "`EventSource` of the same round. For a client with a display, the time is until the last ",
    "line is painted.",
  ].join("");
}

/**
 * Runs all contenders; the results are in their order.
 *
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {BurstOptions} options
 * @param {(line: string) => void} note
 * @returns {Promise<BurstResult[]>}
 */
export async function measureBurst(lab, contenders, options, note) {
  const { lines, rounds, payload, patience, profiler } = options;
  const plan = { lines, last: lines, payload, capacity: lines + 1_000 };
  /** @type {Map<string, BurstRun[]>} */
  const runs = new Map(contenders.map(({ name }) => [name, []]));
  /** @type {Map<string, string>} */
  const failures = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of inTurn(contenders, round)) {
      const { name } = contender;
      // An option that is missing in the first round stays missing; a failure may not repeat.
      const failure = failures.get(name);
      if (failure && missing(failure) === "not there yet") continue;
      const figures = await lab.visit(contender, plan, async (station) => {
        const figures = await station.run({ patienceMs: patience * 1_000, profiler: profiler?.() });
        return { ...figures, round, heap: figures.isCut ? null : await station.page.heap() };
      });
      if (figures.absent !== null) {
        failures.set(name, figures.absent);
        continue;
      }
      const { absent: _, ...run } = figures;
      runs.get(name)?.push(run);
      const cut = run.isCut ? `, cut after ${patience} s` : "";
      note(`burst ${round + 1}/${rounds} ${name}: ${rough(rateOf(run))} lines/s${cut}`);
    }
  }
  const baseline = runs.get(BARE) ?? [];
  return contenders.map(({ name, title }) => {
    const own = runs.get(name) ?? [];
    if (own.length === 0) return { name, title, absent: failures.get(name) ?? "it never ran" };
    return { name, title, absent: null, ...summary(own, baseline) };
  });
}

/**
 * The baseline first, the others rotated in each round, so that none always runs after the same
 * one.
 *
 * @param {Contender[]} contenders
 * @param {number} round
 */
function inTurn([bare, ...others], round) {
  const from = others.length > 0 ? (round * 3) % others.length : 0;
  return [bare, ...others.slice(from), ...others.slice(0, from)];
}

/**
 * @param {BurstRun[]} runs
 * @param {BurstRun[]} baseline
 */
function summary(runs, baseline) {
  /** @param {(run: BurstRun) => number | null} read */
  const middle = (read) => median(runs.map(read));
  const ratios = runs.flatMap((run) =>
    baseline.filter(({ round }) => round === run.round).map((bare) => rateOf(run) / rateOf(bare)),
  );
  return {
    rate: middle(rateOf),
    ratio: median(ratios),
    ratios,
    cpuUsPerLine: middle(({ cpuMs, lines }) => (cpuMs / lines) * 1_000),
    frames: {
      p50: middle(({ frames }) => frames.p50),
      p95: middle(({ frames }) => frames.p95),
      p99: middle(({ frames }) => frames.p99),
      worst: middle(({ frames }) => frames.worst),
    },
    longTasks: {
      count: middle(({ longTasks }) => longTasks.count),
      total: middle(({ longTasks }) => longTasks.total),
      worst: middle(({ longTasks }) => longTasks.worst),
    },
    lines: middle(({ lines }) => lines),
    held: middle(({ held }) => held),
    lost: Math.max(...runs.map(({ lost }) => lost ?? 0)),
    doubled: Math.max(...runs.map(({ doubled }) => doubled ?? 0)),
    heap: middle(({ heap }) => heap),
    wasm: middle(({ wasmBytes }) => wasmBytes || null),
    cut: runs.filter(({ isCut }) => isCut).length,
    profile: runs.at(-1)?.profile,
    runs: runs.map(({ profile: _, ...run }) => run),
  };
}

/**
 * @param {BurstResult[]} results
 * @returns {Cell[][]}
 */
function rows(results) {
  const head = [
    "client",
    "lines/s",
    "× bare",
    "CPU µs/line",
    "frame p95 ms",
    "p99",
    "worst",
    "tasks > 50 ms",
    "held",
    "lost / doubled",
    "JS heap MB",
    "wasm MB",
  ];
  return [head, ...results.map(row)];
}

/** @param {BurstResult} result */
function row(result) {
  if (result.absent !== null) return [result.title, missing(result.absent), ...Array(10).fill("")];
  const {
    title,
    rate,
    ratio: times,
    cpuUsPerLine,
    frames,
    longTasks,
    held,
    lost,
    doubled,
    heap,
    wasm,
    cut,
    lines,
  } = result;
  const label = cut ? `${title} (cut at ${whole(lines)} lines)` : title;
  return [
    label,
    rough(rate),
    ratio(times),
    cpuUsPerLine?.toFixed(1) ?? "",
    ms(frames.p95),
    ms(frames.p99),
    ms(frames.worst),
    `${whole(longTasks.count)} (${whole(longTasks.total)} ms)`,
    whole(held),
    cut ? "" : `${lost} / ${doubled}`,
    mb(heap),
    mb(wasm),
  ];
}

/**
 * @param {BurstResult[]} results
 * @returns {Record<string, Plot>}
 */
function plots(results) {
  return {
    burst: {
      title: "Lines per second in a burst",
      unit: "lines/s",
      isLogarithmic: true,
      bars: barsOf(results, ({ rate }) => rate),
      format: rough,
    },
    frames: {
      title: "Time between frames during the burst, 99th percentile",
      unit: "ms",
      isLogarithmic: true,
      bars: barsOf(results, ({ frames }) => frames.p99),
      format: ms,
    },
  };
}
