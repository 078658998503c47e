// A source of logs: holds what came, tells who listens, and can be iterated. Safe to import where there is no window.

import { guarded, loadEngine } from "../engine/engine.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError, words } from "../errors.js";
import { assets } from "../engine/headless_assets.js";
import { createIteration } from "./async_rows.js";
import { createOpener } from "../engine/stream_opener.js";
import { checkOptions, DEFAULTS, HEADLESS_OPTIONS, policy } from "../options.js";
import { createOutlet, idle, readStatus } from "../engine/callbacks.js";
import { createShelf } from "./row_buffer.js";
import { bound, outside, outsideAll } from "../zone.js";

export function openLogs(given = {}) {
  const options = bound(given);
  const logs = outside(() => open(options));
  return { ...outsideAll(logs), [Symbol.asyncIterator]: logs[Symbol.asyncIterator] };
}

function open(given) {
  let options = { ...DEFAULTS, ...checkOptions(given, HEADLESS_OPTIONS, "openLogs") };
  let engine = null;
  let stream = null;
  let opener = null;
  let isConnectWanted = options.autoConnect;
  let isClosed = false;
  let failure = null;
  let isListenerBroken = false;
  let snapshot = null;
  let version = 0;
  const shelf = createShelf(options.capacity);
  const listeners = new Set();
  const iterations = new Set();
  const outlet = createOutlet(() => options, { onRows, onFrame: changed });

  const ask = (call) => (stream ? guarded(engine, () => call(stream)) : undefined);

  async function start() {
    // Known from the beginning, so that no listener has to be called for it.
    failure = noBrowser();
    if (failure) {
      reportNoBrowser(options);
      throw failure;
    }
    try {
      engine = await loadEngine(assets, options);
    } catch (error) {
      fail(error);
      throw error;
    }
    if (isClosed) return;
    engine.listeners.add(onDeath);
    const { backend } = engine;
    const tell = (rows, status, isFrame) => outlet.take(rows, status, isFrame, backend);
    opener = createOpener(engine, () => options);
    stream = guarded(engine, ({ LogStream }) => new LogStream(tell, opener.open, policy(options)));
    follow();
    if (isConnectWanted) ask((stream) => stream.connect());
  }

  function follow() {
    const { channels, gatewayUrl, service, workspaceId, workflowId, endpoint } = options;
    ask((stream) =>
      channels
        ? stream.follow_channels(channels.join(","), gatewayUrl ?? "")
        : stream.follow_workflow(service, workspaceId, workflowId, endpoint),
    );
  }

  function onRows(rows) {
    shelf.add(rows);
    for (const iteration of iterations) iteration.add(rows);
  }

  function changed() {
    version += 1;
    snapshot = null;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        // Once, as with every callback: it may throw on each change.
        if (!isListenerBroken)
          outlet.fail(
            new LiveLogsError("callback", `a listener threw: ${words(error)}`, {
              option: "subscribe",
              cause: error,
            }),
          );
        isListenerBroken = true;
      }
    }
  }

  function onDeath(error) {
    stream = null;
    opener.end();
    fail(error);
  }

  function fail(error) {
    if (isClosed) return;
    failure = error;
    outlet.fail(error);
    changed();
  }

  function status() {
    const json = ask((stream) => stream.status());
    if (json) return readStatus(json, engine.backend);
    return failure ? idle({ state: "error", word: "ERROR", reason: failure.message }) : idle();
  }

  /** Begins again after the engine broke. */
  function connect() {
    isConnectWanted = true;
    if (failure && !isClosed) {
      failure = null;
      start().catch(() => {});
    } else {
      ask((stream) => stream.connect());
    }
  }

  const ready = start();
  ready.catch(() => {});

  return {
    ready,
    status,
    connect,

    subscribe(listener) {
      if (typeof listener !== "function")
        throw new LiveLogsError(
          "option",
          `subscribe: expected a function, got ${typeof listener}`,
          { option: "listener" },
        );
      // Of its own, so that the same function may subscribe twice.
      const entry = () => listener();
      listeners.add(entry);
      return () => listeners.delete(entry);
    },

    getSnapshot() {
      snapshot ??= Object.freeze({
        version,
        rows: shelf.rows(),
        dropped: shelf.dropped(),
        status: status(),
      });
      return snapshot;
    },

    update(given) {
      const changes = checkOptions(given, HEADLESS_OPTIONS, "update");
      if (isClosed) return;
      const before = options;
      options = { ...options, ...changes };
      shelf.resize(options.capacity);
      const moved =
        ["workspaceId", "workflowId", "service", "endpoint", "gatewayUrl"].some(
          (name) => before[name] !== options[name],
        ) || String(before.channels) !== String(options.channels);
      // Lines of two workflows never mix; channels that stay are no other log.
      const isOther =
        moved &&
        !(
          before.channels &&
          options.channels &&
          before.channels.some((channel) => options.channels.includes(channel))
        );
      if (isOther) shelf.clear();
      if (before.withCredentials !== options.withCredentials)
        ask((stream) => stream.set_with_credentials(options.withCredentials));
      if (moved) follow();
      if (!before.autoConnect && options.autoConnect) connect();
      changed();
    },

    disconnect() {
      isConnectWanted = false;
      ask((stream) => stream.disconnect());
    },

    retryNow() {
      ask((stream) => stream.retry_now());
    },

    clear() {
      shelf.clear();
      changed();
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      outlet.close();
      listeners.clear();
      for (const iteration of iterations) iteration.end();
      if (engine) engine.listeners.delete(onDeath);
      const last = stream;
      stream = null;
      if (last) {
        guarded(engine, () => last.disconnect());
        opener.end();
        // Not under the feet of the callback that this may be called from.
        queueMicrotask(() => guarded(engine, () => last.free()));
      }
    },

    [Symbol.asyncIterator]() {
      const iteration = createIteration(
        () => options.capacity,
        () => iterations.delete(iteration),
      );
      if (isClosed) iteration.end();
      else iterations.add(iteration);
      return iteration.iterator;
    },
  };
}
