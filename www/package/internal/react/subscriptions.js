// The connections behind one provider. All channels share one connection to a gateway; without a
// gateway, each has its own, over the page's proxy route.

/** @import { Logs } from "../../types/headless.d.ts" */
/** @import { Log } from "../../types/index.d.ts" */
/** @import { LogsSSEProviderProps } from "../../types/react.d.ts" */
/** @import { Workflow } from "../channel.js" */

import { CHANNEL_EXAMPLES, channelOf, isChannel, workflowOf } from "../channel.js";
import { callbackError } from "../module/callbacks.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError } from "../errors.js";
import { openLogs } from "../headless/logs.js";
import { currentZone, outside, outsideAll } from "../zone.js";
import { connectionState } from "./connection_state.js";
import { createErrorReport } from "./error_report.js";
import { createStatePublisher } from "./state_publisher.js";

/**
 * @typedef {object} Reader
 * @property {ReadonlySet<string>} channels
 * @property {(log: Log) => void} callback
 * @property {ReturnType<typeof currentZone>} zone in which the callback runs
 * @property {boolean} hasThrown
 */

/** @typedef {{ gatewayUrl: string, channels: string[] } | Workflow} Target */

/** @typedef {ReturnType<typeof createSubscriptions>} Subscriptions */

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
  let isPaused = false;
  let isSyncScheduled = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let releaseTimer;

  const { fail, failOnce } = createErrorReport(props);
  const { update, ...published } = createStatePublisher(() =>
    connectionState({
      statuses: [...sources.values()].map((source) => source.status()),
      subscriptions: [...readers].map(({ channels }) => channels),
      inputErrors: [...openErrors.values(), ...refusals],
    }),
  );

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
    failOnce(error);
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
      failOnce(error);
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
    const { wasmUrl, backend, tail } = props();
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
      tail,
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
    ...published,

    /**
     * @param {string | readonly string[]} channels
     * @param {(log: Log) => void} callback
     */
    subscribe(channels, callback) {
      const zone = currentZone();
      const unsubscribe = outside(() => subscribe(channels, callback, zone));
      return () => outside(unsubscribe);
    },
  };
}

/** Longer than StrictMode and a change of route take between unmounting and mounting. */
const RELEASE_MS = 100;
