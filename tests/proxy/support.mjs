// What the tests of the proxy module share: servers that use it, readers of its streams, and
// gateways that send given bytes.

import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { createRequire } from "node:module";
import { createServer as createSocketServer } from "node:net";
import { createLogsProxy } from "../../www/package/proxy.js";

/**
 * @import { IncomingMessage, OutgoingHttpHeaders, RequestListener, Server } from "node:http"
 * @import { AddressInfo, Socket } from "node:net"
 * @import { TestContext } from "node:test"
 * @import { LogsProxy, LogsProxyOptions } from "../../www/package/types/proxy.d.ts"
 *
 * @typedef {{ url: string, proxy: LogsProxy, server: Server }} Host
 * @typedef {{ event: string, id: string, data: string, comment: string }} Frame
 */

export const STREAM = "/sse/logs/stream";
export const HISTORY = "/sse/logs/history";
export const IDS = "workspace_id=workspace123&workflow_id=workflow456";
export const CHANNEL = "logs:etl:workspace123:workflow456";

/** A deadline that only a broken test reaches. */
const PATIENCE_MS = 20_000;

/**
 * Loads a package that is installed in this folder only, and has no types.
 *
 * @param {string} name
 */
const load = (name) => createRequire(import.meta.url)(name);

/**
 * Mounts the handlers as a host does, each in its framework.
 *
 * @type {Readonly<Record<string, (proxy: LogsProxy) => RequestListener>>}
 */
export const FRAMEWORKS = {
  "plain http": (proxy) => (request, response) =>
    (request.url?.startsWith(HISTORY) ? proxy.history : proxy)(request, response),
  "Express 4": (proxy) => routed(load("express-4"), proxy, []),
  "Express 5": (proxy) => routed(load("express"), proxy, []),
  "Express 4 with compression and helmet": (proxy) =>
    routed(load("express-4"), proxy, [load("helmet")(), load("compression")({ threshold: 0 })]),
  "Express 5 with compression and helmet": (proxy) =>
    routed(load("express"), proxy, [load("helmet")(), load("compression")({ threshold: 0 })]),
};

/**
 * @param {any} express
 * @param {LogsProxy} proxy
 * @param {unknown[]} middlewares
 */
function routed(express, proxy, middlewares) {
  const router = express.Router();
  router.route(STREAM).get(proxy);
  router.route(HISTORY).get(proxy.history);
  const app = express();
  for (const middleware of middlewares) app.use(middleware);
  return app.use(router);
}

/** The login of a user who may read the workspace of the tests. */
export const allowAll = () => ({ userId: "jane", workspaceIds: ["workspace123"] });

/**
 * Starts a server with the module until the test ends.
 *
 * @param {TestContext} t
 * @param {Partial<LogsProxyOptions> & { gateway: string }} options
 * @returns {Promise<Host>}
 */
export async function startHost(t, options, framework = "plain http", create = createLogsProxy) {
  const proxy = create({ authorize: allowAll, onError: () => {}, ...options });
  const server = createServer(FRAMEWORKS[framework](proxy));
  const url = await listen(server);
  t.after(async () => {
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  return { url, proxy, server };
}

/**
 * Starts a gateway that answers as `listener` says, and records its requests.
 *
 * @param {TestContext} t
 * @param {RequestListener} listener
 */
export async function startUpstream(t, listener) {
  /** @type {IncomingMessage[]} */
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  const url = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, requests };
}

/**
 * Starts a gateway that sends the same bytes to each client, and then nothing, or closes.
 *
 * @param {TestContext} t
 * @param {string} bytes
 */
export async function startCanned(t, bytes, { closes = false } = {}) {
  /** @type {Set<Socket>} */
  const open = new Set();
  const server = createSocketServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.once("data", () => {
      socket.write(bytes, "latin1");
      if (closes) socket.end();
    });
  });
  const url = await listen(server);
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url, open };
}

/** @param {import("node:net").Server} server */
async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`;
}

/** Returns the URL of a port where no server listens. */
export async function unusedUrl() {
  const server = createSocketServer();
  const url = await listen(server);
  server.close();
  await once(server, "close");
  return url;
}

/** The head of a stream, up to a further header. */
export const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/** An open stream, read event by event. */
export class Reader {
  #text = "";
  #isOver = false;
  /** @type {(() => void) | undefined} */
  #wake;

  /** @param {IncomingMessage} response */
  constructor(response) {
    this.response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding("utf8");
    response.on("data", (chunk) => this.#add(chunk));
    response.on("error", () => {});
    response.on("close", () => {
      this.#isOver = true;
      this.#wake?.();
    });
  }

  /**
   * @param {string} url
   * @param {OutgoingHttpHeaders} [headers]
   */
  static async open(url, headers = {}) {
    const request = httpRequest(url, { agent: false, headers });
    request.end();
    const [response] = await within(once(request, "response"), `a response of ${url}`);
    return new Reader(response);
  }

  /** Returns the next event or comment, or `undefined` after the end. */
  async next() {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const text = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return parse(text);
      }
      if (this.#isOver) return undefined;
      await within(new Promise((resolve) => (this.#wake = () => resolve(undefined))), "an event");
    }
  }

  /** Returns the next log with its id, as its producer numbered it. */
  async nextNumber() {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) return undefined;
      if (frame.id !== "") return { id: frame.id, number: JSON.parse(frame.data).data.number };
    }
  }

  /** Returns all that is still to come, until the end. */
  async rest() {
    while (!this.#isOver)
      await within(new Promise((resolve) => (this.#wake = () => resolve(undefined))), "the end");
    return this.#text;
  }

  close() {
    this.response.destroy();
  }

  /** @param {string} chunk */
  #add(chunk) {
    this.#text += chunk;
    this.#wake?.();
  }
}

/**
 * @param {string} text
 * @returns {Frame}
 */
function parse(text) {
  const frame = { event: "message", id: "", data: "", comment: "" };
  for (const line of text.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "") frame.comment = value;
    if (name === "event" || name === "id" || name === "data") frame[name] = value;
  }
  return frame;
}

/**
 * Requests a URL and returns its whole response, of which the body is JSON.
 *
 * @param {string} url
 * @param {OutgoingHttpHeaders} [headers]
 */
export async function ask(url, headers = {}, method = "GET") {
  const request = httpRequest(url, { agent: false, headers, method });
  request.end();
  const [response] = await within(once(request, "response"), `a response of ${url}`);
  response.setEncoding("utf8");
  let text = "";
  response.on("data", (/** @type {string} */ chunk) => {
    text += chunk;
  });
  await within(once(response, "end"), `the end of ${url}`);
  return {
    status: /** @type {number} */ (response.statusCode),
    headers: response.headers,
    text,
    json: text === "" ? undefined : JSON.parse(text),
  };
}

/**
 * Waits until `condition` holds.
 *
 * @param {string} what
 * @param {() => unknown} condition
 */
export async function until(what, condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
export function within(promise, what) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
  });
  return /** @type {Promise<T>} */ (Promise.race([promise, late])).finally(() =>
    clearTimeout(timer),
  );
}
