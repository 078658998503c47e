// `window.bench`, which every contender's page provides, so that one runner can measure them all:
//   ready      resolves when all is loaded and mounted, and the stream has sent its greeting
//   start()    starts the server and the clock
//   done       resolves to the figures when the last line is processed and, with a display, painted
//   figures()  the figures so far, for contenders that never finish
//   painted(text), paintedSince(number)
//              resolve to the time at which a line with that text, or as new as that, is painted
//   paintedSmoothly(text)
//              resolves to the frames until then
//   canSearch(), search(text)
//              for clients that can search
//   mountMs, readyAtMs
//              how long our client took to mount, and when it was ready since navigation
//   absent     why a variant cannot run: it needs an option that the client does not support

import { afterFrame, watchFrames } from "./frames.js";

/** @import { Bench, Client, PageFigures } from "../types.js" */

const query = new URLSearchParams(location.search);
const wasm = watchWasm();

/** What the runner requests of this page. */
export const wanted = {
  run: query.get("run") ?? "",
  lines: Number(query.get("lines") ?? 0),
  /** The number of the last line that will come. */
  last: Number(query.get("last") ?? 0),
  capacity: Number(query.get("capacity") ?? 0),
  /** Options of our client that make a variant of it. */
  options: JSON.parse(query.get("options") ?? "{}"),
  connect: query.get("connect") !== "0",
  channels: query.get("channels")?.split(",") ?? [],
};

const ROUTE = "/api/dapadmin/l5-etl/sse/logs/stream";

/**
 * Returns the address of the stream. A page that needs a format other than one line per event
 * passes it.
 */
export function stream(format = query.get("format")) {
  if (query.has("real")) return `${ROUTE}?workspace_id=workspace123&workflow_id=workflow456`;
  const plan = new URLSearchParams(
    [...query].filter(([name]) => ["run", "lines", "rate", "seconds", "payload"].includes(name)),
  );
  if (format) plan.set("format", format);
  return `${ROUTE}?${plan}`;
}

/** Returns the endpoint for our client, which adds the ids itself. */
export function endpoint() {
  return query.has("real") ? ROUTE : stream();
}

/** Returns the URL of a gateway for our client; the plan is part of its path. */
export function gateway() {
  return `/bench/${encodeURIComponent(stream().split("?")[1])}`;
}

/**
 * Runs a contender. `setUp(bench)` resolves to its client once that is ready. A contender without a
 * display must call `bench.finish()` at the last line.
 *
 * @param {(bench: Bench) => Promise<Client>} setUp
 */
export function contend(setUp) {
  /** @type {Client} */
  let client;
  /** @type {ReturnType<typeof watchFrames> | undefined} */
  let frames;
  let start = 0;
  let end = 0;
  /** @type {PageFigures | null} */
  let figures = null;
  /** @type {(figures: PageFigures) => void} */
  let onDone;

  /** @returns {PageFigures} */
  function read() {
    if (!frames) throw new Error("the page was not started");
    const { lines, held = () => 0, lost = () => null, doubled = () => null } = client;
    return {
      ms: (end || performance.now()) - start,
      lines: lines(),
      held: held(),
      lost: lost(),
      doubled: doubled(),
      wasmBytes: wasm.bytes(),
      ...frames.stop(),
    };
  }

  /**
   * Checks `isThere` after each frame, and calls `then` once it is true.
   *
   * @param {() => boolean} isThere
   * @param {() => void} then
   */
  function watch(isThere, then) {
    const check = () => (isThere() ? then() : afterFrame(check));
    afterFrame(check);
  }

  /** @type {Bench} */
  const bench = {
    absent: null,
    done: new Promise((resolve) => {
      onDone = resolve;
    }),
    mountMs: Number.NaN,
    readyAtMs: Number.NaN,

    painted: (text) =>
      new Promise((resolve) => {
        watch(
          () => hasText(client.rows, text),
          () => resolve(Date.now()),
        );
      }),

    paintedSince: (number) =>
      new Promise((resolve) => {
        watch(
          () => newest(client.rows) >= number,
          () => resolve(Date.now()),
        );
      }),

    async paintedSmoothly(text) {
      const frames = watchFrames();
      await bench.painted(text);
      return frames.stop();
    },

    canSearch: () => client.search !== undefined,

    async search(text) {
      if (!client.search) throw new Error("the client has no search");
      const frames = watchFrames();
      const found = await client.search(text);
      return { ...found, ...frames.stop() };
    },

    mounted(since) {
      bench.readyAtMs = performance.now();
      bench.mountMs = bench.readyAtMs - since;
    },

    start() {
      frames = watchFrames();
      start = performance.now();
      fetch(`/bench/go?run=${encodeURIComponent(wanted.run)}`, { method: "POST" });
      const last = mark(wanted.last);
      if (client.rows && wanted.last) watch(() => hasText(client.rows, last), bench.finish);
    },

    figures: () => figures ?? read(),

    finish() {
      if (end) return;
      end = performance.now();
      figures = read();
      onDone(figures);
    },
  };

  const ready = Promise.resolve(setUp(bench)).then((value) => {
    client = value;
  });
  window.bench = Object.assign(bench, { ready });
}

/**
 * The mark of a line, as in bench/payload.mjs.
 *
 * @param {number} number
 */
function mark(number) {
  return `(line ${number})`;
}

/** Counts lines by their numbers, separately for each channel. */
export function createTally() {
  const last = new Map();
  const tally = { lines: 0, lost: 0, doubled: 0 };
  return {
    /** @param {{ channel: string | null, seq: number | null }} line */
    count({ channel, seq }) {
      tally.lines += 1;
      if (seq === null) return;
      const before = last.get(channel) ?? 0;
      if (seq > before + 1) tally.lost += seq - before - 1;
      if (seq <= before) tally.doubled += 1;
      else last.set(channel, seq);
    },
    lines: () => tally.lines,
    lost: () => tally.lost,
    doubled: () => tally.doubled,
  };
}

/** Counts lines without reading them; what is missing of the `wanted` lines is lost. */
export function createCount() {
  let lines = 0;
  return {
    add(more = 1) {
      lines += more;
    },
    lines: () => lines,
    lost: () => Math.max(0, wanted.lines - lines),
    doubled: () => Math.max(0, lines - wanted.lines),
  };
}

/**
 * Returns the highest number of a line in the rows.
 *
 * @param {string} [selector]
 */
function newest(selector) {
  if (!selector) return 0;
  const numbers = [...document.querySelectorAll(selector)].flatMap(({ textContent }) =>
    [...textContent.matchAll(/\(line (\d+)\)/g)].map(([, number]) => Number(number)),
  );
  return Math.max(0, ...numbers);
}

/**
 * Whether one of the elements contains `text`.
 *
 * @param {string | undefined} selector
 * @param {string} text
 */
function hasText(selector, text) {
  if (!selector) return false;
  for (const element of document.querySelectorAll(selector))
    if (element.textContent.includes(text)) return true;
  return false;
}

/** Records the memories of WebAssembly that are created in this page, not in workers. */
function watchWasm() {
  /** @type {Set<WebAssembly.Memory>} */
  const memories = new Set();
  /**
   * @template {WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource} Instantiated
   * @param {Promise<Instantiated>} instantiated
   */
  const record = async (instantiated) => {
    const result = await instantiated;
    const { exports } = result instanceof WebAssembly.Instance ? result : result.instance;
    for (const value of Object.values(exports))
      if (value instanceof WebAssembly.Memory) memories.add(value);
    return result;
  };
  const { instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.instantiate = /** @type {typeof instantiate} */ (
    (/** @type {Parameters<typeof instantiate>} */ ...args) => record(instantiate(...args))
  );
  WebAssembly.instantiateStreaming = (...args) => record(instantiateStreaming(...args));
  return { bytes: () => [...memories].reduce((total, { buffer }) => total + buffer.byteLength, 0) };
}
