// Steady: so many lines a second for a while. What counts is how smooth the page stays, and that nothing is lost.

import { missing, ms, rateOf, rough, whole } from "../figures.mjs";

export const steady = {
  title: "Steady rate",
  about,
  run,
  rows,
  plots,
  contenders: ({ isShowing, isFloor, name }) =>
    (isShowing && !isFloor) || name === "headless" || name === "bare",
};

/** How much longer than the stream a client may take that does not keep up, as a share of the stream's time. */
const LATE = 0.5;

function about({ rates, seconds }) {
  return `${rates.map(whole).join(" and ")} lines/s for ${seconds} s. "behind" is the most lines that the server had to hold back because the client did not read; a client that does not keep up is cut ${Math.round(seconds * LATE)} s after the stream's end should have come.`;
}

async function run(lab, contenders, { rates, seconds, payload, profiler }, { note }) {
  const results = [];
  for (const rate of rates) {
    const lines = rate * seconds;
    const plan = { rate, seconds, last: lines, payload, capacity: lines + 1_000 };
    for (const contender of contenders) {
      const figures = await lab.visit(contender, plan, (station) =>
        station.run({ patienceMs: seconds * (1 + LATE) * 1_000, profiler: profiler?.() }),
      );
      results.push({
        name: contender.name,
        title: contender.title,
        rate,
        ...figures,
        ...(!figures.absent && judged(figures, lines)),
      });
      if (!figures.absent)
        note(
          `steady ${whole(rate)}/s ${contender.name}: ${rough(rateOf(figures))} lines/s, frame p95 ${ms(figures.frames.p95)} ms, ${figures.longTasks.count} long tasks`,
        );
    }
  }
  return results;
}

/** What is not there when a client is cut is not lost: it may have come later. */
function judged(figures, lines) {
  return { lost: figures.isCut ? null : lines - figures.lines, achieved: rateOf(figures) };
}

function rows(results) {
  const head = [
    "client",
    "lines/s sent",
    "taken",
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

function row({
  title,
  rate,
  absent,
  achieved,
  cpuMs,
  ms: took,
  frames,
  longTasks,
  held,
  lost,
  isCut,
  server,
}) {
  if (absent) return [title, whole(rate), missing(absent), ...Array(9).fill("")];
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

function plots(results) {
  const rate = Math.max(...results.map(({ rate }) => rate));
  const bars = results
    .filter((result) => result.rate === rate && !result.absent)
    .map(({ title, frames }) => ({
      label: title.replaceAll(/[`*]/g, ""),
      value: frames.p95,
      isOurs: title.includes("ours"),
    }));
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
