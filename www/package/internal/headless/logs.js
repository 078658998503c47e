// A source of logs: holds rows, notifies listeners, and can be iterated. Safe to import where there
// is no window.

/** @import { Logs, LogsSnapshot } from "../../types/headless.d.ts" */
/** @import { Log, LogsStatus, Notice } from "../../types/index.d.ts" */
/** @import { ClientListener, HeadlessGlue, LogStream } from "../module/assets.js" */
/** @import { Module } from "../module/load.js" */
/** @import { Options } from "../options.js" */

import { callbackError, createCallbacks } from "../module/callbacks.js";
import { follow } from "../module/follow.js";
import { guarded, loadModule } from "../module/load.js";
import { assets } from "../module/headless_assets.js";
import { idleStatus, toStatus } from "../module/status.js";
import { createStreamOpener } from "../module/stream_opener.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError } from "../errors.js";
import { checkOptions, clientOptions, DEFAULTS, HEADLESS_OPTIONS } from "../options.js";
import { bindToZone, outside, outsideAll } from "../zone.js";
import { createAsyncRows } from "./async_rows.js";
import { createRowBuffer } from "./row_buffer.js";

/** @type {typeof import("../../types/headless.d.ts").openLogs} */
export function openLogs(options = {}) {
  const bound = bindToZone(options);
  const logs = outside(() => open(bound));
  return { ...outsideAll(logs), [Symbol.asyncIterator]: logs[Symbol.asyncIterator] };
}

/**
 * @param {unknown} hostOptions
 * @returns {Logs}
 */
function open(hostOptions) {
  /** @type {Options} */
  let options = { ...DEFAULTS, ...checkOptions(hostOptions, HEADLESS_OPTIONS, "openLogs") };
  /** @type {Module<HeadlessGlue> | null} */
  let module = null;
  /** @type {LogStream | null} */
  let stream = null;
  let endStreams = () => {};
  let shouldConnect = options.autoConnect;
  let isClosed = false;
  /** @type {LiveLogsError | null} */
  let failure = null;
  let hasListenerThrown = false;
  /** @type {LogsSnapshot | null} */
  let snapshot = null;
  let version = 0;
  const buffer = createRowBuffer(options.capacity);
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {Set<ReturnType<typeof createAsyncRows>>} */
  const iterations = new Set();
  const callbacks = createCallbacks(() => options, { onRows, onFrame: notify });

  /**
   * Calls the stream if there is one.
   *
   * @template T
   * @param {(stream: LogStream) => T} call
   */
  function withStream(call) {
    const target = stream;
    return module && target ? guarded(module, () => call(target)) : undefined;
  }

  async function start() {
    // Set before the first listener can subscribe, so that none has to be notified of it.
    failure = noBrowser();
    if (failure) {
      reportNoBrowser(failure, options);
      throw failure;
    }
    try {
      module = await loadModule(assets, options);
    } catch (error) {
      fail(/** @type {LiveLogsError} */ (error));
      throw error;
    }
    if (isClosed) return;
    module.listeners.add(onModuleFailure);
    const { backend } = module;
    /** @type {ClientListener} */
    const listener = (rows, status, isFrame) => callbacks.receive(rows, status, isFrame, backend);
    const opener = createStreamOpener(module, () => options);
    endStreams = opener.end;
    stream =
      guarded(
        module,
        ({ LogStream }) => new LogStream(listener, opener.open, clientOptions(options)),
      ) ?? null;
    withStream((stream) => follow(stream, options));
    if (shouldConnect) withStream((stream) => stream.connect());
  }

  /** @param {(Log | Notice)[]} rows */
  function onRows(rows) {
    buffer.add(rows);
    for (const iteration of iterations) iteration.add(rows);
  }

  function notify() {
    version += 1;
    snapshot = null;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        // Reported once, as for every callback: it may throw on each change.
        if (!hasListenerThrown)
          callbacks.fail(callbackError("a listener threw", "subscribe", error));
        hasListenerThrown = true;
      }
    }
  }

  /** @param {LiveLogsError} error */
  function onModuleFailure(error) {
    stream = null;
    endStreams();
    fail(error);
  }

  /** @param {LiveLogsError} error */
  function fail(error) {
    if (isClosed) return;
    failure = error;
    callbacks.fail(error);
    notify();
  }

  /** @returns {LogsStatus} */
  function status() {
    const report = withStream((stream) => stream.status());
    return report && module ? toStatus(report, module.backend) : idleStatus(failure);
  }

  /** Connects, with a new module if the previous one failed. */
  function connect() {
    shouldConnect = true;
    if (failure && !isClosed) {
      failure = null;
      start().catch(() => {});
    } else {
      withStream((stream) => stream.connect());
    }
  }

  const ready = start();
  // Reported through `onError` as well, so an unhandled rejection would say nothing new.
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
          {
            option: "listener",
          },
        );
      // A function of its own, so that a host may subscribe the same one twice.
      const entry = () => listener();
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },

    getSnapshot() {
      snapshot ??= Object.freeze({
        version,
        rows: buffer.rows(),
        dropped: buffer.dropped(),
        status: status(),
      });
      return snapshot;
    },

    update(hostOptions) {
      const changes = checkOptions(hostOptions, HEADLESS_OPTIONS, "update");
      if (isClosed) return;
      const before = options;
      options = { ...options, ...changes };
      buffer.resize(options.capacity);
      const isMoved = hasOtherTarget(before, options);
      if (isMoved && !sharesChannels(before, options)) buffer.clear();
      if (before.withCredentials !== options.withCredentials)
        withStream((stream) => stream.set_with_credentials(options.withCredentials));
      if (isMoved) withStream((stream) => follow(stream, options));
      if (!before.autoConnect && options.autoConnect) connect();
      notify();
    },

    disconnect() {
      shouldConnect = false;
      withStream((stream) => stream.disconnect());
    },

    retryNow() {
      withStream((stream) => stream.retry_now());
    },

    clear() {
      buffer.clear();
      notify();
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      callbacks.close();
      listeners.clear();
      for (const iteration of iterations) iteration.end();
      module?.listeners.delete(onModuleFailure);
      const [closingModule, closing] = [module, stream];
      stream = null;
      if (closingModule && closing) {
        guarded(closingModule, () => closing.disconnect());
        endStreams();
        // Freed later, since a callback of the stream may be what called `close`.
        queueMicrotask(() => guarded(closingModule, () => closing.free()));
      }
    },

    [Symbol.asyncIterator]() {
      const iteration = createAsyncRows(
        () => options.capacity,
        () => iterations.delete(iteration),
      );
      if (isClosed) iteration.end();
      else iterations.add(iteration);
      return iteration.iterator;
    },
  };
}

/**
 * @param {Options} before
 * @param {Options} after
 */
function hasOtherTarget(before, after) {
  return (
    before.workspaceId !== after.workspaceId ||
    before.workflowId !== after.workflowId ||
    before.service !== after.service ||
    before.endpoint !== after.endpoint ||
    before.gatewayUrl !== after.gatewayUrl ||
    String(before.channels) !== String(after.channels)
  );
}

/**
 * Returns whether rows held for `before` belong to `after` too. Those of two workflows never mix.
 *
 * @param {Options} before
 * @param {Options} after
 */
function sharesChannels({ channels: before }, { channels: after }) {
  return Boolean(before && after && before.some((channel) => after.includes(channel)));
}
