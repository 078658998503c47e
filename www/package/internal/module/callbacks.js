// Calls a host's callbacks with status, errors and logs: at most once per frame, and whatever a
// callback throws stops nothing.

/** @import { Backend, ConnectionOptions, Log, LogsStatus, Notice } from "../../types/index.d.ts" */
/** @import { ClientRows, StatusReport } from "./assets.d.ts" */

import { LiveLogsError, messageOf } from "../errors.js";
import { isLog, toRows } from "./records.js";
import { toStatus } from "./status.js";

/**
 * Creates the callbacks of one client. `options()` returns the options that are in force.
 * `onRows` is called as soon as rows arrive, `onFrame` once per frame, after the host's callbacks.
 *
 * @param {() => ConnectionOptions} options
 * @param {{ onRows?: (rows: (Log | Notice)[]) => void, onFrame?: () => void }} [hooks]
 */
export function createCallbacks(options, { onRows, onFrame } = {}) {
  /** @type {LogsStatus | null} */
  let pendingStatus = null;
  /** @type {Log[]} */
  let pendingLogs = [];
  let reportedCause = "";
  let isClosed = false;
  /** The callbacks that threw. */
  const broken = new Set();

  /**
   * @template {"onStatus" | "onError" | "onLog"} Name
   * @param {Name} name
   * @param {Parameters<NonNullable<ConnectionOptions[Name]>>[0]} value
   */
  function call(name, value) {
    const callback = /** @type {((value: unknown) => void) | undefined} */ (options()[name]);
    if (isClosed || !callback) return;
    try {
      callback(value);
    } catch (error) {
      reportThrown(name, error);
    }
  }

  /**
   * Reports the first error of each callback. One that throws for each batch would otherwise flood
   * the console.
   *
   * @param {string} name
   * @param {unknown} error
   */
  function reportThrown(name, error) {
    if (broken.has(name)) return;
    broken.add(name);
    if (name === "onError") console.error("[live logs] onError threw:", error);
    else fail(callbackError(`${name} threw`, name, error));
  }

  /** @param {LiveLogsError} error */
  function fail(error) {
    if (isClosed) return;
    if (options().onError) call("onError", error);
    else
      console.error(
        `[live logs] ${error.message}`,
        ...(error.cause === undefined ? [] : [error.cause]),
      );
  }

  /** @param {LogsStatus} status */
  function deliverStatus(status) {
    call("onStatus", status);
    const cause = status.cause === null ? "" : `${status.cause} ${status.reason}`;
    if (status.cause !== null && cause !== reportedCause && options().onError)
      call("onError", new LiveLogsError(status.cause, status.reason));
    if (cause || status.isLive) reportedCause = cause;
  }

  return {
    /** Reports an error to the host, or to the console if the host has no `onError`. */
    fail,

    /**
     * Handles a call of the client; see `ClientListener`.
     *
     * @param {ClientRows | undefined} rows
     * @param {StatusReport | undefined} status
     * @param {boolean} isFrame
     * @param {Backend} backend
     */
    receive(rows, status, isFrame, backend) {
      if (isClosed) return;
      if (rows !== undefined) {
        const parsed = toRows(rows);
        onRows?.(parsed);
        if (options().onLog) pendingLogs.push(...parsed.filter(isLog));
      }
      if (status !== undefined) pendingStatus = toStatus(status, backend);
      if (!isFrame) return;
      if (pendingStatus) {
        const latest = pendingStatus;
        pendingStatus = null;
        deliverStatus(latest);
      }
      if (pendingLogs.length > 0) {
        const logs = pendingLogs;
        pendingLogs = [];
        call("onLog", logs);
      }
      if (!isClosed) onFrame?.();
    },

    close() {
      isClosed = true;
    },
  };
}

/**
 * Returns the error that reports what a host's function threw.
 *
 * @param {string} what such as "onLog threw"
 * @param {string} option
 * @param {unknown} cause
 */
export function callbackError(what, option, cause) {
  return new LiveLogsError("callback", `${what}: ${messageOf(cause)}`, { option, cause });
}
