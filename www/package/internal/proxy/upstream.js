// Requests to the gateway, each within deadlines. Follows no redirect, reads no proxy variables of
// the environment, and keeps connections open in an agent of its own.

/** @import { IncomingMessage, OutgoingHttpHeaders } from "node:http" */
/** @import { Settings } from "./options.js" */

import * as http from "node:http";
import * as https from "node:https";
import { refusalOf } from "./answer.js";
import { causeOf, refusalOfGateway } from "./refusal.js";

/** The host's log has the cause, which may name internal addresses. */
const UNREACHABLE = "the backend cannot be reached: the log of this server says why";

/**
 * A route of the gateway: the paths under which gateways have it, and the index of the one that
 * answered last.
 */
export class Route {
  known = 0;

  /**
   * @param {string} what What the route sends, for messages.
   * @param {string} type The content type of its response.
   * @param {readonly string[]} paths
   */
  constructor(what, type, paths) {
    this.what = what;
    this.type = type;
    this.paths = paths;
  }
}

export class Upstream {
  /** @type {Settings} */
  #settings;
  /** @type {http.Agent} */
  #agent;

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings;
    // Without autoSelectFamily, Node 18 does not try 127.0.0.1 after ::1 for localhost.
    const options = { keepAlive: true, autoSelectFamily: true };
    this.#agent = this.#isSecure
      ? new https.Agent({ ...settings.tls, ...options })
      : new http.Agent(options);
  }

  /** The gateway's address, which holds no secret. */
  get address() {
    return this.#settings.gateway;
  }

  get #isSecure() {
    return this.address.startsWith("https:");
  }

  /**
   * Opens `route`, and returns a response that is of the right type.
   *
   * @param {Route} route
   * @param {string} query
   * @param {OutgoingHttpHeaders} headers
   * @param {AbortSignal} signal Ends the request, also after its response began.
   * @param {(answer: IncomingMessage) => boolean} [isAccepted] Accepts another response, too.
   */
  async open(route, query, headers, signal, isAccepted = () => false) {
    const answer = await this.#withinHead(
      (ended) => this.#ask(route, query, headers, ended),
      signal,
    );
    const refusal = this.#missing(route, answer) ?? refusalOf(answer, route.type, this.address);
    if (!refusal || isAccepted(answer)) return answer;
    answer.destroy();
    throw refusal;
  }

  /** Closes idle connections. */
  close() {
    this.#agent.destroy();
  }

  /**
   * Runs `ask` until `signal` aborts or the deadline of the head passes.
   *
   * @param {(ended: AbortSignal) => Promise<IncomingMessage>} ask
   * @param {AbortSignal} signal
   * @returns {Promise<IncomingMessage>}
   */
  async #withinHead(ask, signal) {
    const ended = new AbortController();
    const leave = () => ended.abort(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    const { headMs } = this.#settings.deadlines;
    const late = refusalOfGateway(504, this.address, `did not answer within ${headMs / 1_000} s`);
    const timer = setTimeout(() => ended.abort(late), headMs);
    try {
      const answer = await ask(ended.signal);
      answer.once("close", () => signal.removeEventListener("abort", leave));
      return answer;
    } catch (error) {
      signal.removeEventListener("abort", leave);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Requests the path that worked last, and the others if the gateway has no such route.
   *
   * @param {Route} route
   * @param {string} query
   * @param {OutgoingHttpHeaders} headers
   * @param {AbortSignal} ended
   */
  async #ask(route, query, headers, ended) {
    const { paths, known } = route;
    let answer = await this.#get(`${paths[known]}?${query}`, headers, route.type, ended);
    for (let step = 1; step < paths.length && answer.statusCode === 404; step++) {
      answer.destroy();
      const next = (known + step) % paths.length;
      answer = await this.#get(`${paths[next]}?${query}`, headers, route.type, ended);
      if (answer.statusCode !== 404) route.known = next;
    }
    return answer;
  }

  /**
   * Sends one request. A connection that was idle may have been closed by the gateway in the same
   * moment: the request is then sent again on another one.
   *
   * @param {string} path
   * @param {OutgoingHttpHeaders} headers
   * @param {string} accept
   * @param {AbortSignal} ended
   */
  async #get(path, headers, accept, ended) {
    for (;;) {
      const result = await this.#request(path, headers, accept, ended);
      if (result !== "stale") return result;
    }
  }

  /**
   * @param {string} path
   * @param {OutgoingHttpHeaders} headers
   * @param {string} accept
   * @param {AbortSignal} ended
   * @returns {Promise<IncomingMessage | "stale">}
   */
  #request(path, headers, accept, ended) {
    return new Promise((resolve, reject) => {
      if (ended.aborted) return reject(ended.reason);
      const request = (this.#isSecure ? https : http).request(`${this.address}${path}`, {
        agent: this.#agent,
        // A compressor holds events back until a block is full.
        headers: { ...headers, Accept: accept, "Accept-Encoding": "identity" },
      });
      const fail = (/** @type {unknown} */ error) =>
        reject(
          refusalOfGateway(502, this.address, `cannot be reached: ${causeOf(error)}`, {
            cause: error,
            told: UNREACHABLE,
          }),
        );
      const leave = () => {
        reject(ended.reason);
        request.destroy();
      };
      ended.addEventListener("abort", leave, { once: true });
      request.once("close", () => ended.removeEventListener("abort", leave));
      // Stays for errors after the response began, which its reader notices by itself.
      request.on("error", (error) => {
        const isReset = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
        if (request.reusedSocket && isReset) resolve("stale");
        else fail(error);
      });
      request.on("socket", (socket) => this.#limitConnecting(request, socket));
      request.on("upgrade", (answer, socket) => {
        socket.destroy();
        reject(refusalOf(answer, accept, this.address));
      });
      request.on("response", (answer) => {
        answer.on("error", () => {});
        resolve(answer);
      });
      request.end();
    });
  }

  /**
   * @param {http.ClientRequest} request
   * @param {import("node:net").Socket} socket
   */
  #limitConnecting(request, socket) {
    if (!socket.connecting) return;
    const { connectMs } = this.#settings.deadlines;
    const timer = setTimeout(
      () => request.destroy(new Error(`no connection within ${connectMs / 1_000} s`)),
      connectMs,
    );
    const done = () => clearTimeout(timer);
    socket.once(this.#isSecure ? "secureConnect" : "connect", done);
    socket.once("close", done);
  }

  /**
   * @param {Route} route
   * @param {IncomingMessage} answer
   */
  #missing({ what, paths }, answer) {
    if (answer.statusCode !== 404) return undefined;
    const names = paths.length === 1 ? `${paths[0]} is not` : `neither ${paths.join(" nor ")} is`;
    return refusalOfGateway(404, this.address, `has no log ${what}: ${names} there`, {
      upstreamStatus: 404,
    });
  }
}
