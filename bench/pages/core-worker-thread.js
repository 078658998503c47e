// The worker of core-worker.js: says "ready" when the stream is live, and the number of lines at the end.

import { live } from "./ours.js";

// The client asks a window for frames and for the time; a worker has both.
globalThis.Window = globalThis.constructor;

addEventListener("message", async ({ data: { endpoint, capacity, last, options } }) => {
  const { openLogs } = await import("/pkg/headless.js");
  let lines = 0;
  const onLog = (rows) => {
    lines += rows.length;
    if (lines >= last) postMessage(lines);
  };
  const logs = openLogs({ workspaceId: "workspace123", workflowId: "workflow456", endpoint, capacity: capacity || 10_000, autoConnect: true, console: "off", onLog, ...options });
  await logs.ready;
  await live(logs.status);
  postMessage("ready");
});
