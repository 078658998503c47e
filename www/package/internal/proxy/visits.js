// The requests that are being served: how many of each user, what became of them, and how all end.

/** @import { ServerResponse } from "node:http" */
/** @import { LogsProxyStats } from "../../types/proxy.d.ts" */

import { Refusal } from "./refusal.js";

/** Seconds until a user with too many streams may ask again. */
const RETRY_AFTER = 10;

/**
 * One request. Its signal aborts when the browser leaves, or when the proxy is closed before the
 * response began.
 */
export class Visit {
  #ended = new AbortController();
  /**
   * Ends the open stream with a goodbye; set while there is one.
   *
   * @type {(() => void) | undefined}
   */
  drain;

  /** @param {ServerResponse} response */
  constructor(response) {
    this.response = response;
  }

  get signal() {
    return this.#ended.signal;
  }

  /** @param {unknown} [reason] */
  end(reason) {
    this.#ended.abort(reason);
  }
}

export class Visits {
  #limit;
  #isClosing = false;
  /** @type {Set<Visit>} */
  #open = new Set();
  /** @type {Map<string, number>} */
  #users = new Map();
  /** @type {(() => void)[]} */
  #waiting = [];

  counters = {
    streams: 0,
    opened: 0,
    histories: 0,
    /** @type {LogsProxyStats["ended"]} */
    ended: { browser: 0, upstream: 0, idle: 0, stalled: 0, age: 0, shutdown: 0 },
    /** @type {Record<string, number>} */
    refused: {},
    bytes: 0,
    heartbeats: 0,
  };

  /** @param {number} limit The most requests of one user at a time. */
  constructor(limit) {
    this.#limit = limit;
  }

  /**
   * Registers a request until its response is closed.
   *
   * @param {ServerResponse} response
   */
  begin(response) {
    const visit = new Visit(response);
    // A middleware took its time, and the browser left meanwhile.
    if (response.destroyed) {
      visit.end(new Error("the browser left"));
      return visit;
    }
    this.#open.add(visit);
    response.once("close", () => {
      this.#open.delete(visit);
      visit.end(new Error("the browser left"));
      if (this.#open.size === 0) this.#resolveWaiting();
    });
    return visit;
  }

  /** Throws once the proxy is closing. */
  refuseWhileClosing() {
    if (this.#isClosing) throw closing();
  }

  /**
   * Counts a visit for `user` until its response is closed.
   *
   * @param {Visit} visit
   * @param {string} user
   */
  enter({ response }, user) {
    const count = this.#users.get(user) ?? 0;
    if (count >= this.#limit)
      throw new Refusal(429, `more than ${this.#limit} streams of one user: close other tabs`, {
        retryAfter: RETRY_AFTER,
      });
    this.#users.set(user, count + 1);
    response.once("close", () => {
      const left = (this.#users.get(user) ?? 0) - 1;
      if (left > 0) this.#users.set(user, left);
      else this.#users.delete(user);
    });
  }

  /**
   * Refuses new requests, says goodbye on each stream, and resolves when all are closed, at the
   * latest after `deadline` milliseconds.
   *
   * @param {number} deadline
   */
  async close(deadline) {
    this.#isClosing = true;
    for (const visit of this.#open) {
      if (visit.drain) visit.drain();
      else visit.end(closing());
    }
    if (this.#open.size === 0) return;
    /** @type {Promise<void>} */
    const drained = new Promise((resolve) => void this.#waiting.push(resolve));
    const timer = setTimeout(() => {
      for (const { response } of this.#open) response.destroy();
      this.#resolveWaiting();
    }, deadline);
    await drained;
    clearTimeout(timer);
  }

  /** @returns {LogsProxyStats} */
  stats() {
    const { ended, refused, ...counters } = this.counters;
    return {
      ...counters,
      users: this.#users.size,
      ended: { ...ended },
      refused: { ...refused },
      closing: this.#isClosing,
    };
  }

  #resolveWaiting() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function closing() {
  return new Refusal(503, "this server is shutting down", { retryAfter: 1 });
}
