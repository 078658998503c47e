// Logs that survive a reload, in localStorage. A full or broken storage costs at most the stored
// logs, and is reported once.

/** @import { Log } from "../../types/index.d.ts" */

import { grouped, toLog, toRecord } from "../module/records.js";
import { LiveLogsError, messageOf } from "../errors.js";

/**
 * Stores logs, newest first, under `key`. `fail` is called with the first error.
 *
 * @param {string} key
 * @param {(error: LiveLogsError) => void} fail
 */
export function createPersistence(key, fail) {
  let isReported = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {readonly Log[] | null} */
  let unsaved = null;

  /**
   * @param {string} message
   * @param {unknown} [cause]
   */
  function report(message, cause) {
    if (isReported) return;
    isReported = true;
    fail(new LiveLogsError("storage", message, { cause }));
  }

  /** @param {readonly Log[]} logs */
  function write(logs) {
    // Halves the number of logs until they fit.
    for (let count = logs.length; count > 0; count = Math.floor(count / 2)) {
      try {
        const records = logs.slice(0, count).map(toRecord);
        localStorage.setItem(key, JSON.stringify({ version: 1, logs: records }));
        if (count === logs.length) return;
        const stored = `the newest ${grouped(count)} of ${grouped(logs.length)} logs`;
        report(`localStorage is full: only ${stored} were stored under "${key}"`);
        return;
      } catch (error) {
        if (count === 1)
          report(`localStorage could not store "${key}": ${messageOf(error)}`, error);
      }
    }
  }

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    if (unsaved) write(unsaved);
    unsaved = null;
  }

  return {
    /** @returns {Log[]} */
    read() {
      try {
        const text = localStorage.getItem(key);
        if (text === null) return [];
        const { version, logs } = JSON.parse(text);
        if (version !== 1 || !Array.isArray(logs) || !logs.every(isRecord))
          throw new Error("unexpected data");
        // Oldest first, so that keys grow with time.
        return logs.reverse().map(toLog).reverse();
      } catch (error) {
        report(`ignoring what localStorage holds under "${key}": ${messageOf(error)}`, error);
        return [];
      }
    },

    /**
     * Writes `logs` within a second, so that a burst is written once.
     *
     * @param {readonly Log[]} logs
     */
    save(logs) {
      unsaved = logs;
      timer ??= setTimeout(flush, SAVE_MS);
    },

    flush,
  };
}

/**
 * Returns whether `record` is a stored log. Those of older versions have no `levelClass`.
 *
 * @param {unknown} record
 */
function isRecord(record) {
  return (
    Array.isArray(record) &&
    (record.length === 5 || record.length === 6) &&
    typeof record[4] === "string"
  );
}

const SAVE_MS = 1_000;
