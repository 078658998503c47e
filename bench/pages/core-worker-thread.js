// The worker of core-worker.js: posts "ready" when the stream is live, and the number of lines at
// the end; with a display, the newest lines twenty times a second.

import { live } from "./ours.js";

/** @import { Log } from "../../www/package/types/index.js" */

// The client uses a window for frames and for the time; a worker has both.
globalThis.Window = /** @type {typeof Window} */ (globalThis.constructor);

addEventListener("message", async ({ data: { endpoint, capacity, last, options, shown } }) => {
  const { openLogs } = await import("/pkg/headless.js");
  let lines = 0;
  /** @type {readonly Log[] | null} */
  let newest = null;
  /** @param {readonly Log[]} rows */
  const onLog = (rows) => {
    lines += rows.length;
    if (shown) newest = rows.slice(-shown).reverse();
    else if (lines >= last) postMessage({ lines });
  };
  const logs = openLogs({
    workspaceId: "workspace123",
    workflowId: "workflow456",
    endpoint,
    capacity: capacity || 10_000,
    autoConnect: true,
    console: "off",
    onLog,
    ...options,
  });
  await logs.ready;
  await live(logs.status);
  postMessage("ready");
  if (!shown) return;
  setInterval(() => {
    if (newest) postMessage({ lines, rows: newest.map(({ data }) => data) });
    newest = null;
  }, 50);
});
