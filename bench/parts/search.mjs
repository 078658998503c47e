// Search: a million lines held, and how long the first screen of hits and all of them take, as a reader sees it. A page that can search
// gives it as `search(text)` (bench/pages/viewer.js), which resolves to `{ hits, firstMs, allMs }`.

import { missing, ms, whole } from "../figures.mjs";

export const search = {
  title: "Search",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, isShowing, query }) => isOurs && isShowing && query.format === "lines",
};

/** A word of many lines, one of a single line, one of none. */
function texts(lines) {
  return ["rows", `(line ${Math.round(lines / 2)})`, "nowhere to be found"];
}

const PATIENCE_MS = 300_000;

function about({ held }) {
  return `${whole(held)} lines sent, and then searched. "worst frame" is while it searches.`;
}

async function run(lab, contenders, { held: lines, payload }, { note }) {
  const results = [];
  for (const contender of contenders) {
    const { name, title } = contender;
    const figures = await lab.visit(
      contender,
      { lines, last: lines, payload, capacity: lines },
      (station) => measure(station, lines),
    );
    if (figures.absent) results.push({ name, title, ...figures });
    for (const found of figures.searches ?? []) {
      results.push({ name, title, ...found });
      note(
        `search ${name} "${found.text}": ${whole(found.hits)} hits, first ${ms(found.firstMs)} ms, all ${ms(found.allMs)} ms`,
      );
    }
  }
  return results;
}

async function measure(station, lines) {
  if (!(await station.page.evaluate(() => window.bench.canSearch())))
    return { absent: "the client has no search" };
  await station.run({ patienceMs: PATIENCE_MS });
  const searches = [];
  for (const text of texts(lines))
    searches.push({
      text,
      ...(await station.page.evaluate((text) => window.bench.search(text), text)),
    });
  return { searches };
}

function rows(results) {
  return [
    ["client", "text", "hits", "first screen ms", "all ms", "worst frame ms"],
    ...results.map(row),
  ];
}

function row({ title, absent, text, hits, firstMs, allMs, frames }) {
  if (absent) return [title, missing(absent), "", "", "", ""];
  return [title, `\`${text}\``, whole(hits), ms(firstMs), ms(allMs), ms(frames.worst)];
}
