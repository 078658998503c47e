// Forwards a stream of the gateway byte for byte, adds heartbeats while it is silent, and says
// goodbye. Both are inserted between two events or lines. Reads no faster than the browser does.

/** @import { IncomingMessage } from "node:http" */
/** @import { LogsProxyStats } from "../../types/proxy.d.ts" */
/** @import { Settings } from "./options.js" */
/** @import { Visit, Visits } from "./visits.js" */

import { MAX_MS } from "./options.js";
import { Tail } from "./tail.js";

/** @typedef {keyof LogsProxyStats["ended"]} End */

/** The headers of every stream, with which no proxy and no middleware holds events back. */
const STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
};

/** Milliseconds after which a page reconnects, as in gateway/src/reader/timing.rs. */
const RETRY = { shutdown: [1_000, 5_000], rotation: [100, 1_000] };

/** Ages vary by a tenth, so that readers do not all reconnect at once. */
const AGE_SPREAD = 0.2;

/**
 * Forwards `answer` to the response of `visit` until one side ends it.
 *
 * @param {Visit} visit
 * @param {IncomingMessage} answer
 * @param {Settings} settings
 * @param {Visits} visits
 */
export function passOn(visit, answer, settings, visits) {
  const { response } = visit;
  // A middleware may have prepared them for a page.
  for (const name of ["Content-Length", "Content-Encoding", "ETag"]) response.removeHeader(name);
  response.writeHead(200, STREAM_HEADERS);
  response.flushHeaders();
  visits.counters.streams += 1;
  visits.counters.opened += 1;
  new Passing(visit, answer, settings, visits).begin();
}

class Passing {
  #tail = new Tail();
  /** @type {Map<"idle" | "ping" | "age" | "stall", NodeJS.Timeout>} */
  #timers = new Map();
  #received = 0;
  #isBlocked = false;
  /** @type {End | undefined} */
  #end;

  /**
   * @param {Visit} visit
   * @param {IncomingMessage} answer
   * @param {Settings} settings
   * @param {Visits} visits
   */
  constructor(visit, answer, settings, visits) {
    this.visit = visit;
    this.response = visit.response;
    this.answer = answer;
    this.settings = settings;
    this.counters = visits.counters;
  }

  begin() {
    const { answer, response, settings } = this;
    this.visit.drain = () => this.#leave("shutdown");
    response.once("close", () => {
      this.#finish("browser");
      this.#stop("stall");
    });
    response.on("drain", () => this.#unblock());
    answer.on("data", (/** @type {Buffer} */ chunk) => this.#pass(chunk));
    answer.once("end", () => this.#finish("upstream"));
    answer.once("close", () => this.#finish("upstream"));
    this.#start("idle", settings.deadlines.idleMs, () => this.#judgeSilence());
    this.#start("ping", settings.heartbeatMs, () => this.#ping());
    if (settings.maxAgeMs !== Number.POSITIVE_INFINITY) {
      const age = settings.maxAgeMs * (1 - AGE_SPREAD / 2 + AGE_SPREAD * Math.random());
      this.#start("age", Math.min(age, MAX_MS), () => this.#leave("age"));
    }
  }

  /** @param {Buffer} chunk */
  #pass(chunk) {
    if (this.#end) return;
    this.#tail.push(chunk);
    this.#received += chunk.length;
    this.counters.bytes += chunk.length;
    this.#timers.get("idle")?.refresh();
    this.#write(chunk);
  }

  /** Ends the stream unless bytes arrived while this process was busy. */
  #judgeSilence() {
    const received = this.#received;
    setImmediate(() => {
      if (received === this.#received && !this.#isBlocked) this.#finish("idle");
    });
  }

  #ping() {
    // A blank line would end an event that is half sent, and a comment would split a line.
    if (this.#tail.endsLine && !this.#isBlocked) {
      this.#write(Buffer.from(this.#tail.endsEvent ? ":ping\n\n" : ":ping\n"));
      this.counters.heartbeats += 1;
    }
    this.#timers.get("ping")?.refresh();
  }

  /** @param {Buffer} bytes */
  #write(bytes) {
    const { response } = this;
    this.#timers.get("ping")?.refresh();
    const hasRoom = response.write(bytes);
    // Added by middlewares that compress, even where they should not.
    if ("flush" in response && typeof response.flush === "function") response.flush();
    if (!hasRoom) this.#block();
  }

  /** Reads nothing until the browser has accepted what was written. */
  #block() {
    this.#isBlocked = true;
    this.answer.pause();
    this.#stop("idle");
    this.#start("stall", this.settings.deadlines.writeMs, () => this.#finish("stalled"));
  }

  #unblock() {
    if (!this.#isBlocked || this.#end) return;
    this.#isBlocked = false;
    this.#stop("stall");
    this.#start("idle", this.settings.deadlines.idleMs, () => this.#judgeSilence());
    this.answer.resume();
  }

  /**
   * Says goodbye, except after half an event, which it would complete.
   *
   * @param {"shutdown" | "age"} end
   */
  #leave(end) {
    if (this.#end) return;
    if (this.#tail.endsEvent) this.response.write(bye(end === "age" ? "rotation" : end));
    this.#finish(end);
  }

  /**
   * Ends both sides, once.
   *
   * @param {End} end
   */
  #finish(end) {
    if (this.#end) return;
    this.#end = end;
    this.counters.streams -= 1;
    this.counters.ended[end] += 1;
    for (const name of this.#timers.keys()) this.#stop(name);
    this.visit.end();
    this.answer.destroy();
    if (end === "stalled") this.response.destroy();
    this.response.end();
    // A browser that accepts nothing does not accept the end either.
    this.#start("stall", this.settings.deadlines.writeMs, () => this.response.destroy());
  }

  /**
   * @param {"idle" | "ping" | "age" | "stall"} name
   * @param {number} delay
   * @param {() => void} run
   */
  #start(name, delay, run) {
    this.#stop(name);
    // The sockets keep the process alive, not the timers.
    this.#timers.set(name, setTimeout(run, delay).unref());
  }

  /** @param {"idle" | "ping" | "age" | "stall"} name */
  #stop(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

/**
 * Returns the last event of a stream (docs/protocol.md).
 *
 * @param {"shutdown" | "rotation"} reason
 */
function bye(reason) {
  const [from, to] = RETRY[reason];
  const retryMs = Math.round(from + (to - from) * Math.random());
  const data = JSON.stringify({ reason, retryMs });
  return `retry: ${retryMs}\nevent: bye\ndata: ${data}\n\n`;
}
