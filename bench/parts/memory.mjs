// Memory: a million lines held, and what they take beside the bytes that were sent.

import { setTimeout as pause } from "node:timers/promises";
import { mb, missing, ratio, whole } from "../figures.mjs";

export const memory = {
  title: "Memory",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, query }) => isOurs && query.format === "lines",
};

/** A million lines at the speed of a slow client on a slow machine. */
const PATIENCE_MS = 300_000;

/** The browser measures when it next collects garbage, which may be a while. */
const MEASURE_MS = 60_000;

function about({ held }) {
  return `${whole(held)} lines sent, as many held as the client takes. "of their bytes" is WebAssembly memory over the bytes of the lines that are held, as they were sent. "JS heaps" are those of the page and its workers; "process" is what the page's whole process grew by, WebAssembly in workers and the browser's own buffers included.`;
}

async function run(lab, contenders, { held: lines, payload }, { note }) {
  const results = [];
  for (const contender of contenders) {
    const figures = await lab.visit(
      contender,
      { lines, last: lines, payload, capacity: lines },
      (station) => measure(lab, station, lines),
    );
    results.push({ name: contender.name, title: contender.title, ...figures });
    if (!figures.absent)
      note(
        `memory ${contender.name}: ${whole(figures.held)} held, wasm ${mb(figures.wasmBytes)} MB, heap ${mb(figures.js)} MB, process ${mb(figures.process)} MB`,
      );
  }
  return results;
}

async function measure(lab, station, lines) {
  const before = await lab.rendererBytes();
  const {
    held,
    wasmBytes,
    isCut,
    server,
    lines: taken,
  } = await station.run({ patienceMs: PATIENCE_MS });
  const js = await station.page.heap();
  const heaps = await Promise.race([station.heaps(), pause(MEASURE_MS, null, { ref: false })]);
  const after = await lab.rendererBytes();
  const heldBytes = (held * server.bytes) / lines;
  const share = wasmBytes > 0 ? wasmBytes / heldBytes : null;
  return {
    taken,
    held,
    sentBytes: server.bytes,
    heldBytes,
    wasmBytes: wasmBytes || null,
    share,
    js,
    heaps,
    process: after && after - before,
    isCut,
  };
}

function rows(results) {
  const head = [
    "client",
    "taken",
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

function row({ title, absent, taken, held, sentBytes, wasmBytes, share, js, heaps, process }) {
  if (absent) return [title, missing(absent), ...Array(7).fill("")];
  return [
    title,
    whole(taken),
    whole(held),
    mb(sentBytes),
    mb(wasmBytes),
    ratio(share),
    mb(js),
    mb(heaps),
    mb(process),
  ];
}
