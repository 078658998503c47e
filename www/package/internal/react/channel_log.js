// What one hook shows of one channel: the newest logs that pass its filter, and the connection.
// Does not depend on React.

/** @import { Log } from "../../types/index.d.ts" */
/** @import { UseLogsSSEOptions, UseLogsSSEResult } from "../../types/react.d.ts" */
/** @import { ConnectionState } from "./connection_state.js" */
/** @import { Subscriptions } from "./subscriptions.js" */

import { callbackError } from "../module/callbacks.js";
import { outside } from "../zone.js";
import { createPersistence } from "./persistence.js";

/**
 * @typedef {Pick<UseLogsSSEOptions, "filter" | "persistence" | "persistenceKey">} HookOptions
 * @typedef {HookOptions & { maxLogs: number }} ChannelLogOptions
 */

/** @type {readonly Log[]} */
const NO_LOGS = Object.freeze([]);

/**
 * Creates the log of `channel`, or of nothing if it is `null`. `options()` returns the options of
 * the hook at that moment.
 *
 * @param {Subscriptions} subscriptions
 * @param {string | null} channel
 * @param {() => ChannelLogOptions} options
 */
export function createChannelLog(subscriptions, channel, options) {
  let logs = NO_LOGS;
  /** What survives a reload: `clearLogs` does not affect it. */
  let stored = NO_LOGS;
  /** @type {Log[]} */
  let pending = [];
  /** @type {ReturnType<typeof createPersistence> | null} */
  let storage = null;
  /** @type {UseLogsSSEResult | null} */
  let snapshot = null;
  /**
   * The connection's state in `snapshot`.
   *
   * @type {ConnectionState | null}
   */
  let connection = null;
  let hasFilterThrown = false;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  /** @param {Log} log */
  function receive(log) {
    if (!passesFilter(log)) return;
    if (pending.length === 0) queueMicrotask(addPending);
    pending.push(log);
  }

  /** Adds a whole batch: an array per log would be quadratic. */
  function addPending() {
    const newest = pending.reverse();
    pending = [];
    logs = prepend(newest, logs);
    if (storage) {
      stored = prepend(newest, stored);
      storage.save(stored);
    }
    notify();
  }

  /**
   * @param {readonly Log[]} newest
   * @param {readonly Log[]} older
   * @returns {readonly Log[]}
   */
  function prepend(newest, older) {
    const { maxLogs } = options();
    return Object.freeze([
      ...newest.slice(0, maxLogs),
      ...older.slice(0, Math.max(0, maxLogs - newest.length)),
    ]);
  }

  /** @param {Log} log */
  function passesFilter(log) {
    const { filter } = options();
    if (!filter) return true;
    try {
      return Boolean(filter(log));
    } catch (error) {
      // Keeping a log too many is better than losing one.
      if (!hasFilterThrown)
        subscriptions.fail(callbackError("filter threw, and the log was kept", "filter", error));
      hasFilterThrown = true;
      return true;
    }
  }

  function notify() {
    snapshot = null;
    for (const listener of [...listeners]) listener();
  }

  function restore() {
    const { persistence, persistenceKey, maxLogs } = options();
    if (!persistence || storage || !channel) return;
    storage = createPersistence(persistenceKey || `logs-sse:${channel}`, subscriptions.fail);
    stored = Object.freeze(storage.read().slice(0, maxLogs));
    logs = prepend(logs, stored);
    snapshot = null;
  }

  function clearLogs() {
    logs = NO_LOGS;
    notify();
  }

  function resetToPersisted() {
    if (!storage) return;
    logs = stored;
    notify();
  }

  /**
   * @param {() => void} listener
   * @param {boolean} isReading
   */
  function subscribe(listener, isReading) {
    listeners.add(listener);
    restore();
    const unlisten = subscriptions.listen(() => {
      if (subscriptions.getSnapshot() !== connection) notify();
    });
    const unsubscribe = isReading && channel ? subscriptions.subscribe(channel, receive) : () => {};
    const flush = () => storage?.flush();
    if (storage) window.addEventListener("pagehide", flush);
    return () => {
      listeners.delete(listener);
      unlisten();
      unsubscribe();
      flush();
      window.removeEventListener("pagehide", flush);
    };
  }

  return {
    /**
     * Observes the connection and, if `isReading`, reads the channel. Returns a function that ends
     * both.
     *
     * @param {() => void} listener
     * @param {boolean} isReading
     */
    subscribe(listener, isReading) {
      const unsubscribe = outside(() => subscribe(listener, isReading));
      return () => outside(unsubscribe);
    },

    /** @returns {UseLogsSSEResult} */
    getSnapshot() {
      if (!snapshot) {
        connection = subscriptions.getSnapshot();
        const { connectionStatus, isConnected, error } = connection;
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
          stats: subscriptions.stats(),
        });
      }
      return snapshot;
    },
  };
}
