// Asks a host whether it shows a line itself: the option `isKnown`.

/** @import { Log } from "../../types/index.d.ts" */
/** @import { LiveLogsError } from "../errors.js" */

import { callbackError } from "../module/callbacks.js";
import { toLog } from "../module/records.js";

/**
 * Creates the question. `isKnown()` returns the host's function that is in force, and `fail` reports
 * the first error of it.
 *
 * @param {() => ((log: Log) => boolean) | undefined} isKnown
 * @param {(error: LiveLogsError) => void} fail
 */
export function createKnown(isKnown, fail) {
  let isAsking = false;
  let hasFailed = false;

  /**
   * @param {string} message
   * @param {unknown} error
   */
  function failOnce(message, error) {
    if (hasFailed) return;
    hasFailed = true;
    // Later, since the module is in the middle of a line.
    queueMicrotask(() => fail(callbackError(message, "isKnown", error)));
  }

  return {
    /** Returns whether the host is being asked. The module cannot be called until it answers. */
    isAsking: () => isAsking,

    /** Reports that the host called its handle from `isKnown`. */
    refuseCall() {
      failOnce("isKnown called a method of the viewer", new Error("expected only true or false"));
    },

    /**
     * Returns whether the host knows the line of a record. A line is shown rather than lost, so it
     * is unknown if the host throws.
     *
     * @param {string} record
     */
    ask(record) {
      isAsking = true;
      try {
        return isKnown()?.(toLog(JSON.parse(record))) === true;
      } catch (error) {
        failOnce("isKnown threw", error);
        return false;
      } finally {
        isAsking = false;
      }
    },
  };
}
