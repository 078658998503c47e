// What one hook shows of one channel: the newest logs through a filter, and the connection. Knows no React.

import { LiveLogsError, words } from "../errors.js";
import { createPersistence } from "./persistence.js";
import { outside } from "../zone.js";

const NOTHING = Object.freeze([]);

/** `settings()` gives the hook's `{ maxLogs, filter, persistence, persistenceKey }` at the moment. */
export function createPane(store, channel, settings) {
  let logs = NOTHING;
  /** What came, cleared or not: this is what outlives a reload. */
  let stored = NOTHING;
  let fresh = [];
  let storage = null;
  let snapshot = null;
  let isFilterBroken = false;
  const listeners = new Set();

  function take(log) {
    if (!passes(log)) return;
    if (fresh.length === 0) queueMicrotask(shelve);
    fresh.push(log);
  }

  /** Once for each batch: an array per line would be what this replaces. */
  function shelve() {
    const newest = fresh.reverse();
    fresh = [];
    logs = onTop(newest, logs);
    if (storage) {
      stored = onTop(newest, stored);
      storage.save(stored);
    }
    changed();
  }

  function onTop(newest, older) {
    const { maxLogs } = settings();
    return Object.freeze([
      ...newest.slice(0, maxLogs),
      ...older.slice(0, Math.max(0, maxLogs - newest.length)),
    ]);
  }

  function passes(log) {
    const { filter } = settings();
    if (!filter) return true;
    try {
      return Boolean(filter(log));
    } catch (error) {
      // A line too many is better than a line lost.
      if (!isFilterBroken)
        store.fail(
          new LiveLogsError("callback", `filter threw, and the log was kept: ${words(error)}`, {
            option: "filter",
            cause: error,
          }),
        );
      isFilterBroken = true;
      return true;
    }
  }

  function changed() {
    snapshot = null;
    for (const listener of [...listeners]) listener();
  }

  function restore() {
    const { persistence, persistenceKey } = settings();
    if (!persistence || storage || !channel) return;
    storage = createPersistence(persistenceKey || `logs-sse:${channel}`, store.fail);
    stored = Object.freeze(storage.read().slice(0, settings().maxLogs));
    logs = onTop(logs, stored);
    snapshot = null;
  }

  function clearLogs() {
    logs = NOTHING;
    changed();
  }

  function resetToPersisted() {
    if (!storage) return;
    logs = stored;
    changed();
  }

  let before = null;

  function subscribe(listener, isReading) {
    listeners.add(listener);
    restore();
    // Counts move with every line; only what reads differently is worth a rendering.
    const unlisten = store.listen(() => {
      if (store.getSnapshot() !== before) changed();
    });
    const unsubscribe = isReading && channel ? store.subscribe(channel, take) : () => {};
    const leave = () => storage && storage.flush();
    if (storage) window.addEventListener("pagehide", leave);
    return () => {
      listeners.delete(listener);
      unlisten();
      unsubscribe();
      leave();
      window.removeEventListener("pagehide", leave);
    };
  }

  return {
    /** Listens to the connection and, with `isReading`, reads the channel. Returns what ends both. */
    subscribe(listener, isReading) {
      const end = outside(() => subscribe(listener, isReading));
      return () => outside(end);
    },

    getSnapshot() {
      if (!snapshot) {
        before = store.getSnapshot();
        const { connectionStatus, isConnected, error } = before;
        snapshot = Object.freeze({
          logs,
          lastLog: logs[0] ?? null,
          logCount: logs.length,
          connectionStatus,
          isConnected,
          error,
          channel,
          clearLogs,
          resetToPersisted,
          stats: store.stats(),
        });
      }
      return snapshot;
    },
  };
}
