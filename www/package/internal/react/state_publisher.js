// When hooks see a new connection state: a change of the connection at once, a change of counts at
// most once per second, since each makes React render.

/** @import { ConnectionState } from "./connection_state.js" */

import { hasSameCounts, isSameConnection } from "./connection_state.js";

/**
 * @param {() => ConnectionState} readState
 */
export function createStatePublisher(readState) {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /**
   * The current state, and the one that hooks show.
   *
   * @type {ConnectionState | null}
   */
  let latest = null;
  /** @type {ConnectionState | null} */
  let published = null;
  let publishedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function publish() {
    cancelTimer();
    publishedAt = Date.now();
    published = latest;
    for (const listener of [...listeners]) listener();
  }

  function cancelTimer() {
    clearTimeout(timer);
    timer = undefined;
  }

  function getSnapshot() {
    published ??= readState();
    return published;
  }

  return {
    /** Returns the published state: the same object until it is replaced. */
    getSnapshot,

    /** Reads the state again, and publishes it now or later. */
    update() {
      const next = readState();
      const isSame = published !== null && isSameConnection(published, next);
      if (published && isSame && hasSameCounts(latest ?? published, next)) return;
      // Keeps the same `error` and `connectedChannels`, since effects of a host depend on them.
      latest = published && isSame ? Object.freeze({ ...published, stats: next.stats }) : next;
      if (!isSame || Date.now() - publishedAt >= STATS_MS) publish();
      else if (listeners.size > 0) timer ??= setTimeout(publish, STATS_MS);
    },

    /**
     * Calls `listener` whenever `getSnapshot` returns another state.
     *
     * @param {() => void} listener
     */
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) cancelTimer();
      };
    },

    /** Returns the current counts; those of `getSnapshot` may be a second old. */
    stats() {
      return (latest ?? getSnapshot()).stats;
    },
  };
}

/** How old the counts that hooks show may be. */
const STATS_MS = 1_000;
