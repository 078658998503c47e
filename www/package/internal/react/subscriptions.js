// The connections behind one provider. All channels share one connection to a gateway; without a
// gateway, each has its own, over the page's proxy route.

/** @import { Logs } from "../../types/headless.d.ts" */
/** @import { Log, LogsStatus } from "../../types/index.d.ts" */
/** @import { ConnectionStatus, LogsSSEProviderProps } from "../../types/react.d.ts" */
/** @import { LogsSSEStats } from "../../types/react.d.ts" */
/** @import { Workflow } from "../channel.js" */

import { CHANNEL_EXAMPLES, channelOf, isChannel, workflowOf } from "../channel.js";
import { callbackError } from "../engine/callbacks.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError } from "../errors.js";
import { openLogs } from "../headless/logs.js";
import { currentZone, outside, outsideAll } from "../zone.js";

/**
 * @typedef {object} Reader
 * @property {ReadonlySet<string>} channels
 * @property {(log: Log) => void} callback
 * @property {ReturnType<typeof currentZone>} zone in which the callback runs
 * @property {boolean} hasThrown
 */

/** @typedef {{ gatewayUrl: string, channels: string[] } | Workflow} Target */

/**
 * What hooks show of the connections. Frozen, like everything in it.
 *
 * @typedef {object} ConnectionState
 * @property {ConnectionStatus} connectionStatus
 * @property {readonly string[]} connectedChannels
 * @property {LiveLogsError | null} error
 * @property {boolean} isConnected
 * @property {LogsSSEStats} stats
 */

/** @typedef {ReturnType<typeof createSubscriptions>} Subscriptions */

/** @type {ConnectionState} */
export const IDLE_STATE = Object.freeze({
  connectionStatus: "disconnected",
  connectedChannels: Object.freeze([]),
  error: null,
  isConnected: false,
  stats: Object.freeze({
    received: 0,
    duplicates: 0,
    missing: 0,
    gaps: 0,
    attempt: 0,
    subscriptions: 0,
  }),
});

/**
 * Creates the subscriptions of a provider. `props()` returns its props at that moment. No method
 * throws, since React would unmount the host's tree.
 *
 * @param {() => LogsSSEProviderProps} props
 */
export function createSubscriptions(props) {
  /** @type {Set<Reader>} */
  const readers = new Set();
  /**
   * Open sources, by channel, or by `""` if a gateway carries all channels.
   *
   * @type {Map<string, Logs>}
   */
  const sources = new Map();
  /**
   * The errors of sources that could not be opened, by the same key.
   *
   * @type {Map<string, LiveLogsError>}
   */
  const openErrors = new Map();
  /**
   * The errors of refused calls of `subscribe`.
   *
   * @type {Set<LiveLogsError>}
   */
  const refusals = new Set();
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {Set<string>} */
  const reported = new Set();
  let isPaused = false;
  let isSyncScheduled = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let releaseTimer;
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
  let publishTimer;

  const gatewayUrl = () => props().gatewayUrl ?? null;

  /**
   * @param {unknown} channels
   * @param {unknown} callback
   * @param {ReturnType<typeof currentZone>} zone
   */
  function subscribe(channels, callback, zone) {
    /** @type {unknown[]} */
    const names = (Array.isArray(channels) ? channels : [channels]).slice();
    const wrong = names.find((name) => !isChannel(name));
    if (names.length === 0 || wrong !== undefined)
      return refuse("channels", `${CHANNEL_EXAMPLES}, got ${JSON.stringify(wrong) ?? "none"}`);
    if (typeof callback !== "function")
      return refuse("callback", `a function, got ${typeof callback}`);
    const unsupported = noBrowser();
    if (unsupported) {
      // As on a server: opens nothing, and changes no state that a test would have to await.
      reportNoBrowser(unsupported, props());
      return () => {};
    }
    /** @type {Reader} */
    const reader = {
      channels: new Set(/** @type {string[]} */ (names)),
      callback: /** @type {Reader["callback"]} */ (callback),
      zone,
      hasThrown: false,
    };
    readers.add(reader);
    // Once for all components that mount in the same task.
    if (!isSyncScheduled) {
      isSyncScheduled = true;
      queueMicrotask(sync);
    }
    return () => {
      // Delayed: React's StrictMode ends each subscription at once and subscribes again.
      if (readers.delete(reader)) releaseTimer ??= setTimeout(sync, RELEASE_MS);
    };
  }

  /**
   * @param {string} option
   * @param {string} expected
   */
  function refuse(option, expected) {
    const error = new LiveLogsError("option", `subscribe: ${option}: expected ${expected}`, {
      option,
    });
    refusals.add(error);
    reportOnce(error);
    update();
    return () => {
      refusals.delete(error);
      update();
    };
  }

  /** Opens, changes and closes sources so that they match the readers. */
  function sync() {
    isSyncScheduled = false;
    clearTimeout(releaseTimer);
    releaseTimer = undefined;
    /** @type {Map<string, Set<string>>} */
    const wanted = new Map();
    for (const { channels } of readers) {
      for (const channel of channels) {
        const key = gatewayUrl() === null ? channel : "";
        wanted.set(key, (wanted.get(key) ?? new Set()).add(channel));
      }
    }
    for (const [key, source] of sources) {
      if (wanted.has(key)) continue;
      sources.delete(key);
      source.close();
    }
    openErrors.clear();
    for (const [key, channels] of wanted) follow(key, [...channels]);
    update();
  }

  /**
   * @param {string} key
   * @param {string[]} channels
   */
  function follow(key, channels) {
    const gateway = gatewayUrl();
    const target = gateway === null ? workflowOf(channels[0]) : { gatewayUrl: gateway, channels };
    try {
      const source = sources.get(key);
      if (source) source.update({ ...target, ...connectionOptions() });
      else sources.set(key, open(target));
    } catch (thrown) {
      const error = /** @type {LiveLogsError} */ (thrown);
      openErrors.set(key, error);
      reportOnce(error);
    }
  }

  /** Returns the options that a source reads for each attempt, and that may change meanwhile. */
  function connectionOptions() {
    const { transport, withCredentials, worker, console } = props();
    return { transport, withCredentials, worker, console };
  }

  /**
   * @param {Target} target
   * @returns {Logs}
   */
  function open(target) {
    const { wasmUrl, backend } = props();
    // Reads the latest prop: hosts pass a new function with each render.
    const headers = () => {
      const { headers } = props();
      return typeof headers === "function" ? headers() : (headers ?? {});
    };
    const source = openLogs({
      ...target,
      ...connectionOptions(),
      headers,
      wasmUrl,
      backend,
      // Each reader keeps what it needs.
      capacity: 1,
      autoConnect: !isPaused,
      onLog: (logs) => deliver(target, logs),
      onError: fail,
    });
    source.subscribe(update);
    return source;
  }

  /**
   * @param {Target} target
   * @param {readonly Log[]} logs
   */
  function deliver(target, logs) {
    // A backend that names no channel serves one channel per stream.
    const unnamed = "workflowId" in target && target.workflowId ? channelOf(target) : null;
    for (const reader of [...readers]) {
      const wanted = logs.filter(({ channel }) => {
        const name = channel ?? unnamed;
        return name === null || reader.channels.has(name);
      });
      // Once per batch, since a zone checks the page after each run.
      if (wanted.length > 0)
        reader.zone(() => {
          for (const log of wanted) call(reader, log);
        });
    }
  }

  /**
   * @param {Reader} reader
   * @param {Log} log
   */
  function call(reader, log) {
    try {
      reader.callback(log);
    } catch (error) {
      // Reported once: it may throw for each log.
      if (!reader.hasThrown) fail(callbackError("a subscriber threw", "subscribe", error));
      reader.hasThrown = true;
    }
  }

  /**
   * Reports wrong input once; each render and each StrictMode effect repeats it.
   *
   * @param {LiveLogsError} error
   */
  function reportOnce(error) {
    if (reported.has(error.message)) return;
    reported.add(error.message);
    fail(error);
  }

  /** @param {LiveLogsError} error */
  function fail(error) {
    const { onError } = props();
    try {
      if (typeof onError === "function") onError(error);
      else if (LOGGED_TYPES.has(error.type)) console.error(`[live logs] ${error.message}`);
    } catch (thrown) {
      console.error("[live logs] onError threw:", thrown);
    }
  }

  /** Publishes a change of the connection at once, and changes of counts once per second. */
  function update() {
    const next = readState();
    const isSame = published !== null && description(published) === description(next);
    if (published && isSame && counts(latest ?? published) === counts(next)) return;
    // Keeps the same `error` and `connectedChannels`, since effects of a host depend on them.
    latest = published && isSame ? Object.freeze({ ...published, stats: next.stats }) : next;
    if (!isSame || Date.now() - publishedAt >= STATS_MS) publish();
    else if (listeners.size > 0) publishTimer ??= setTimeout(publish, STATS_MS);
  }

  function publish() {
    clearTimeout(publishTimer);
    publishTimer = undefined;
    publishedAt = Date.now();
    published = latest;
    for (const listener of [...listeners]) listener();
  }

  /** @returns {ConnectionState} */
  function readState() {
    const statuses = [...sources.values()].map((source) => source.status());
    const refused = statuses.flatMap((status) => status.refused);
    // Not `isLive`: a server without a greeting may be connected and idle.
    const isConnected =
      statuses.length > 0 && statuses.every((status) => status.state === "connected");
    const channels = isConnected ? [...readers].flatMap(({ channels }) => [...channels]) : [];
    const granted = [...new Set(channels)].filter((channel) => !refused.includes(channel));
    return Object.freeze({
      connectionStatus: worstStatus(statuses),
      connectedChannels: Object.freeze(granted),
      error: findError(statuses, refused),
      isConnected,
      stats: readStats(statuses),
    });
  }

  /**
   * @param {LogsStatus[]} statuses
   * @returns {ConnectionStatus}
   */
  function worstStatus(statuses) {
    const [worst] = statuses
      .map(connectionStatusOf)
      .sort((one, other) => WORST_FIRST.indexOf(one) - WORST_FIRST.indexOf(other));
    return worst ?? (openErrors.size + refusals.size > 0 ? "failed" : "disconnected");
  }

  /**
   * @param {LogsStatus[]} statuses
   * @param {string[]} refused
   * @returns {LiveLogsError | null}
   */
  function findError(statuses, refused) {
    const broken = statuses.find(({ reason, state }) => reason !== "" && state !== "connected");
    if (broken) return new LiveLogsError(broken.cause ?? "internal", broken.reason);
    if (refused.length > 0)
      return new LiveLogsError("not_granted", `the gateway did not grant ${refused[0]}`);
    const [wrongInput] = [...openErrors.values(), ...refusals];
    return wrongInput ?? null;
  }

  /**
   * @param {LogsStatus[]} statuses
   * @returns {LogsSSEStats}
   */
  function readStats(statuses) {
    const sum = (/** @type {"received" | "duplicates" | "missing" | "gaps" | "attempt"} */ name) =>
      statuses.reduce((total, status) => total + status[name], 0);
    return Object.freeze({
      received: sum("received"),
      duplicates: sum("duplicates"),
      missing: sum("missing"),
      gaps: sum("gaps"),
      attempt: sum("attempt"),
      subscriptions: readers.size,
    });
  }

  function getSnapshot() {
    published ??= readState();
    return published;
  }

  const methods = outsideAll({
    /** Passes changed props on to the open sources. */
    applyProps() {
      for (const source of sources.values()) source.update(connectionOptions());
    },

    disconnect() {
      isPaused = true;
      for (const source of sources.values()) source.disconnect();
    },

    connect() {
      isPaused = false;
      for (const source of sources.values()) {
        source.connect();
        source.retryNow();
      }
    },
  });

  return {
    ...methods,
    fail,
    getSnapshot,

    /**
     * @param {string | readonly string[]} channels
     * @param {(log: Log) => void} callback
     */
    subscribe(channels, callback) {
      const zone = currentZone();
      const unsubscribe = outside(() => subscribe(channels, callback, zone));
      return () => outside(unsubscribe);
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
        if (listeners.size > 0) return;
        clearTimeout(publishTimer);
        publishTimer = undefined;
      };
    },

    /** Returns the current counts; those of `getSnapshot` may be a second old. */
    stats() {
      return (latest ?? getSnapshot()).stats;
    },
  };
}

/**
 * Describes a state without its counts.
 *
 * @param {ConnectionState} state
 */
function description({ connectionStatus, connectedChannels, error }) {
  const problem = error && `${error.type} ${error.message}`;
  return [connectionStatus, connectedChannels, problem].join("\n");
}

/** @param {ConnectionState} state */
function counts({ stats }) {
  return Object.values(stats).join();
}

/**
 * Returns a status in the vocabulary of the client that this package replaces.
 *
 * @param {LogsStatus} status
 * @returns {ConnectionStatus}
 */
function connectionStatusOf({ state, willRetry }) {
  if (state === "connected" || state === "connecting") return state;
  // Open but silent: the client is finding out whether the stream is alive.
  if (state === "stale") return "connecting";
  if (state === "error" || state === "offline") return willRetry ? "error" : "failed";
  return "disconnected";
}

/**
 * The worst of several connections is the one shown.
 *
 * @type {readonly ConnectionStatus[]}
 */
const WORST_FIRST = ["failed", "error", "connecting", "disconnected", "connected"];

/**
 * Errors that are logged if the provider has no `onError`. The engine logs those of the connection.
 *
 * @type {ReadonlySet<string>}
 */
const LOGGED_TYPES = new Set(["internal", "load", "callback", "storage", "option"]);

/** How old the counts that hooks show may be. */
const STATS_MS = 1_000;

/** Longer than StrictMode and a change of route take between unmounting and mounting. */
const RELEASE_MS = 100;
