// The benchmark's server: the pages of all contenders and their streams, from one origin. `node bench/server.mjs --site DIR` prints where
// it listens. What it sends in a burst is made before, so that it is never what is measured; it waits for sockets that are full.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { END, FORMAT_NAMES, HEARTBEAT_MS, Lines, PAYLOAD_NAMES } from "./payload.mjs";

/** Each write is one chunk of HTTP; with larger ones nothing is gained, and back-pressure is felt later. */
const CHUNK_BYTES = 256 << 10;

/** Between two writes at a steady rate: well below a frame, but for batch frames, which the gateway collects for so long. */
const TICK_MS = { lines: 5, arrays: 5, batch: 25 };

/** Bursts of the same lines are sent over and over, round by round; the last few are kept, as a million lines are 330 MB. */
const KEPT_BURSTS = 3;

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".map": "application/json",
};

/** The format that the client decides. */
const ASKED = "asked";

/** The routes that stream: the page's own, and a gateway's, below an address that names the run, since that client takes no query. */
const STREAMS = [/^\/api\/dapadmin\/l5-etl\/sse\/logs\/stream$/, /^\/bench\/[^/]+\/logs\/stream$/];

/**
 * With these a page may ask how much memory all of it takes, workers too, and its clock is exact. Streams come from the same origin.
 */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const { values } = parseArgs({
  options: { site: { type: "string" }, port: { type: "string", default: "0" } },
});
const site = path.resolve(values.site ?? ".");
const runs = new Map();
const bursts = new Map();

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://bench");
  answer(request, response, url).catch((error) => {
    if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
    response.end(`the benchmark's server failed: ${error.message}\n`);
  });
});
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(Number(values.port), "127.0.0.1", () =>
  console.log(`bench: listening on http://127.0.0.1:${server.address().port}`),
);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));

async function answer(request, response, url) {
  if (STREAMS.some((route) => route.test(url.pathname))) return stream(url, response);
  if (url.pathname === "/bench/go") return go(url, response);
  if (url.pathname === "/bench/run") return tell(url, response);
  return file(url, response);
}

/** One of the runs: who waits for whom, and what was sent. */
function runOf(id) {
  if (!runs.has(id)) {
    const run = { streams: 0, sent: 0, bytes: 0, worstBehind: 0, isWhole: true };
    run.connected = new Promise((resolve) => (run.onConnected = resolve));
    run.going = new Promise((resolve) => (run.onGo = resolve));
    runs.set(id, run);
  }
  return runs.get(id);
}

/** What to send is in the query of the page's stream: `run`, `lines`, or `rate` and `seconds`; `format`, `payload`. */
function planOf(url) {
  const [, , folder] = url.pathname.split("/");
  // Below /bench/ the folder is the query, since the headless client names a gateway and not a route.
  const query = url.pathname.startsWith("/bench/")
    ? new URLSearchParams(decodeURIComponent(folder))
    : url.searchParams;
  const number = (name) => Number(query.get(name) ?? 0);
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
 * The format of a stream. A page of the benchmark names it, and a client that asks for batch frames gets single lines all the same, as
 * from an older gateway; `asked` is as the gateway does it.
 */
function formatOf(url, named) {
  if (named !== ASKED) return named;
  return url.searchParams.get("batch") === "1" ? "batch" : "lines";
}

async function stream(url, response) {
  const plan = planOf(url);
  const run = runOf(plan.run);
  run.streams += 1;
  run.format = plan.format;
  if (run.streams > 1) {
    // A client that comes back lost its stream, and its run is void; 204 tells an EventSource to stay away.
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
  run.onConnected();
  // Not amid a burst, whose chunks end anywhere.
  const heartbeat = setInterval(
    () => run.isWhole && response.write(lines.heartbeat(run.sent)),
    HEARTBEAT_MS,
  );
  response.on("close", () => clearInterval(heartbeat));
  await run.going;
  if (burst) await sendBurst(response, run, plan, burst);
  else await sendSteadily(response, run, plan, lines);
  response.write(END);
}

function burstOf({ payload, format, lines: count }, lines) {
  const key = `${payload} ${format} ${count}`;
  const bytes = bursts.get(key) ?? lines.bytes(1, count);
  bursts.delete(key);
  bursts.set(key, bytes);
  if (bursts.size > KEPT_BURSTS) bursts.delete(bursts.keys().next().value);
  return bytes;
}

async function sendBurst(response, run, { lines }, bytes) {
  run.isWhole = false;
  for (let at = 0; at < bytes.length && !response.destroyed; at += CHUNK_BYTES) {
    if (!response.write(bytes.subarray(at, at + CHUNK_BYTES))) await drained(response);
  }
  Object.assign(run, { sent: lines, bytes: bytes.length, isWhole: true });
}

async function sendSteadily(response, run, { rate, seconds, format }, lines) {
  const total = Math.round(rate * seconds);
  const start = performance.now();
  while (run.sent < total && !response.destroyed) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1_000));
    if (due > run.sent) {
      // A reader that does not keep up gets the rest in larger writes, as from a real gateway's history.
      run.worstBehind = Math.max(run.worstBehind, due - run.sent);
      const bytes = lines.bytes(run.sent + 1, due);
      run.sent = due;
      run.bytes += bytes.length;
      if (!response.write(bytes)) await drained(response);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS[format]));
  }
}

/** Resolves when the socket takes more, or takes nothing any more. */
function drained(response) {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** The page says go; the stream must be there. */
async function go(url, response) {
  const run = runOf(url.searchParams.get("run") ?? "");
  await run.connected;
  response.writeHead(204, { "Cache-Control": "no-store" }).end();
  run.onGo();
}

function tell(url, response) {
  const { streams, format, sent, bytes, worstBehind } = runOf(url.searchParams.get("run") ?? "");
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify({ streams, format, sent, bytes, worstBehind }));
}

async function file(url, response) {
  const name = path.join(site, path.normalize(decodeURIComponent(url.pathname)));
  const found = name.startsWith(site) && (await stat(name).catch(() => null));
  if (!found || !found.isFile()) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end(`there is no ${url.pathname}\n`);
    return;
  }
  const type = TYPES[path.extname(name)] ?? "application/octet-stream";
  // Cached, so that a second visit is a warm one; each run has a profile, and so a cache, of its own.
  response.writeHead(200, {
    "Content-Type": type,
    "Content-Length": found.size,
    "Cache-Control": "max-age=3600",
    ...ISOLATED,
  });
  createReadStream(name).pipe(response);
}
