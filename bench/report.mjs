// Reports results: a table on the console, JSON in test-results/bench.json, and on request the
// tables and charts of docs/benchmarks.md.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ROOT } from "../scripts/lib/run.mjs";
import { barChart } from "./plot.mjs";

/**
 * @import { Options, Part } from "./types.js"
 *
 * @typedef {Awaited<ReturnType<typeof machine>> & { browser?: string }} Facts
 */

const JSON_FILE = path.join(ROOT, "test-results/bench.json");
const DOCUMENT = path.join(ROOT, "docs/benchmarks.md");
const PICTURES = path.join(ROOT, "docs/pictures");

/** The share of its time above which a machine is too busy for figures that can be quoted. */
const BUSY = 0.2;

/** How long the machine is observed. The load average would include the part before. */
const OBSERVED_MS = 2_000;

/**
 * Returns what a reader must know to judge the figures. Must be called before the browser starts,
 * whose own load does not count.
 */
export async function machine() {
  const cores = os.cpus();
  const before = times(cores);
  await pause(OBSERVED_MS);
  const after = times(os.cpus());
  const busy = 1 - (after.idle - before.idle) / (after.all - before.all);
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    cores: cores.length,
    processor: cores[0]?.model.trim(),
    memoryGb: Math.round(os.totalmem() / 1e9),
    system: `${os.type()} ${os.arch()}`,
    node: process.versions.node,
    busyPercent: Math.round(busy * 100),
    isBusy: busy > BUSY,
  };
}

/** @param {os.CpuInfo[]} cores */
function times(cores) {
  const all = cores
    .flatMap(({ times }) => Object.values(times))
    .reduce((sum, time) => sum + time, 0);
  return { all, idle: cores.reduce((sum, { times }) => sum + times.idle, 0) };
}

/**
 * Prints the table of a part.
 *
 * @template R
 * @param {Part<R>} part
 * @param {R[]} results
 */
export function show({ title, rows }, results) {
  const [head, ...body] = rows(results).map((row) =>
    row.map((cell) => String(cell).replaceAll(/[`*]/g, "")),
  );
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((row) => row[column].length)),
  );
  /** @param {string[]} row */
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join("  ");
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  console.log(["", title, line(head), rule, ...body.map(line)].join("\n"));
}

/**
 * Adds the results of a part to those of the parts that ran before.
 *
 * @param {string} name
 * @param {Facts} facts
 * @param {Options} options
 * @param {unknown[]} results
 */
export function keep(name, facts, options, results) {
  const known = existsSync(JSON_FILE) ? JSON.parse(readFileSync(JSON_FILE, "utf8")) : {};
  known[name] = { machine: facts, options, results };
  mkdirSync(path.dirname(JSON_FILE), { recursive: true });
  writeFileSync(JSON_FILE, `${JSON.stringify(known, null, 1)}\n`);
}

/**
 * Writes the table of a part into its section of the document, with charts for the usual payload.
 *
 * @template R
 * @param {string} name
 * @param {Part<R>} part
 * @param {Facts} facts
 * @param {Options} options
 * @param {R[]} results
 */
export function write(name, part, facts, options, results) {
  const charts =
    options.payload === "usual" && !options.isWatched ? Object.entries(part.plots(results)) : [];
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, plot] of charts)
    writeFileSync(path.join(PICTURES, `bench-${name}.svg`), barChart(plot));
  const [head, ...body] = part.rows(results);
  const table = [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...body]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
  const images = charts.map(([name, { title }]) => `![${title}](pictures/bench-${name}.svg)`);
  replaceBetween(
    name,
    [part.about(options), circumstances(facts, options), table, ...images].join("\n\n"),
  );
}

/**
 * @param {Facts} facts
 * @param {Options} options
 */
function circumstances(facts, { isWatched }) {
  const { date, cores, processor, memoryGb, system, browser, node, busyPercent, isBusy } = facts;
  return [
    `Run of ${date} UTC: ${cores} cores (${processor}), ${memoryGb} GB, ${system}, ${browser}, `,
    `Node ${node}; before the run the machine was ${busyPercent} % busy.`,
    isWatched ? " **A network listener was attached to the page.**" : "",
    isBusy ? " **The machine was busy: do not quote figures of this run.**" : "",
  ].join("");
}

/**
 * @param {string} name
 * @param {string} text
 */
function replaceBetween(name, text) {
  const document = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) {
    console.log(
      `bench: docs/benchmarks.md has no section ${begin} … ${end} for ${name}; ` +
        `the results are in ${path.relative(ROOT, JSON_FILE)}`,
    );
    return;
  }
  writeFileSync(
    DOCUMENT,
    `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`,
  );
}
