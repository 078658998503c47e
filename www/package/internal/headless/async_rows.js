// One `for await` loop over a source: each row once, in order, at the consumer's pace. Rows that
// exceed the capacity are dropped, and reported by a notice.

/** @import { Log, Notice } from "../../types/index.d.ts" */

import { droppedNotice } from "../module/records.js";

/**
 * Buffers at most `capacity()` rows for a busy consumer. `onEnd` is called when the loop ends.
 *
 * @param {() => number} capacity
 * @param {() => void} onEnd
 */
export function createAsyncRows(capacity, onEnd) {
  /** @type {(Log | Notice)[]} */
  let waiting = [];
  let dropped = 0;
  let isEnded = false;
  /** @type {(() => void)[]} */
  let sleepers = [];

  /** @returns {IteratorResult<Log | Notice, undefined> | null} `null` if the caller must wait */
  function poll() {
    if (dropped > 0) {
      const value = droppedNotice(dropped);
      dropped = 0;
      return { value, done: false };
    }
    const row = waiting.shift();
    if (row) return { value: row, done: false };
    return isEnded ? { value: undefined, done: true } : null;
  }

  function end() {
    isEnded = true;
    onEnd();
    wakeAll();
  }

  /** Wakes all waiting calls of `next`; those that find no row wait again. */
  function wakeAll() {
    const woken = sleepers;
    sleepers = [];
    for (const wake of woken) wake();
  }

  /** @type {AsyncIterableIterator<Log | Notice, undefined>} */
  const iterator = {
    async next() {
      let result = poll();
      while (!result) {
        await new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
          sleepers.push(resolve);
        });
        result = poll();
      }
      return result;
    },

    async return() {
      waiting = [];
      end();
      return { value: undefined, done: true };
    },

    [Symbol.asyncIterator]() {
      return iterator;
    },
  };

  return {
    iterator,
    end,

    /** @param {(Log | Notice)[]} rows */
    add(rows) {
      waiting.push(...rows);
      const excess = waiting.length - capacity();
      if (excess > 0) {
        waiting = waiting.slice(excess);
        dropped += excess;
      }
      wakeAll();
    },
  };
}
