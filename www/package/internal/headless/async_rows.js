// One `for await` over a source: each row once, in order, at the consumer's pace. What does not fit is told, never silently lost.

import { missed } from "../engine/records.js";

/** Holds at most `capacity()` rows for a consumer that is busy; `onEnd` is called when nobody iterates any more. */
export function createIteration(capacity, onEnd) {
  let waiting = [];
  let lost = 0;
  let isEnded = false;
  let sleepers = [];

  function next() {
    if (lost > 0) {
      const value = missed(lost);
      lost = 0;
      return { value, done: false };
    }
    if (waiting.length > 0) return { value: waiting.shift(), done: false };
    return isEnded ? { value: undefined, done: true } : null;
  }

  function end() {
    isEnded = true;
    onEnd();
    wake();
  }

  /** Wakes all that wait: of several, one takes the row and the others go on waiting. */
  function wake() {
    const woken = sleepers;
    sleepers = [];
    for (const resolve of woken) resolve();
  }

  const iterator = {
    async next() {
      let step = next();
      while (!step) {
        await new Promise((resolve) => sleepers.push(resolve));
        step = next();
      }
      return step;
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

    add(rows) {
      waiting.push(...rows);
      const over = waiting.length - capacity();
      if (over > 0) {
        waiting = waiting.slice(over);
        lost += over;
      }
      wake();
    },
  };
}
