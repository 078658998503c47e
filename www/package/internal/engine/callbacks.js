// What a host hears of one engine's work: status, errors, logs; at most once per frame, and whatever a callback throws stops nothing.

import { LiveLogsError, words } from "../errors.js";
import { isLog, readRows } from "./records.js";

const IDLE = Object.freeze({
  state: "disconnected",
  word: "DISCONNECTED",
  isLive: false,
  progress: "",
  reason: "",
  cause: null,
  willRetry: false,
  attempt: 0,
  retryInMs: null,
  lastEventAgeMs: null,
  lagMs: null,
  linesPerSecond: 0,
  received: 0,
  duplicates: 0,
  missing: 0,
  gaps: 0,
  refused: Object.freeze([]),
  backend: null,
});

/** The status before anything is loaded, or after it broke. */
export function idle(changes) {
  return Object.freeze({ ...IDLE, ...changes });
}

/** The status that an engine wrote. */
export function readStatus(json, backend) {
  return Object.freeze({ ...JSON.parse(json), backend });
}

/**
 * An outlet to the callbacks that `options()` has at the moment. `onRows(rows)` hears rows at once, `onFrame()` after the callbacks.
 * All of it stops with `close()`.
 */
export function createOutlet(options, { onRows = () => {}, onFrame = () => {} } = {}) {
  let status = null;
  let logs = [];
  let toldCause = "";
  let isClosed = false;
  const broken = new Set();

  function call(name, value) {
    const callback = options()[name];
    if (isClosed || !callback) return;
    try {
      callback(value);
    } catch (error) {
      complain(name, error);
    }
  }

  function complain(name, error) {
    // Once: a callback that throws for each batch would fill the console and say nothing new.
    if (broken.has(name)) return;
    broken.add(name);
    if (name === "onError") console.error("[live logs] onError threw:", error);
    else
      fail(
        new LiveLogsError("callback", `${name} threw: ${words(error)}`, {
          option: name,
          cause: error,
        }),
      );
  }

  function fail(error) {
    if (isClosed) return;
    if (options().onError) call("onError", error);
    else
      console.error(
        `[live logs] ${error.message}`,
        ...(error.cause === undefined ? [] : [error.cause]),
      );
  }

  function changed(next) {
    call("onStatus", next);
    const cause = next.cause === null ? "" : `${next.cause} ${next.reason}`;
    if (cause && cause !== toldCause && options().onError)
      call("onError", new LiveLogsError(next.cause, next.reason));
    if (cause || next.isLive) toldCause = cause;
  }

  return {
    call,
    fail,

    /** Takes what the engine tells (src/js/teller.rs). */
    take(rows, statusText, isFrame, backend) {
      if (isClosed) return;
      if (rows !== undefined) {
        const read = readRows(rows);
        onRows(read);
        if (options().onLog) logs.push(...read.filter(isLog));
      }
      if (statusText !== undefined) status = readStatus(statusText, backend);
      if (!isFrame) return;
      if (status) {
        const next = status;
        status = null;
        changed(next);
      }
      if (logs.length > 0) {
        const batch = logs;
        logs = [];
        call("onLog", batch);
      }
      if (!isClosed) onFrame();
    },

    close() {
      isClosed = true;
    },
  };
}
