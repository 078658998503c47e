// Holds the newest rows of a source, and returns them as arrays that never change.

/** @import { Log, Notice } from "../../types/index.d.ts" */

import { isLog } from "../module/records.js";

/** @param {number} capacity */
export function createRowBuffer(capacity) {
  /** @type {(Log | Notice)[]} */
  let rows = [];
  let start = 0;
  let dropped = 0;

  function evict() {
    const excess = rows.length - start - capacity;
    for (let index = start; index < start + excess; index += 1)
      if (isLog(rows[index])) dropped += 1;
    if (excess > 0) start += excess;
    // Copies only now and then: removing each evicted row would move all others each time.
    if (start > capacity) {
      rows = rows.slice(start);
      start = 0;
    }
  }

  return {
    /** @param {(Log | Notice)[]} added */
    add(added) {
      for (const row of added) rows.push(row);
      evict();
    },

    /** @param {number} size */
    resize(size) {
      capacity = size;
      evict();
    },

    clear() {
      rows = [];
      start = 0;
      dropped = 0;
    },

    rows() {
      return Object.freeze(rows.slice(start));
    },

    /** Returns how many logs were evicted. */
    dropped() {
      return dropped;
    },
  };
}
