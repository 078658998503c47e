// A page that shows nothing by itself: the tests open viewers and sources here by name, and read
// what their callbacks received.

import * as headless from "./pkg/headless.js";
import * as viewer from "./pkg/index.js";

const WORKFLOW = { workspaceId: "workspace123", workflowId: "workflow456" };

/**
 * Returns the element of this id, which must exist.
 *
 * @param {string} id
 */
function element(id, within = document) {
  const element = within.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/**
 * Mounts a viewer in `place`, by default the element of this name; keeps it as `live[name]`.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [options]
 * @param {Element} [place]
 */
function mount(name, options, place = element(name)) {
  const received = record();
  const handle = viewer.mountLiveLogs(place, {
    ...WORKFLOW,
    ...received.callbacks,
    ...options,
  });
  keep(name, received, handle);
}

/**
 * Opens a source without a view, and keeps it as `live[name]`.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [options]
 */
function open(name, options) {
  const received = record();
  const handle = headless.openLogs({ ...received.callbacks, ...options });
  keep(name, received, handle);
}

/**
 * @param {string} name
 * @param {Omit<LiveEntry, "handle">} received
 * @param {viewer.LiveLogsHandle | headless.Logs} handle
 */
function keep(name, received, handle) {
  const any = /** @type {AnyHandle} */ (/** @type {unknown} */ (handle));
  window.live[name] = Object.assign(received, { handle: any });
}

/**
 * Returns callbacks that keep what they receive. `ready` is not awaited, as in most hosts.
 */
function record() {
  /** @type {Omit<LiveEntry, "handle">} */
  const received = { statuses: [], logs: [], errors: [], batches: 0 };
  /** @type {Pick<viewer.LiveLogsOptions, "onStatus" | "onLog" | "onError">} */
  const callbacks = {
    onStatus: (status) => received.statuses.push(status),
    onLog: (logs) => {
      received.batches++;
      received.logs.push(...logs);
    },
    onError: (error) => received.errors.push(error),
  };
  return Object.assign(received, { callbacks });
}

/**
 * Returns an error as plain data, which is all that can leave the page.
 *
 * @param {viewer.LiveLogsError} error
 * @returns {PlainError}
 */
function plain(error) {
  const { name, type, option, message } = error;
  return {
    name,
    type,
    option,
    message,
    isOurs: error instanceof viewer.LiveLogsError,
    cause: error.cause === undefined ? undefined : String(error.cause),
  };
}

/**
 * Returns what a function throws, as plain data.
 *
 * @param {() => unknown} act
 */
function thrown(act) {
  try {
    act();
  } catch (error) {
    return plain(/** @type {viewer.LiveLogsError} */ (error));
  }
  return undefined;
}

/**
 * What a callback may do to its own handle, by name: functions cannot be passed into a page.
 *
 * @type {Record<string, (handle: AnyHandle) => void>}
 */
const acts = {
  disconnect: (handle) => handle.disconnect(),
  reconnect: (handle) => {
    handle.disconnect();
    handle.connect();
  },
  clear: (handle) => handle.clear(),
  retryNow: (handle) => handle.retryNow(),
  status: (handle) => handle.status(),
  update: (handle) => handle.update({ workflowId: "other", title: "t", capacity: 20 }),
  unmount: (handle) => handle.unmount(),
  "mount another": () => mount("two", { autoConnect: true }),
};

window.live = {};
window.harness = { viewer, headless, element, mount, open, plain, thrown, acts };
