// HTTP servers that a test writes itself, for what no gateway of ours sends.

import { createServer } from "node:http";

/**
 * @import { IncomingMessage, RequestListener, ServerResponse } from "node:http"
 * @import { AddressInfo } from "node:net"
 *
 * @typedef {object} TestServer
 * @property {string} origin
 * @property {() => Promise<void>} close Ends the server and all its connections.
 */

/**
 * Starts a server on a free port of the loopback interface.
 *
 * @param {RequestListener} listener
 * @returns {Promise<TestServer>}
 */
export async function startServer(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Starts a server that every origin may read. `respond` is called for each request except
 * preflights.
 *
 * @param {(response: ServerResponse, request: IncomingMessage) => void} respond
 */
export function startOpenServer(respond) {
  const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" };
  return startServer((request, response) => {
    if (request.method === "OPTIONS") return void response.writeHead(204, cors).end();
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    respond(response, request);
  });
}

/**
 * Responds with the bytes of a stream, and leaves it open.
 *
 * @param {string | Uint8Array} bytes
 * @returns {(response: ServerResponse) => void}
 */
export function streamOf(bytes, contentType = "text/event-stream") {
  return (response) => response.writeHead(200, { "Content-Type": contentType }).write(bytes);
}
