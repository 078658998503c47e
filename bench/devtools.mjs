// Chromium through its DevTools protocol, without Playwright. Playwright listens to all traffic of
// a page: for each event of a stream the browser then sends a message, which costs the page three
// times as much as the event. It also gives every page the focus, so that none is ever hidden. Here
// the browser is queried before and after a run, and reports nothing in between.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stop } from "../scripts/lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "../scripts/lib/tools.mjs";

/**
 * @import { Readable, Writable } from "node:stream"
 *
 * @typedef {Record<string, any>} Message The protocol has no types here: JSON in, JSON out.
 *
 * @typedef {object} Profile A browser profile with its own cache and window.
 * @property {(url: string) => Promise<Tab>} open
 * @property {() => Promise<unknown>} close
 *
 * @typedef {Awaited<ReturnType<typeof openBrowser>>} Browser
 */

/** The size of a page in pixels. */
const SIZE = { width: 1_200, height: 800, deviceScaleFactor: 1, mobile: false };

/**
 * Opens a browser with one empty tab; `close()` ends it. If it is watched, pages and their workers
 * report all their traffic, as with Playwright or with the network panel of the developer tools.
 *
 * @param {{ isWatched?: boolean }} [options]
 */
export async function openBrowser({ isWatched = false } = {}) {
  const { chromium } = findBrowsers();
  if (!chromium) throw new Error("bench: found no Chromium: run `npm run setup`");
  const profile = await mkdtemp(path.join(os.tmpdir(), "logs-bench-"));
  const args = [
    ...CHROMIUM_FLAGS,
    "--headless=new",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    "about:blank",
  ];
  // The browser reads the protocol from descriptor 3 and writes it to descriptor 4.
  const child = spawn(chromium, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const connection = createCdpConnection(
    /** @type {Writable} */ (child.stdio[3]),
    /** @type {Readable} */ (child.stdio[4]),
  );

  /**
   * @param {string} url
   * @param {string} [browserContextId]
   */
  async function open(url, browserContextId) {
    const { targetId } = await connection.send("Target.createTarget", {
      url: "about:blank",
      browserContextId,
    });
    const { sessionId } = await connection.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    const tab = new Tab(connection, targetId, sessionId);
    await tab.send("Inspector.enable");
    if (isWatched) await watch(tab);
    await tab.send("Emulation.setDeviceMetricsOverride", SIZE);
    await tab.send("Page.navigate", { url });
    return tab;
  }

  return {
    send: connection.send,

    /**
     * The version, such as `156.0.8078.79`.
     *
     * @returns {Promise<string>}
     */
    async version() {
      return (await connection.send("Browser.getVersion")).product.split("/").at(-1);
    },

    /**
     * Opens a tab of the one window, in front of its others, as for a user.
     *
     * @param {string} url
     */
    open: (url) => open(url),

    /** @returns {Promise<Profile>} */
    async newProfile() {
      const { browserContextId } = await connection.send("Target.createBrowserContext");
      return {
        open: (url) => open(url, browserContextId),
        close: () => connection.send("Target.disposeBrowserContext", { browserContextId }),
      };
    },

    async close() {
      await stop(child);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export class Tab {
  /** @type {CdpConnection} */
  #connection;
  #target;
  #session;

  /**
   * @param {CdpConnection} connection
   * @param {string} target
   * @param {string} session
   */
  constructor(connection, target, session) {
    this.#connection = connection;
    this.#target = target;
    this.#session = session;
  }

  /**
   * Returns the awaited value of an expression, or of a function that is called with `args`.
   *
   * @template [T=any]
   * @template {unknown[]} [A=[]]
   * @param {string | ((...args: A) => T | Promise<T>)} code
   * @param {A} args
   * @returns {Promise<T>}
   */
  async evaluate(code, ...args) {
    const expression = typeof code === "function" ? `(${code})(...${JSON.stringify(args)})` : code;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /**
   * Waits until an expression is true. In a page that is still loading it may throw.
   *
   * @param {string} expression
   */
  async until(expression, seconds = 30) {
    const deadline = Date.now() + seconds * 1_000;
    while (!(await this.evaluate(expression).catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`not true within ${seconds} s: ${expression}`);
      await pause(50);
    }
  }

  /**
   * @param {string} method
   * @param {object} [params]
   */
  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  /**
   * Calls `listener` with each worker that is attached to the page.
   *
   * @param {(worker: Tab) => void} listener
   */
  onWorker(listener) {
    this.#connection.on("Target.attachedToTarget", this.#session, ({ sessionId, targetInfo }) =>
      listener(new Tab(this.#connection, targetInfo.targetId, sessionId)),
    );
  }

  bringToFront() {
    return this.#connection.send("Target.activateTarget", { targetId: this.#target });
  }

  /**
   * The size of the JavaScript heap after a collection, in bytes, without the heaps of workers.
   *
   * @returns {Promise<number>}
   */
  async heap() {
    await this.send("HeapProfiler.collectGarbage");
    return (await this.send("Runtime.getHeapUsage")).usedSize;
  }

  close() {
    return this.#connection.send("Target.closeTarget", { targetId: this.#target });
  }
}

/** @param {Tab} tab */
async function watch(tab) {
  tab.onWorker((worker) => {
    worker.send("Network.enable").catch(() => {});
  });
  await tab.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: true,
  });
  await tab.send("Network.enable");
}

/** @typedef {ReturnType<typeof createCdpConnection>} CdpConnection */

/**
 * Speaks the DevTools protocol over a pair of pipes: JSON messages, each followed by a zero byte.
 *
 * @param {Writable} output
 * @param {Readable} input
 */
function createCdpConnection(output, input) {
  /**
   * @typedef {object} Pending
   * @property {string} method
   * @property {string} [sessionId]
   * @property {(result: Message) => void} resolve
   * @property {(error: Error) => void} reject
   */

  /** @type {Map<number, Pending>} */
  const pending = new Map();
  /** @type {Map<string, (params: Message) => void>} */
  const listeners = new Map();
  let lastId = 0;
  let buffered = "";

  /**
   * Rejects the pending calls that match.
   *
   * @param {string} reason
   * @param {(call: Pending) => boolean} matches
   */
  const fail = (reason, matches) => {
    for (const [id, call] of pending) {
      if (!matches(call)) continue;
      pending.delete(id);
      call.reject(new Error(`${call.method}: ${reason}`));
    }
  };

  /** @param {string} text */
  const receive = (text) => {
    const { id, method, params, sessionId, result, error } = JSON.parse(text);
    if (method === "Inspector.targetCrashed")
      fail("the page crashed", (call) => call.sessionId === sessionId);
    if (method) listeners.get(`${method} ${sessionId}`)?.(params);
    const call = pending.get(id);
    if (!call) return;
    pending.delete(id);
    if (error) call.reject(new Error(`${call.method}: ${error.message}`));
    else call.resolve(result);
  };

  input.setEncoding("utf8");
  input.on("data", (text) => {
    const parts = (buffered + text).split("\0");
    buffered = parts.pop() ?? "";
    for (const part of parts) receive(part);
  });
  // Pending calls must not wait forever when the browser ends.
  input.on("close", () => fail("the browser has ended", () => true));
  output.on("error", () => {});

  return {
    /**
     * @param {string} method
     * @param {string} sessionId
     * @param {(params: Message) => void} listener
     */
    on(method, sessionId, listener) {
      listeners.set(`${method} ${sessionId}`, listener);
    },

    /**
     * @param {string} method
     * @param {object} [params]
     * @param {string} [sessionId]
     * @returns {Promise<Message>}
     */
    send(method, params = {}, sessionId) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, method, sessionId });
        output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      });
    },
  };
}
