// Burst: N lines as fast as the client takes them. Contenders are run in turn, round by round; each is compared with the yardstick of
// its own round, since a machine is not equally fast all the time.

import { BARE } from "../contenders.mjs";
import { mb, median, missing, ms, ratio, rateOf, rough, whole } from "../figures.mjs";

export const burst = { title: "Burst", about, run, rows, plots, contenders };

/** The viewer shows one workflow; many channels are the headless client's. */
function contenders({ isFloor, page }, { payload }) {
  return !isFloor && (payload !== "channels" || page !== "viewer");
}

function about({ lines, rounds, payload }) {
  return `${whole(lines)} lines (payload "${payload}") in one burst, one line per event unless the row says otherwise; medians of ${rounds} rounds, contenders in turn. The ratio is to bare \`EventSource\` of the same round. Where a client displays, the time is until the last line is painted.`;
}

async function run(lab, contenders, options, { note }) {
  const { lines, rounds, payload, patience, profiler } = options;
  const plan = { lines, last: lines, payload, capacity: lines + 1_000 };
  const results = new Map(
    contenders.map((contender) => [contender.name, { contender, runs: [], absent: null }]),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of inTurn(contenders, round)) {
      const result = results.get(contender.name);
      // What it has not in the first round it has not in the next; what broke may do better.
      if (result.absent && missing(result.absent) === "not there yet") continue;
      const figures = await lab.visit(contender, plan, async (station) => {
        const figures = await station.run({ patienceMs: patience * 1_000, profiler: profiler?.() });
        return { ...figures, heap: figures.isCut ? null : await station.page.heap() };
      });
      result.absent = figures.absent;
      if (figures.absent) continue;
      result.runs.push({ round, ...figures });
      note(
        `burst ${round + 1}/${rounds} ${contender.name}: ${rough(rateOf(figures))} lines/s${figures.isCut ? `, cut after ${patience} s` : ""}`,
      );
    }
  }
  return [...results.values()].map((result) => summary(result, results.get(BARE).runs));
}

/** The yardstick first, the others from another one on in each round, so that nobody always runs after the same one. */
function inTurn([bare, ...others], round) {
  const from = others.length > 0 ? (round * 3) % others.length : 0;
  return [bare, ...others.slice(from), ...others.slice(0, from)];
}

function summary({ contender: { name, title }, runs, absent }, bare) {
  if (runs.length === 0) return { name, title, absent };
  const middle = (read) => median(runs.map(read));
  const ratios = runs.flatMap((run) =>
    bare
      .filter(({ round }) => round === run.round)
      .map((yardstick) => rateOf(run) / rateOf(yardstick)),
  );
  return {
    name,
    title,
    rate: middle(rateOf),
    ratio: median(ratios),
    ratios,
    cpuUsPerLine: middle(({ cpuMs, lines }) => (cpuMs / lines) * 1_000),
    frames: Object.fromEntries(
      ["p50", "p95", "p99", "worst"].map((of) => [of, middle(({ frames }) => frames[of])]),
    ),
    longTasks: {
      count: middle(({ longTasks }) => longTasks.count),
      total: middle(({ longTasks }) => longTasks.total),
      worst: middle(({ longTasks }) => longTasks.worst),
    },
    lines: middle(({ lines }) => lines),
    held: middle(({ held }) => held),
    lost: Math.max(...runs.map(({ lost }) => lost)),
    doubled: Math.max(...runs.map(({ doubled }) => doubled)),
    heap: middle(({ heap }) => heap),
    wasm: middle(({ wasmBytes }) => wasmBytes || null),
    cut: runs.filter(({ isCut }) => isCut).length,
    profile: runs.at(-1)?.profile,
    runs: runs.map(({ profile, ...run }) => run),
  };
}

/** The table. */
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

function row(result) {
  if (result.absent) return [result.title, missing(result.absent), ...Array(10).fill("")];
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
  const seen = cut ? `${title} (cut at ${whole(lines)} lines)` : title;
  return [
    seen,
    rough(rate),
    ratio(times),
    cpuUsPerLine.toFixed(1),
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

function plots(results) {
  const there = results.filter(({ absent }) => !absent);
  const bars = (read) =>
    there.map((result) => ({
      label: plain(result.title),
      value: read(result),
      isOurs: result.title.includes("ours"),
    }));
  return {
    burst: {
      title: "Lines per second in a burst",
      unit: "lines/s",
      isLogarithmic: true,
      bars: bars(({ rate }) => rate),
      format: rough,
    },
    frames: {
      title: "Time between frames during the burst, 99th percentile",
      unit: "ms",
      isLogarithmic: true,
      bars: bars(({ frames }) => frames.p99),
      format: ms,
    },
  };
}

function plain(title) {
  return title.replaceAll(/[`*]/g, "");
}
