// A page that shows nothing by itself: the tests open viewers and sources here by name, and what their callbacks get is kept.

import * as viewer from "./pkg/index.js";
import * as headless from "./pkg/headless.js";

const { mountLiveLogs, LiveLogsError } = viewer;
const { openLogs } = headless;
const WORKFLOW = { workspaceId: "workspace123", workflowId: "workflow456" };

/** Mounts in the element of this name. `ready` never stays unheard, so that only the package's own rejections are seen. */
function mount(name, options) {
  const heard = hear();
  window.host[name] = {
    ...heard,
    handle: mountLiveLogs(document.getElementById(name), {
      ...WORKFLOW,
      ...heard.callbacks,
      ...options,
    }),
  };
}

/** Opens a source without a view. */
function open(name, options) {
  const heard = hear();
  const logs = openLogs({ ...heard.callbacks, ...options });
  window.host[name] = { ...heard, handle: logs };
}

function hear() {
  const heard = { statuses: [], logs: [], errors: [], batches: 0 };
  heard.callbacks = {
    onStatus: (status) => heard.statuses.push(status),
    onLog: (logs) => {
      heard.batches++;
      heard.logs.push(...logs);
    },
    onError: (error) => heard.errors.push(error),
  };
  return heard;
}

/** An error as plain data, which is all that leaves the page. */
function plain(error) {
  const { name, type, option, message } = error;
  return {
    name,
    type,
    option,
    message,
    isOurs: error instanceof LiveLogsError,
    cause: error.cause === undefined ? undefined : String(error.cause),
  };
}

/** What an act throws, as plain data. */
function thrown(act) {
  try {
    act();
  } catch (error) {
    return plain(error);
  }
  return undefined;
}

/** What a callback may do to its own handle, by name: a function cannot be handed into a page. */
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

window.host = { viewer, headless, mount, open, plain, thrown, acts };
