// Rows that are held: bounded, oldest out first, handed out as an array that never changes.

import { isLog } from "../engine/records.js";

export function createShelf(capacity) {
  let held = [];
  let start = 0;
  let dropped = 0;

  function trim() {
    const over = held.length - start - capacity;
    for (let index = start; index < start + over; index += 1) if (isLog(held[index])) dropped += 1;
    if (over > 0) start += over;
    // Cutting the front off for each row would copy all others each time.
    if (start > capacity) {
      held = held.slice(start);
      start = 0;
    }
  }

  return {
    add(rows) {
      for (const row of rows) held.push(row);
      trim();
    },

    resize(lines) {
      capacity = lines;
      trim();
    },

    clear() {
      held = [];
      start = 0;
      dropped = 0;
    },

    rows() {
      return Object.freeze(held.slice(start));
    },

    dropped() {
      return dropped;
    },
  };
}
