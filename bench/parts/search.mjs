// Search: a million lines are held; measures the time to the first screen of hits and to all hits,
// as a reader sees them, with `search(text)` of the page (bench/pages/viewer.js).

import { missing, ms, whole } from "../figures.mjs";

/**
 * @import { Lab, Station } from "../lab.mjs"
 * @import { Contender, Options, Part, Result, SearchFigures } from "../types.js"
 *
 * @typedef {Result<SearchFigures & { text: string }>} SearchResult
 */

/** @type {Part<SearchResult>} */
export const search = {
  title: "Search",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, isShowing, query }) =>
    Boolean(isOurs && isShowing) && query?.format === "lines",
};

/**
 * Texts in many lines, in a single line, and in none.
 *
 * @param {number} lines
 */
function texts(lines) {
  return ["rows", `(line ${Math.round(lines / 2)})`, "nowhere to be found"];
}

const PATIENCE_MS = 300_000;

/** @param {Options} options */
function about({ held }) {
  return `${whole(held)} lines sent, and then searched. "worst frame" is while it searches.`;
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { held: lines, payload }, { note }) {
  /** @type {SearchResult[]} */
  const results = [];
  for (const contender of contenders) {
    const { name, title } = contender;
    const plan = { lines, last: lines, payload, capacity: lines };
    const figures = await lab.visit(contender, plan, async (station) => ({
      searches: await measure(station, lines),
    }));
    if (figures.absent !== null || figures.searches === null) {
      results.push({ name, title, absent: figures.absent ?? "the client has no search" });
      continue;
    }
    for (const found of figures.searches) {
      results.push({ name, title, absent: null, ...found });
      note(
        `search ${name} "${found.text}": ${whole(found.hits)} hits, ` +
          `first ${ms(found.firstMs)} ms, all ${ms(found.allMs)} ms`,
      );
    }
  }
  return results;
}

/**
 * Returns the figures of each search, or `null` if the client cannot search.
 *
 * @param {Station} station
 * @param {number} lines
 */
async function measure(station, lines) {
  if (!(await station.page.evaluate(() => window.bench.canSearch()))) return null;
  await station.run({ patienceMs: PATIENCE_MS });
  const searches = [];
  for (const text of texts(lines))
    searches.push({
      text,
      ...(await station.page.evaluate((text) => window.bench.search(text), text)),
    });
  return searches;
}

/** @param {SearchResult[]} results */
function rows(results) {
  return [
    ["client", "text", "hits", "first screen ms", "all ms", "worst frame ms"],
    ...results.map(row),
  ];
}

/** @param {SearchResult} result */
function row(result) {
  const { title } = result;
  if (result.absent !== null) return [title, missing(result.absent), "", "", "", ""];
  const { text, hits, firstMs, allMs, frames } = result;
  return [title, `\`${text}\``, whole(hits), ms(firstMs), ms(allMs), ms(frames.worst)];
}
