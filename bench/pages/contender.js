// What every contender's page offers on `window.bench`, so that one runner can measure them all:
//   ready     a promise: all is loaded and mounted, the stream is open, the greeting has come
//   start()   begins: the server sends, the clock runs
//   done      a promise: the last line is processed and, where lines are displayed, is painted; gives the figures
//   figures() the same so far, for those that never come to an end
//   paintedSmoothly(text)  the frames until then
//   painted(text), paintedSince(number)  the time at which a line with that text, or a line not older than that, is painted
//   canSearch(), search(text)  for a client that can search
//   mountMs, readyAtMs  how long our own client took to mount, and when that was since navigation
//   absent    why a variant cannot run: it asks for an option that the client does not know

import { afterFrame, watchFrames } from "./frames.js";

const query = new URLSearchParams(location.search);
const wasm = watchWasm();

/** What the runner asks of this page. */
export const wanted = {
  run: query.get("run") ?? "",
  lines: Number(query.get("lines") ?? 0),
  /** The number of the last line that will come. */
  last: Number(query.get("last") ?? 0),
  capacity: Number(query.get("capacity") ?? 0),
  /** Options of our own client that make a variant of it. */
  options: JSON.parse(query.get("options") ?? "{}"),
  connect: query.get("connect") !== "0",
  channels: query.get("channels")?.split(",") ?? [],
};

const ROUTE = "/api/dapadmin/l5-etl/sse/logs/stream";

/** The address of the stream; a page that wants another format than one line per event names it. */
export function stream(format = query.get("format")) {
  if (query.has("real")) return `${ROUTE}?workspace_id=workspace123&workflow_id=workflow456`;
  const plan = new URLSearchParams(
    [...query].filter(([name]) => ["run", "lines", "rate", "seconds", "payload"].includes(name)),
  );
  if (format) plan.set("format", format);
  return `${ROUTE}?${plan}`;
}

/** The same for our own client, which adds the ids itself. */
export function endpoint() {
  return query.has("real") ? ROUTE : stream();
}

/** The same as a gateway whose route is asked for; the plan is in its address. */
export function gateway() {
  return `/bench/${encodeURIComponent(stream().split("?")[1])}`;
}

/**
 * Runs a contender. `setUp(bench)` gives, once it is ready, what it can be asked for: `lines()` so far; `held()`; `lost()`; `doubled()`;
 * `rows`, the selector of its rows, where it displays; `search(text)` where it can. It calls `bench.finish()` at the last line where it
 * does not display.
 */
export function contend(setUp) {
  let contender = null;
  let frames = null;
  let start = 0;
  let end = 0;
  let figures = null;
  let onDone;
  const done = new Promise((resolve) => (onDone = resolve));

  function read() {
    const { lines, held = () => 0, lost = () => null, doubled = () => null } = contender;
    return {
      ms: (end || performance.now()) - start,
      lines: lines(),
      held: held(),
      lost: lost(),
      doubled: doubled(),
      wasmBytes: wasm.bytes(),
    };
  }

  function finish() {
    if (end) return;
    end = performance.now();
    figures = { ...read(), ...frames.stop() };
    onDone(figures);
  }

  /** Looks after each frame, until `isThere()`. */
  function watch(isThere, then) {
    const look = () => (isThere() ? then() : afterFrame(look));
    afterFrame(look);
  }

  const bench = {
    absent: null,
    done,
    mountMs: null,
    readyAtMs: null,
    painted: (text) =>
      new Promise((resolve) =>
        watch(
          () => hasText(contender.rows, text),
          () => resolve(Date.now()),
        ),
      ),
    paintedSince: (number) =>
      new Promise((resolve) =>
        watch(
          () => newest(contender.rows) >= number,
          () => resolve(Date.now()),
        ),
      ),
    /** The same once, and how smooth the page was until then. */
    paintedSmoothly: async (text) => {
      const frames = watchFrames();
      await bench.painted(text);
      return frames.stop();
    },
    canSearch: () => Boolean(contender.search),
    search,

    /** Called by a page of our own client. */
    mounted(since) {
      bench.readyAtMs = performance.now();
      bench.mountMs = bench.readyAtMs - since;
    },

    start() {
      frames = watchFrames();
      start = performance.now();
      fetch(`/bench/go?run=${encodeURIComponent(wanted.run)}`, { method: "POST" });
      const last = mark(wanted.last);
      if (contender.rows && wanted.last) watch(() => hasText(contender.rows, last), finish);
    },

    figures: () => figures ?? { ...read(), ...frames.stop() },

    /** Called by a contender that does not display, at its last line. */
    finish,
  };

  async function search(text) {
    const frames = watchFrames();
    const found = await contender.search(text);
    return { ...found, ...frames.stop() };
  }

  bench.ready = Promise.resolve(setUp(bench)).then((value) => {
    contender = value;
  });
  window.bench = bench;
}

/** As bench/payload.mjs marks a line. */
export function mark(number) {
  return `(line ${number})`;
}

/** Counts lines by their numbers, each channel for itself. */
export function createTally() {
  const last = new Map();
  const tally = { lines: 0, lost: 0, doubled: 0 };
  return {
    take({ channel, seq }) {
      tally.lines += 1;
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

/** Counts lines without looking at them; what is missing of the `wanted` is lost. */
export function createCount() {
  let lines = 0;
  return {
    add: (more = 1) => (lines += more),
    lines: () => lines,
    lost: () => Math.max(0, wanted.lines - lines),
    doubled: () => Math.max(0, lines - wanted.lines),
  };
}

/** The highest number of a line in the rows. */
function newest(selector) {
  const numbers = [...document.querySelectorAll(selector)].flatMap(({ textContent }) =>
    [...textContent.matchAll(/\(line (\d+)\)/g)].map(([, number]) => Number(number)),
  );
  return Math.max(0, ...numbers);
}

/** Whether one of the elements that `selector` names has `text` in it. Few elements are expected. */
function hasText(selector, text) {
  for (const element of document.querySelectorAll(selector))
    if (element.textContent.includes(text)) return true;
  return false;
}

/** Listens for the memories of WebAssembly that are made in this page; those in workers are not seen. */
function watchWasm() {
  const memories = new Set();
  const note = (result) => {
    const { exports } = result.instance ?? result;
    for (const value of Object.values(exports))
      if (value instanceof WebAssembly.Memory) memories.add(value);
    return result;
  };
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = (...given) => original(...given).then(note);
  }
  return { bytes: () => [...memories].reduce((total, { buffer }) => total + buffer.byteLength, 0) };
}
