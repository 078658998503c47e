// Memory: a million lines are held; compares their memory with the bytes that were sent.

import { setTimeout as pause } from "node:timers/promises";
import { mb, missing, ratio, whole } from "../figures.mjs";

/**
 * @import { Lab, Station } from "../lab.mjs"
 * @import { Contender, Options, Part, Result } from "../types.js"
 *
 * @typedef {Awaited<ReturnType<typeof measure>>} MemoryFigures
 */

/** @type {Part<Result<MemoryFigures>>} */
export const memory = {
  title: "Memory",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, query }) => Boolean(isOurs) && query?.format === "lines",
};

/** The time of a million lines with a slow client on a slow machine. */
const PATIENCE_MS = 300_000;

/** The browser measures at its next garbage collection, which may be late. */
const MEASURE_MS = 60_000;

/** @param {Options} options */
function about({ held }) {
  return [
    `${whole(held)} lines sent, and as many held as the client accepts. "of their bytes" is the `,
    'WebAssembly memory divided by the bytes of the held lines, as they were sent. "JS heaps" are ',
    'those of the page and its workers; "process" is the growth of the page\'s whole process, ',
    "including WebAssembly in workers and the browser's own buffers.",
  ].join("");
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { held: lines, payload }, { note }) {
  const results = [];
  for (const contender of contenders) {
    const figures = await lab.visit(
      contender,
      { lines, last: lines, payload, capacity: lines },
      (station) => measure(lab, station, lines),
    );
    results.push({ name: contender.name, title: contender.title, ...figures });
    if (figures.absent === null)
      note(
        `memory ${contender.name}: ${whole(figures.held)} held, ` +
          `wasm ${mb(figures.wasmBytes)} MB, heap ${mb(figures.js)} MB, ` +
          `process ${mb(figures.process)} MB`,
      );
  }
  return results;
}

/**
 * @param {Lab} lab
 * @param {Station} station
 * @param {number} lines
 */
async function measure(lab, station, lines) {
  const before = await lab.rendererBytes();
  const {
    held,
    wasmBytes,
    isCut,
    server,
    lines: received,
  } = await station.run({ patienceMs: PATIENCE_MS });
  const js = await station.page.heap();
  const heaps = await Promise.race([station.heaps(), pause(MEASURE_MS, null, { ref: false })]);
  const after = await lab.rendererBytes();
  const heldBytes = (held * server.bytes) / lines;
  const share = wasmBytes > 0 ? wasmBytes / heldBytes : null;
  return {
    received,
    held,
    sentBytes: server.bytes,
    heldBytes,
    wasmBytes: wasmBytes || null,
    share,
    js,
    heaps,
    process: after !== null && before !== null ? after - before : null,
    isCut,
  };
}

/** @param {Result<MemoryFigures>[]} results */
function rows(results) {
  const head = [
    "client",
    "received",
    "held",
    "MB sent",
    "wasm MB",
    "of their bytes",
    "JS heap MB",
    "JS heaps MB",
    "process MB",
  ];
  return [head, ...results.map(row)];
}

/** @param {Result<MemoryFigures>} result */
function row(result) {
  const { title } = result;
  if (result.absent !== null) return [title, missing(result.absent), ...Array(7).fill("")];
  const { received, held, sentBytes, wasmBytes, share, js, heaps, process } = result;
  return [
    title,
    whole(received),
    whole(held),
    mb(sentBytes),
    mb(wasmBytes),
    ratio(share),
    mb(js),
    mb(heaps),
    mb(process),
  ];
}
