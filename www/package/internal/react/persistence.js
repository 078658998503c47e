// Logs that outlive a reload, in localStorage. A full or broken storage costs at most what it holds, and is told once.

import { LiveLogsError, words } from "../errors.js";
import { grouped, readLog, writeLog } from "../engine/records.js";

/** The stored logs under `key`, newest first; `fail(error)` hears what went wrong. */
export function createPersistence(key, fail) {
  let isTold = false;
  let timer = null;
  let due = null;

  function complain(sentence, cause) {
    if (isTold) return;
    isTold = true;
    fail(new LiveLogsError("storage", sentence, { cause }));
  }

  function write(logs) {
    // A storage that is full takes the newest half, or the half of that.
    for (let count = logs.length; count > 0; count = Math.floor(count / 2)) {
      try {
        localStorage.setItem(
          key,
          JSON.stringify({ version: 1, logs: logs.slice(0, count).map(writeLog) }),
        );
        if (count < logs.length)
          complain(
            `localStorage is full: only the newest ${grouped(count)} of ${grouped(logs.length)} logs were kept under "${key}"`,
          );
        return;
      } catch (error) {
        if (count === 1)
          complain(`localStorage took no log under "${key}": ${words(error)}`, error);
      }
    }
  }

  function flush() {
    clearTimeout(timer);
    timer = null;
    if (due) write(due);
    due = null;
  }

  return {
    read() {
      try {
        const text = localStorage.getItem(key);
        if (text === null) return [];
        const { version, logs } = JSON.parse(text);
        if (version !== 1 || !Array.isArray(logs) || !logs.every(isRow))
          throw new Error("it holds something else than logs");
        // Oldest first, so that keys grow with time.
        return logs.reverse().map(readLog).reverse();
      } catch (error) {
        complain(
          `what localStorage has under "${key}" could not be read and is left out: ${words(error)}`,
          error,
        );
        return [];
      }
    },

    /** Writes `logs` soon: not for each of many. */
    save(logs) {
      due = logs;
      timer ??= setTimeout(flush, SAVE_MS);
    },

    flush,
  };
}

/** Rows that an older version stored have no class of level. */
function isRow(row) {
  return Array.isArray(row) && (row.length === 5 || row.length === 6) && typeof row[4] === "string";
}

const SAVE_MS = 1_000;
