// One connection for all that read through one provider. Channels travel together over a gateway, or, without one, each over the proxy route.

import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError, words } from "../errors.js";
import { openLogs } from "../headless/logs.js";
import { isChannel } from "../options.js";
import { currentZone, outside, outsideAll } from "../zone.js";

/**
 * `settings()` returns the provider's props: `{ gatewayUrl, transport, headers, withCredentials, worker, wasmUrl, backend, console, onError }`.
 * Nothing here throws at a component: React would unmount the host's tree for it.
 */
export function createStore(settings) {
  /** Who reads what: `{ channels, callback, zone, isBroken }`. */
  const readers = new Set();
  /** Open sources by what they share: nothing when a gateway carries all, else the channel. */
  const links = new Map();
  /** The errors of sources that could not be opened, by the same key. */
  const unopened = new Map();
  /** The errors of readers that were refused. */
  const refusals = new Set();
  const listeners = new Set();
  const reported = new Set();
  let isPaused = false;
  let release = null;
  let isSyncDue = false;
  /** The state as it was read last, and as hooks have it. Neither ever changes. */
  let latest = null;
  let snapshot = null;
  let publishedAt = 0;
  let publishing = null;

  const hasGateway = () => settings().gatewayUrl !== undefined && settings().gatewayUrl !== null;

  function subscribe(channels, callback, zone) {
    const names = (Array.isArray(channels) ? channels : [channels]).slice();
    const wrong = names.find((name) => !isChannel(name));
    if (names.length === 0 || wrong !== undefined)
      return refuse(
        "channels",
        `channels such as "logs:etl:workspace123:workflow456", got ${JSON.stringify(wrong) ?? "none"}`,
      );
    if (typeof callback !== "function")
      return refuse("callback", `a function, got ${typeof callback}`);
    if (noBrowser()) {
      // As on a server: nothing is opened, and no state changes that a test would have to wait for.
      reportNoBrowser(settings());
      return () => {};
    }
    const reader = { channels: new Set(names), callback, zone, isBroken: false };
    readers.add(reader);
    // Several components mount in one go; the connection hears of them once.
    if (!isSyncDue) {
      isSyncDue = true;
      queueMicrotask(sync);
    }
    return () => {
      // React's StrictMode takes each subscription back at once and makes it again; a connection must not blink for that.
      if (readers.delete(reader)) release ??= setTimeout(sync, RELEASE_MS);
    };
  }

  function refuse(option, sentence) {
    const error = new LiveLogsError("option", `subscribe: ${option}: expected ${sentence}`, {
      option,
    });
    refusals.add(error);
    reportOnce(error);
    changed();
    return () => {
      refusals.delete(error);
      changed();
    };
  }

  function sync() {
    isSyncDue = false;
    clearTimeout(release);
    release = null;
    const wanted = new Map();
    for (const { channels } of readers) {
      for (const channel of channels) {
        const key = hasGateway() ? "" : channel;
        wanted.set(key, [...(wanted.get(key) ?? []), channel]);
      }
    }
    for (const [key, link] of links) {
      if (wanted.has(key)) continue;
      links.delete(key);
      link.close();
    }
    unopened.clear();
    for (const [key, names] of wanted) follow(key, [...new Set(names)]);
    changed();
  }

  function follow(key, channels) {
    const target = hasGateway()
      ? { gatewayUrl: settings().gatewayUrl, channels }
      : workflowOf(channels[0]);
    try {
      const link = links.get(key);
      if (link) link.update({ ...target, ...carrier() });
      else links.set(key, open(target));
    } catch (error) {
      unopened.set(key, error);
      reportOnce(error);
    }
  }

  /** What a source reads for each attempt, and may change while it is open. */
  function carrier() {
    const { transport, withCredentials, worker, console } = settings();
    return { transport, withCredentials, worker, console };
  }

  function open(target) {
    const { wasmUrl, backend } = settings();
    // A host makes this function anew with each rendering, and the latest knows the token of today.
    const headers = () => {
      const { headers } = settings();
      return typeof headers === "function" ? headers() : (headers ?? {});
    };
    // Whoever reads keeps what it wants; nothing needs to be held here.
    const link = openLogs({
      ...target,
      ...carrier(),
      headers,
      wasmUrl,
      backend,
      capacity: 1,
      autoConnect: !isPaused,
      onLog: (logs) => deliver(target, logs),
      onError: fail,
    });
    link.subscribe(changed);
    return link;
  }

  function deliver(target, logs) {
    for (const reader of [...readers]) {
      // A backend that names no channel serves one per stream.
      const isWanted = ({ channel }) =>
        channel === null
          ? !target.workflowId || reader.channels.has(channelOf(target))
          : reader.channels.has(channel);
      const wanted = logs.filter(isWanted);
      // Once for each batch: a zone looks for changes after each run.
      if (wanted.length > 0) reader.zone(() => wanted.forEach((log) => call(reader, log)));
    }
  }

  function call(reader, log) {
    try {
      reader.callback(log);
    } catch (error) {
      // Once: it may throw for each log.
      if (!reader.isBroken)
        fail(
          new LiveLogsError("callback", `a subscriber threw: ${words(error)}`, {
            option: "subscribe",
            cause: error,
          }),
        );
      reader.isBroken = true;
    }
  }

  /** Reports wrong input, which comes again with each rendering and each StrictMode, once. */
  function reportOnce(error) {
    if (reported.has(error.message)) return;
    reported.add(error.message);
    fail(error);
  }

  function fail(error) {
    const { onError } = settings();
    try {
      if (typeof onError === "function") onError(error);
      else if (["internal", "load", "callback", "storage", "option"].includes(error.type))
        console.error(`[live logs] ${error.message}`);
    } catch (thrown) {
      console.error("[live logs] onError threw:", thrown);
    }
  }

  /** Tells hooks when the connection reads differently; of mere counts at most once per second. Logs reach them on their own way. */
  function changed() {
    const next = read();
    const isNews = !snapshot || wording(snapshot) !== wording(next);
    if (!isNews && counts(latest ?? snapshot) === counts(next)) return;
    // What reads the same stays the same object: effects of a host depend on it.
    latest = isNews ? next : Object.freeze({ ...snapshot, stats: next.stats });
    if (isNews || Date.now() - publishedAt >= STATS_MS) publish();
    else if (listeners.size > 0) publishing ??= setTimeout(publish, STATS_MS);
  }

  function publish() {
    clearTimeout(publishing);
    publishing = null;
    publishedAt = Date.now();
    snapshot = latest;
    for (const listener of [...listeners]) listener();
  }

  function read() {
    const statuses = [...links.values()].map((link) => link.status());
    const sum = (name) => statuses.reduce((total, status) => total + status[name], 0);
    const worst =
      statuses.map(oldWord).sort((one, other) => WORDS.indexOf(one) - WORDS.indexOf(other))[0] ??
      (unopened.size + refusals.size > 0 ? "failed" : "disconnected");
    const refused = statuses.flatMap((status) => status.refused);
    const broken = statuses.find((status) => status.reason !== "" && status.state !== "connected");
    const [unread] = refused;
    const [wrong] = [...unopened.values(), ...refusals];
    const error = broken
      ? new LiveLogsError(broken.cause ?? "internal", broken.reason)
      : unread
        ? new LiveLogsError("not_granted", `the gateway did not grant ${unread}`)
        : (wrong ?? null);
    // Not `isLive`: a server without a greeting may be connected and idle.
    const isConnected =
      statuses.length > 0 && statuses.every((status) => status.state === "connected");
    const connectedChannels = isConnected
      ? [...new Set([...readers].flatMap(({ channels }) => [...channels]))].filter(
          (channel) => !refused.includes(channel),
        )
      : [];
    const stats = {
      ...Object.fromEntries(COUNTS.map((name) => [name, sum(name)])),
      subscriptions: readers.size,
    };
    return Object.freeze({
      connectionStatus: worst,
      connectedChannels: Object.freeze(connectedChannels),
      error,
      isConnected,
      stats: Object.freeze(stats),
    });
  }

  const verbs = outsideAll({
    /** Passes changed props on to the sources that are open. */
    carry() {
      for (const link of links.values()) link.update(carrier());
    },

    disconnect() {
      isPaused = true;
      for (const link of links.values()) link.disconnect();
    },

    connect() {
      isPaused = false;
      for (const link of links.values()) {
        link.connect();
        link.retryNow();
      }
    },
  });

  return {
    ...verbs,
    fail,

    subscribe(channels, callback) {
      const zone = currentZone();
      const end = outside(() => subscribe(channels, callback, zone));
      return () => outside(end);
    },

    /** Calls `listener` when `getSnapshot` reads differently. */
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(publishing);
        publishing = null;
      };
    },

    /** Returns the state in the words of the client before this one: a frozen object, the same until `listen` tells of another. */
    getSnapshot() {
      snapshot ??= read();
      return snapshot;
    },

    /** Returns the counts as they are now: `getSnapshot` may be a second behind. */
    stats() {
      return (latest ?? this.getSnapshot()).stats;
    },
  };
}

/** What hooks show besides counts. */
function wording({ connectionStatus, connectedChannels, error }) {
  return [connectionStatus, connectedChannels, error && `${error.type} ${error.message}`].join(
    "\n",
  );
}

function counts({ stats }) {
  return Object.values(stats).join();
}

function oldWord({ state, willRetry }) {
  if (state === "connected" || state === "connecting") return state;
  // Open and silent: it is being found out whether it is alive.
  if (state === "stale") return "connecting";
  if (state === "error" || state === "offline") return willRetry ? "error" : "failed";
  return "disconnected";
}

function workflowOf(channel) {
  const [, service, workspaceId, workflowId] = channel.split(":");
  return { service, workspaceId, workflowId: workflowId ?? "" };
}

function channelOf({ service, workspaceId, workflowId }) {
  return `logs:${service}:${workspaceId}:${workflowId}`;
}

/** Worst first: of several connections the worst is told. */
const WORDS = ["failed", "error", "connecting", "disconnected", "connected"];

/** The counts of a status that add up over several connections. */
const COUNTS = ["received", "duplicates", "missing", "gaps", "attempt"];

/** How old counts may be in what hooks show. */
const STATS_MS = 1_000;

/** Longer than StrictMode and a route change take between unmounting and mounting. */
const RELEASE_MS = 100;
