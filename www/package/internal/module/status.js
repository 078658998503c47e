// The status of a connection as hosts receive it.

/** @import { Backend, LogsStatus } from "../../types/index.d.ts" */
/** @import { StatusReport } from "./assets.d.ts" */
/** @import { LiveLogsError } from "../errors.js" */

/** @type {LogsStatus} */
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

/**
 * Returns the status while there is no module: before it is loaded, or after it failed.
 *
 * @param {LiveLogsError | null} [failure]
 * @returns {LogsStatus}
 */
export function idleStatus(failure) {
  if (!failure) return IDLE;
  return Object.freeze({ ...IDLE, state: "error", word: "ERROR", reason: failure.message });
}

/**
 * Returns the status of a client as hosts receive it.
 *
 * @param {StatusReport} report
 * @param {Backend} backend
 * @returns {LogsStatus}
 */
export function toStatus(report, backend) {
  return Object.freeze({ ...report, backend });
}
