// Serves requests: checks what they ask for and who asks, asks the gateway, and sends what it
// answers. Whatever goes wrong becomes a response, never an exception of the host's process.

/** @import { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http" */
/** @import { LogsProxyOptions, LogsTarget } from "../../types/proxy.d.ts" */
/** @import { Visit } from "./visits.js" */

import { identify } from "./access.js";
import { bodyOf, isForReader } from "./history.js";
import { checkHeaders, parseOptions } from "./options.js";
import { passOn } from "./passing.js";
import { causeOf, Refusal, RETRY_AFTER, sendJson, sendRefusal } from "./refusal.js";
import { cursorOf, parseHistory, parseStream } from "./target.js";
import { Route, Upstream } from "./upstream.js";
import { Visits } from "./visits.js";
import { settled } from "./waiting.js";

/** How long browsers have to accept a goodbye. */
const DRAIN_MS = 5_000;

export class LogsProxy {
  #settings;
  #upstream;
  #visits;
  #streamRoute;
  #historyRoute;

  /** @param {LogsProxyOptions} options */
  constructor(options) {
    this.#settings = parseOptions(options);
    this.#upstream = new Upstream(this.#settings);
    this.#visits = new Visits(this.#settings.maxStreamsPerUser);
    const { path } = this.#settings;
    // This gateway and the first backend have the first path, the Node gateway only the second.
    const streams = path === undefined ? ["/logs/stream", "/api/logs/stream"] : [path];
    const histories = streams.map((name) => name.replace(/(\/stream)?\/*$/, "/history"));
    this.#streamRoute = new Route("stream", "text/event-stream", streams);
    this.#historyRoute = new Route("history", "application/json", histories);
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  stream(request, response) {
    return this.#serve(request, response, async (visit) => {
      const { target, query } = parseStream(request);
      const cursor = cursorOf(request);
      const headers = await this.#admit(visit, request, target);
      if (cursor !== "") headers["Last-Event-ID"] = cursor;
      const answer = await this.#upstream.open(this.#streamRoute, query, headers, visit.signal);
      visit.signal.throwIfAborted();
      // A page asks for the head alone only to learn whether a stream would open.
      if (request.method === "HEAD") answer.destroy();
      passOn(visit, answer, this.#settings, this.#visits);
    });
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  history(request, response) {
    return this.#serve(request, response, async (visit) => {
      const { target, query } = parseHistory(request);
      const headers = await this.#admit(visit, request, target);
      const { signal } = visit;
      const route = this.#historyRoute;
      const answer = await this.#upstream.open(route, query, headers, signal, isForReader);
      signal.throwIfAborted();
      const { headMs } = this.#settings.deadlines;
      const body = await bodyOf(answer, this.#upstream.address, headMs);
      this.#visits.counters.histories += 1;
      sendJson(response, answer.statusCode ?? 200, body);
    });
  }

  stats() {
    return this.#visits.stats();
  }

  async close() {
    await this.#visits.close(DRAIN_MS);
    this.#upstream.close();
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @param {(visit: Visit) => Promise<void>} respond
   */
  async #serve(request, response, respond) {
    // An error of a connection without a listener would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    if (response.headersSent)
      return this.#report(new Refusal(500, "a response was sent before this handler ran"));
    const visit = this.#visits.begin(response);
    try {
      visit.signal.throwIfAborted();
      this.#visits.refuseWhileClosing();
      if (request.method !== "GET" && request.method !== "HEAD")
        throw new Refusal(405, `expected GET, got ${request.method}`, { allow: "GET, HEAD" });
      await respond(visit);
    } catch (error) {
      // What fails because of the end is less useful to a reader than its reason.
      this.#refuse(visit, visit.signal.aborted ? visit.signal.reason : error);
    }
  }

  /**
   * Returns the headers that identify the reader to the gateway.
   *
   * @param {Visit} visit
   * @param {IncomingMessage} request
   * @param {LogsTarget} target
   * @returns {Promise<OutgoingHttpHeaders>}
   */
  async #admit(visit, request, target) {
    const { authorize, deadlines } = this.#settings;
    const { signal } = visit;
    const user = await identify(authorize, request, target, signal, deadlines.authorizeMs);
    signal.throwIfAborted();
    this.#visits.enter(visit, user);
    const own = await this.#ownHeaders(signal);
    // Node writes headers as Latin-1, the gateway reads them as UTF-8.
    const utf8 = (/** @type {string} */ text) => Buffer.from(text).toString("latin1");
    return { ...own, "X-User-Id": utf8(user), "X-Workspace-Id": utf8(target.workspaceId) };
  }

  /**
   * Returns the headers of the host for a request to the gateway.
   *
   * @param {AbortSignal} signal
   */
  async #ownHeaders(signal) {
    const { deadlines, headers } = this.#settings;
    if (typeof headers !== "function") return headers;
    const late = new Refusal(503, "the gateway cannot be asked at the moment", {
      retryAfter: RETRY_AFTER,
      cause: new Error(`headers failed: no result within ${deadlines.authorizeMs / 1_000} s`),
    });
    return checkHeaders(await settled(headers, signal, deadlines.authorizeMs, late));
  }

  /**
   * @param {Visit} visit
   * @param {unknown} error
   */
  #refuse({ response }, error) {
    const refusal =
      error instanceof Refusal
        ? error
        : new Refusal(500, "the logs proxy of this server failed", { cause: error });
    // The browser left, or the stream had begun already.
    if (response.destroyed || response.headersSent) return void response.destroy();
    const { refused } = this.#visits.counters;
    refused[refusal.status] = (refused[refusal.status] ?? 0) + 1;
    try {
      if (refusal.status >= 500 || refusal.upstreamStatus !== undefined) this.#report(refusal);
      sendRefusal(response, refusal);
    } catch {
      response.destroy();
    }
  }

  /** @param {Refusal} refusal */
  #report(refusal) {
    const { onError } = this.#settings;
    const { cause } = refusal;
    const isNamed = cause === undefined || refusal.message.includes(causeOf(cause));
    const text = isNamed ? refusal.message : `${refusal.message}: ${causeOf(cause)}`;
    const error = Object.assign(new Error(`logs proxy: ${text}`), {
      status: refusal.status,
      cause,
    });
    if (!onError) return console.warn(error.message);
    const fail = (/** @type {unknown} */ thrown) =>
      console.warn(`logs proxy: onError failed: ${causeOf(thrown)}`);
    try {
      // It may be an async function, whose rejection without a handler would end the process.
      Promise.resolve(onError(error)).catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }
}
