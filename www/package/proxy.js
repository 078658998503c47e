// Entry point "./proxy": serves the logs routes in a Node server, in front of a gateway.

/** @import { LogsProxy as Handler, LogsProxyOptions } from "./types/proxy.d.ts" */

import { LogsProxy } from "./internal/proxy/logs_proxy.js";

/**
 * @param {LogsProxyOptions} options
 * @returns {Handler}
 */
export function createLogsProxy(options) {
  const proxy = new LogsProxy(options);
  /** @type {Handler["history"]} */
  const history = (request, response) => void proxy.history(request, response);
  /** @type {(...args: Parameters<Handler>) => void} */
  const stream = (request, response) => void proxy.stream(request, response);
  return Object.assign(stream, {
    history,
    stats: () => proxy.stats(),
    close: () => proxy.close(),
  });
}
