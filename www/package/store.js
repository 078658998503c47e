// One connection for all that read through one provider. Channels travel together over a gateway, or, without one, each over the proxy route.

import { LiveLogsError, words } from "./errors.js";
import { openLogs } from "./logs.js";
import { isChannel } from "./options.js";

/** `settings` are the provider's: `{ gatewayUrl, transport, headers, worker, wasmUrl, backend, console, onError }`; read anew each time. */
export function createStore(settings) {
  /** Who reads what: `{ channels, callback }`. */
  const readers = new Set();
  /** Open sources by what they share: nothing when a gateway carries all, else the channel. */
  const links = new Map();
  const listeners = new Set();
  let isPaused = false;
  let release = null;
  let isSyncDue = false;
  let snapshot = null;
  let last = null;

  function subscribe(channels, callback) {
    const names = (Array.isArray(channels) ? channels : [channels]).slice();
    const wrong = names.find((name) => !isChannel(name));
    if (names.length === 0 || wrong !== undefined) throw new LiveLogsError("option", `subscribe: channels: expected channels such as "logs:etl:workspace123:workflow456", got ${JSON.stringify(wrong)}`, { option: "channels" });
    if (typeof callback !== "function") throw new LiveLogsError("option", `subscribe: callback: expected a function, got ${typeof callback}`, { option: "callback" });
    const reader = { channels: new Set(names), callback };
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

  function sync() {
    isSyncDue = false;
    clearTimeout(release);
    release = null;
    const wanted = new Map();
    for (const { channels } of readers) {
      for (const channel of channels) {
        const key = settings().gatewayUrl === undefined ? channel : "";
        wanted.set(key, [...(wanted.get(key) ?? []), channel]);
      }
    }
    for (const [key, link] of links) {
      if (wanted.has(key)) continue;
      links.delete(key);
      link.close();
    }
    for (const [key, names] of wanted) follow(key, [...new Set(names)]);
    changed();
  }

  function follow(key, channels) {
    const { gatewayUrl } = settings();
    const target = gatewayUrl === undefined ? workflowOf(channels[0]) : { gatewayUrl, channels };
    try {
      const link = links.get(key);
      if (link) link.update(target);
      else links.set(key, open(target));
    } catch (error) {
      fail(error);
    }
  }

  function open(target) {
    const { transport, worker, wasmUrl, backend, console } = settings();
    // A host makes this function anew with each rendering, and the latest knows the token of today.
    const headers = () => {
      const { headers } = settings();
      return typeof headers === "function" ? headers() : (headers ?? {});
    };
    // Whoever reads keeps what it wants; nothing needs to be held here.
    const link = openLogs({ ...target, transport, headers, worker, wasmUrl, backend, console, capacity: 1, autoConnect: !isPaused, onLog: (logs) => deliver(target, logs), onError: fail });
    link.subscribe(changed);
    return link;
  }

  function deliver(target, logs) {
    for (const reader of [...readers]) {
      for (const log of logs) {
        // A backend that names no channel serves one per stream.
        const isWanted = log.channel === null ? !target.workflowId || reader.channels.has(channelOf(target)) : reader.channels.has(log.channel);
        if (!isWanted) continue;
        try {
          reader.callback(log);
        } catch (error) {
          fail(new LiveLogsError("callback", `a subscriber threw: ${words(error)}`, { option: "subscribe", cause: error }));
        }
      }
    }
  }

  function fail(error) {
    const { onError } = settings();
    try {
      if (onError) onError(error);
      else if (["internal", "load", "callback", "storage", "option"].includes(error.type)) console.error(`[live logs] ${error.message}`);
    } catch (thrown) {
      console.error("[live logs] onError threw:", thrown);
    }
  }

  /** Tells hooks, unless all reads as before. Logs reach them on their own way. */
  function changed() {
    snapshot = null;
    for (const listener of [...listeners]) listener();
  }

  function read() {
    const statuses = [...links.values()].map((link) => link.status());
    const sum = (name) => statuses.reduce((total, status) => total + status[name], 0);
    const worst = statuses.map(oldWord).sort((one, other) => WORDS.indexOf(one) - WORDS.indexOf(other))[0] ?? "disconnected";
    const refused = statuses.flatMap((status) => status.refused);
    const broken = statuses.find((status) => status.reason !== "" && status.state !== "connected");
    const [unread] = refused;
    const error = broken
      ? new LiveLogsError(broken.cause ?? "internal", broken.reason)
      : unread
        ? new LiveLogsError("not_granted", `the gateway did not grant ${unread}`)
        : null;
    // Not `isLive`: a server without a greeting may be connected and idle.
    const isConnected = statuses.length > 0 && statuses.every((status) => status.state === "connected");
    const connectedChannels = isConnected ? [...new Set([...readers].flatMap(({ channels }) => [...channels]))].filter((channel) => !refused.includes(channel)) : [];
    const stats = { ...Object.fromEntries(["received", "duplicates", "missing", "gaps", "attempt"].map((name) => [name, sum(name)])), subscriptions: readers.size };
    return { connectionStatus: worst, connectedChannels, error, isConnected, stats };
  }

  return {
    subscribe,
    fail,

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

    /** Calls `listener` when `getSnapshot` may read differently. */
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** The state in the words of the client before this one. The same object until something else than counts changes. */
    getSnapshot() {
      if (!snapshot) {
        const next = read();
        snapshot = last && reads(last) === reads(next) ? Object.assign(last, { stats: next.stats }) : next;
        last = snapshot;
      }
      return snapshot;
    },
  };
}

function reads({ connectionStatus, connectedChannels, error }) {
  return [connectionStatus, connectedChannels, error && `${error.type} ${error.message}`].join("\n");
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

/** Longer than StrictMode and a route change take between unmounting and mounting. */
const RELEASE_MS = 100;
