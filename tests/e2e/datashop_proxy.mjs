// The controller of the Datashop server as it is in production: it passes on the two ids and
// nothing else. All other requests pass through unchanged.

import { request } from "node:http";
import { PROXY_ROUTE } from "../support/environment.mjs";
import { startServer } from "../support/http_server.mjs";

/** @import { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http" */

/**
 * Starts the proxy in front of the gateway at `to`. `cut()` breaks all streams.
 *
 * @param {string} to
 * @param {{ refusesCarrier?: boolean }} [options] `refusesCarrier`: it checks the ids, and responds
 *   with 400 to one with parameters.
 */
export async function startDatashopProxy(to, { refusesCarrier = false } = {}) {
  /** @type {Set<ServerResponse>} */
  const streams = new Set();

  /**
   * @param {string} path
   * @param {OutgoingHttpHeaders} headers
   * @param {IncomingMessage} incoming
   * @param {ServerResponse} response
   */
  function forward(path, headers, incoming, response) {
    const upstream = request(`${to}${path}`, { method: incoming.method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
      reply.on("error", () => response.destroy());
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  const { origin, close } = await startServer((incoming, response) => {
    const path = incoming.url ?? "/";
    const url = new URL(path, to);
    if (url.pathname !== PROXY_ROUTE)
      return forward(path, { ...incoming.headers, host: new URL(to).host }, incoming, response);
    const [workspace, workflow] = ["workspace_id", "workflow_id"].map(
      (name) => url.searchParams.get(name) ?? "",
    );
    if (refusesCarrier && workflow.includes(":")) {
      response.writeHead(400, { "Content-Type": "application/json" });
      response.end('{"error":"workflow_id is not an id"}');
      return;
    }
    streams.add(response);
    response.on("close", () => streams.delete(response));
    const headers = {
      Accept: "text/event-stream",
      "X-User-Id": "user1",
      "X-Workspace-Id": workspace,
    };
    const channel = encodeURIComponent(`logs:etl:${workspace}:${workflow}`);
    return forward(`/api/logs/stream?channels=${channel}`, headers, incoming, response);
  });
  return {
    url: origin,
    close,
    cut() {
      for (const response of streams) response.destroy();
    },
  };
}
