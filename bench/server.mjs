// The benchmark's server: the pages of all contenders and their streams, from one origin.
// `node bench/server.mjs --site DIR` prints its address. The bytes of a burst are prepared, so that
// the server is never what is measured; it waits while a socket is full.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { END, FORMAT_NAMES, HEARTBEAT_MS, Lines, PAYLOAD_NAMES } from "./payload.mjs";

/**
 * @import { Server, ServerResponse } from "node:http"
 * @import { AddressInfo } from "node:net"
 *
 * @typedef {ReturnType<typeof planOf>} Plan
 */

/** The bytes of one write, a chunk of HTTP; larger ones gain nothing, and delay back-pressure. */
const CHUNK_BYTES = 256 << 10;

/**
 * The time between two writes at a steady rate: well below a frame, except for batch frames, which
 * the gateway collects for this long.
 *
 * @type {Record<string, number>}
 */
const TICK_MS = { lines: 5, arrays: 5, batch: 25 };

/** The number of bursts that are kept for the next round; a million lines are 330 MB. */
const KEPT_BURSTS = 3;

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".map": "application/json",
};

/** The format that the client chooses. */
const ASKED = "asked";

/**
 * The routes that stream: that of the pages, and that of a gateway, below an address that names the
 * run, since that client does not accept a query.
 */
const STREAMS = [/^\/api\/dapadmin\/l5-etl\/sse\/logs\/stream$/, /^\/bench\/[^/]+\/logs\/stream$/];

/**
 * Headers that let a page measure its memory, workers included, and make its clock exact. Streams
 * have the same origin.
 */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const { values } = parseArgs({
  options: { site: { type: "string" }, port: { type: "string", default: "0" } },
});
const site = path.resolve(values.site ?? ".");
/** @type {Map<string, Run>} */
const runs = new Map();
/** @type {Map<string, Buffer>} */
const bursts = new Map();

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://bench");
  respond(response, url).catch((error) => {
    if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
    response.end(`the server of the benchmark failed: ${error.message}\n`);
  });
});
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(Number(values.port), "127.0.0.1", () =>
  console.log(`bench: listening on http://127.0.0.1:${portOf(server)}`),
);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));

/**
 * @param {ServerResponse} response
 * @param {URL} url
 */
async function respond(response, url) {
  if (STREAMS.some((route) => route.test(url.pathname))) return stream(url, response);
  if (url.pathname === "/bench/go") return go(url, response);
  if (url.pathname === "/bench/run") return report(url, response);
  return file(url, response);
}

/**
 * One run of a contender: the signals between its requests, and what was sent.
 */
class Run {
  streams = 0;
  format = "";
  sent = 0;
  bytes = 0;
  worstBehind = 0;
  /** Whether the last write ended with an event. */
  isWhole = true;
  connected = signal();
  started = signal();
}

/**
 * A promise that is resolved from outside.
 *
 * @returns {{ promise: Promise<void>, resolve: () => void }}
 */
function signal() {
  let resolve = () => {};
  const promise = new Promise((done) => {
    resolve = () => done(undefined);
  });
  return { promise, resolve };
}

/** @param {string} id */
function runOf(id) {
  const run = runs.get(id) ?? new Run();
  runs.set(id, run);
  return run;
}

/**
 * Reads from the query of a stream what to send: `run`, `lines`, or `rate` and `seconds`; `format`,
 * `payload`.
 *
 * @param {URL} url
 */
function planOf(url) {
  const [, , folder] = url.pathname.split("/");
  // Below /bench/ the folder is the query, since the headless client accepts a gateway and not a
  // route.
  const query = url.pathname.startsWith("/bench/")
    ? new URLSearchParams(decodeURIComponent(folder))
    : url.searchParams;
  /** @param {string} name */
  const number = (name) => Number(query.get(name) ?? 0);
  /**
   * @param {string} name
   * @param {string[]} known
   */
  const one = (name, known) => {
    const value = query.get(name) ?? known[0];
    if (!known.includes(value))
      throw new Error(`${name}: expected one of ${known.join(", ")}, got ${value}`);
    return value;
  };
  return {
    run: query.get("run") ?? "",
    lines: number("lines"),
    rate: number("rate"),
    seconds: number("seconds"),
    payload: one("payload", PAYLOAD_NAMES),
    format: formatOf(url, one("format", [...FORMAT_NAMES, ASKED])),
  };
}

/**
 * Returns the format of a stream. The page chooses it, and a client that asks for batch frames
 * still receives single lines, as from an older gateway. With `asked` the client chooses, as with a
 * real gateway.
 *
 * @param {URL} url
 * @param {string} named
 */
function formatOf(url, named) {
  if (named !== ASKED) return named;
  return url.searchParams.get("batch") === "1" ? "batch" : "lines";
}

/**
 * @param {URL} url
 * @param {ServerResponse} response
 */
async function stream(url, response) {
  const plan = planOf(url);
  const run = runOf(plan.run);
  run.streams += 1;
  run.format = plan.format;
  if (run.streams > 1) {
    // A client that reconnects lost its stream, and its run is void; 204 stops an EventSource.
    response.writeHead(204).end();
    return;
  }
  const lines = new Lines(plan);
  const burst = plan.rate ? null : burstOf(plan, lines);
  const head = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    ...(burst && { "X-Bench-Bytes": burst.length }),
  };
  response.writeHead(200, head);
  response.write(lines.greeting());
  run.connected.resolve();
  // Not during a burst, whose chunks end anywhere.
  const heartbeat = setInterval(() => {
    if (run.isWhole) response.write(lines.heartbeat(run.sent));
  }, HEARTBEAT_MS);
  response.on("close", () => clearInterval(heartbeat));
  await run.started.promise;
  if (burst) await sendBurst(response, run, plan, burst);
  else await sendSteadily(response, run, plan, lines);
  response.write(END);
}

/**
 * @param {Plan} plan
 * @param {Lines} lines
 */
function burstOf({ payload, format, lines: count }, lines) {
  const key = `${payload} ${format} ${count}`;
  const bytes = bursts.get(key) ?? lines.bytes(1, count);
  bursts.delete(key);
  bursts.set(key, bytes);
  if (bursts.size > KEPT_BURSTS) bursts.delete(bursts.keys().next().value ?? "");
  return bytes;
}

/**
 * @param {ServerResponse} response
 * @param {Run} run
 * @param {Plan} plan
 * @param {Buffer} bytes
 */
async function sendBurst(response, run, { lines }, bytes) {
  run.isWhole = false;
  for (let at = 0; at < bytes.length && !response.destroyed; at += CHUNK_BYTES) {
    if (!response.write(bytes.subarray(at, at + CHUNK_BYTES))) await drained(response);
  }
  Object.assign(run, { sent: lines, bytes: bytes.length, isWhole: true });
}

/**
 * @param {ServerResponse} response
 * @param {Run} run
 * @param {Plan} plan
 * @param {Lines} lines
 */
async function sendSteadily(response, run, { rate, seconds, format }, lines) {
  const total = Math.round(rate * seconds);
  const start = performance.now();
  while (run.sent < total && !response.destroyed) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1_000));
    if (due > run.sent) {
      // A reader that does not keep up receives the rest in larger writes, as from a real history.
      run.worstBehind = Math.max(run.worstBehind, due - run.sent);
      const bytes = lines.bytes(run.sent + 1, due);
      run.sent = due;
      run.bytes += bytes.length;
      if (!response.write(bytes)) await drained(response);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS[format]));
  }
}

/**
 * Resolves when the socket accepts more data, or is closed.
 *
 * @param {ServerResponse} response
 */
function drained(response) {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve(undefined);
    };
    response.on("drain", done).on("close", done);
  });
}

/**
 * Starts the run, once its stream is connected.
 *
 * @param {URL} url
 * @param {ServerResponse} response
 */
async function go(url, response) {
  const run = runOf(url.searchParams.get("run") ?? "");
  await run.connected.promise;
  response.writeHead(204, { "Cache-Control": "no-store" }).end();
  run.started.resolve();
}

/**
 * @param {URL} url
 * @param {ServerResponse} response
 */
function report(url, response) {
  const { streams, format, sent, bytes, worstBehind } = runOf(url.searchParams.get("run") ?? "");
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify({ streams, format, sent, bytes, worstBehind }));
}

/**
 * @param {URL} url
 * @param {ServerResponse} response
 */
async function file(url, response) {
  const name = path.join(site, path.normalize(decodeURIComponent(url.pathname)));
  const found = name.startsWith(site) ? await stat(name).catch(() => null) : null;
  if (!found?.isFile()) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end(`not found: ${url.pathname}\n`);
    return;
  }
  const type = TYPES[path.extname(name)] ?? "application/octet-stream";
  // Cached, so that a second visit is warm; each run has its own profile, and so its own cache.
  response.writeHead(200, {
    "Content-Type": type,
    "Content-Length": found.size,
    "Cache-Control": "max-age=3600",
    ...ISOLATED,
  });
  createReadStream(name).pipe(response);
}

/** @param {Server} server */
function portOf(server) {
  return /** @type {AddressInfo} */ (server.address()).port;
}
