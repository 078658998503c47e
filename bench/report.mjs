// Where results go: a table on the console, JSON in test-results/bench.json, and on demand the tables and pictures of the documents.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ROOT } from "../scripts/lib/run.mjs";
import { barChart } from "./plot.mjs";

const JSON_FILE = path.join(ROOT, "test-results/bench.json");
const DOCUMENT = path.join(ROOT, "docs/benchmarks.md");
const PICTURES = path.join(ROOT, "docs/pictures");

/** Above this share of its time a machine is too busy with other things for figures that anybody may quote. */
const BUSY = 0.2;

/** For so long it is looked at. The load average would not do: it remembers the part before. */
const LOOK_MS = 2_000;

/** What somebody must know to judge the figures. To be asked before the browser starts, whose own load is no fault of the machine's. */
export async function machine() {
  const cores = os.cpus();
  const before = times(cores);
  await pause(LOOK_MS);
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

function times(cores) {
  const all = cores
    .flatMap(({ times }) => Object.values(times))
    .reduce((sum, time) => sum + time, 0);
  return { all, idle: cores.reduce((sum, { times }) => sum + times.idle, 0) };
}

/** Prints a part's table. */
export function show({ title, rows }, results) {
  const [head, ...body] = rows(results).map((row) =>
    row.map((cell) => String(cell).replaceAll(/[`*]/g, "")),
  );
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((row) => row[column].length)),
  );
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join("  ");
  console.log(
    `\n${title}\n${line(head)}\n${widths.map((width) => "─".repeat(width)).join("  ")}\n${body.map(line).join("\n")}`,
  );
}

/** Keeps a part's results beside those of the parts that ran before. */
export function keep(name, facts, options, results) {
  const known = existsSync(JSON_FILE) ? JSON.parse(readFileSync(JSON_FILE, "utf8")) : {};
  known[name] = { machine: facts, options, results };
  mkdirSync(path.dirname(JSON_FILE), { recursive: true });
  writeFileSync(JSON_FILE, `${JSON.stringify(known, null, 1)}\n`);
}

/** Puts a part's table where the document has a place of that name for it, with pictures of the usual payload. */
export function write(name, part, facts, options, results) {
  const pictures =
    options.payload === "usual" && !options.isWatched ? Object.entries(part.plots(results)) : [];
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, plot] of pictures)
    writeFileSync(path.join(PICTURES, `bench-${name}.svg`), barChart(plot));
  const [head, ...body] = part.rows(results);
  const table = [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...body]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
  const images = pictures.map(([name, { title }]) => `![${title}](pictures/bench-${name}.svg)`);
  replaceBetween(name, [part.about(options), told(facts, options), table, ...images].join("\n\n"));
}

function told(
  { date, cores, processor, memoryGb, system, browser, node, busyPercent, isBusy },
  { isWatched },
) {
  const watched = isWatched ? " **The page's network was listened to.**" : "";
  const busy = isBusy
    ? " **The machine was busy with other things: figures of this run are not to be quoted.**"
    : "";
  return `Run of ${date} UTC: ${cores} cores (${processor}), ${memoryGb} GB, ${system}, ${browser}, Node ${node}; before the run ${busyPercent} % of its time was taken.${watched}${busy}`;
}

function replaceBetween(name, text) {
  const document = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) {
    console.log(
      `bench: docs/benchmarks.md has no place for ${name}, which would be between ${begin} and ${end}; it is in ${path.relative(ROOT, JSON_FILE)}`,
    );
    return;
  }
  writeFileSync(
    DOCUMENT,
    `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`,
  );
}
