// The ways in which a client may read its stream.

/** @typedef {{ transport?: "eventsource" | "fetch", worker?: boolean }} Transport */

/** @type {Record<string, Transport>} */
export const TRANSPORTS = {
  EventSource: {},
  "EventSource, in a Worker": { worker: true },
  fetch: { transport: "fetch" },
  "fetch, in a Worker": { transport: "fetch", worker: true },
};
