// A page that shows nothing by itself: the tests open viewers and sources here by name, and read
// what their callbacks received.

import * as headless from "./pkg/headless.js";
import * as viewer from "./pkg/index.js";

const WORKFLOW = { workspaceId: "workspace123", workflowId: "workflow456" };

/** The element of this id, which must exist. */
function element(id, within = document) {
  const element = within.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/** Mounts a viewer in `place`, by default the element of this name; keeps it as `live[name]`. */
function mount(name, options, place = element(name)) {
  const received = record();
  const handle = viewer.mountLiveLogs(place, {
    ...WORKFLOW,
    ...received.callbacks,
    ...options,
  });
  window.live[name] = Object.assign(received, { handle });
}

/** Opens a source without a view, and keeps it as `live[name]`. */
function open(name, options) {
  const received = record();
  const handle = headless.openLogs({ ...received.callbacks, ...options });
  window.live[name] = Object.assign(received, { handle });
}

/** Callbacks that keep what they receive. `ready` is not awaited, as in most hosts. */
function record() {
  const received = { statuses: [], logs: [], errors: [], batches: 0 };
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

/** An error as plain data, which is all that can leave the page. */
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

/** What a function throws, as plain data. */
function thrown(act) {
  try {
    act();
  } catch (error) {
    return plain(error);
  }
  return undefined;
}

/** What a callback may do to its own handle, by name: functions cannot be passed into a page. */
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
