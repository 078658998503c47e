// Chromium by its own protocol, without Playwright. That one listens to all of a page's traffic: for each event of a stream the browser then writes a
// message, which costs the page three times what the event does. And it tells every page that it has the focus, so that none is ever hidden.
// Here the browser is asked what is to be known before a run and after it, and tells nothing in between.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stop } from "../scripts/lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "../scripts/lib/tools.mjs";

/** How large a page is, in pixels. */
const SIZE = { width: 1_200, height: 800, deviceScaleFactor: 1, mobile: false };

/**
 * Opens a browser with one empty tab; `close()` ends it. When it is watched, pages and their workers tell of all their traffic, as where
 * Playwright or the network panel of the developer tools listens.
 */
export async function openBrowser({ isWatched = false } = {}) {
  const profile = await mkdtemp(path.join(os.tmpdir(), "logs-bench-"));
  const args = [
    ...CHROMIUM_FLAGS,
    "--headless=new",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    "about:blank",
  ];
  // The protocol's pipe is 3 for what it reads and 4 for what it writes.
  const child = spawn(findBrowsers().chromium, args, {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const wire = createWire(child.stdio[3], child.stdio[4]);

  async function open(url, browserContextId) {
    const { targetId } = await wire.send("Target.createTarget", {
      url: "about:blank",
      browserContextId,
    });
    const { sessionId } = await wire.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(wire, targetId, sessionId);
    await tab.send("Inspector.enable");
    if (isWatched) await watch(tab);
    await tab.send("Emulation.setDeviceMetricsOverride", SIZE);
    await tab.send("Page.navigate", { url });
    return tab;
  }

  return {
    send: wire.send,

    /** `Chromium 156.0.8078.79`, without the name. */
    async version() {
      return (await wire.send("Browser.getVersion")).product.split("/").at(-1);
    },

    /** Opens a tab of the one window, in front of its others, as a person has them. */
    open: (url) => open(url),

    /** A profile with a cache and a window of its own. */
    async newProfile() {
      const { browserContextId } = await wire.send("Target.createBrowserContext");
      return {
        open: (url) => open(url, browserContextId),
        close: () => wire.send("Target.disposeBrowserContext", { browserContextId }),
      };
    },

    async close() {
      await stop(child);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

class Tab {
  #wire;
  #target;
  #session;

  constructor(wire, target, session) {
    this.#wire = wire;
    this.#target = target;
    this.#session = session;
  }

  /** The value of an expression, or of a function called with `given`, awaited. */
  async evaluate(asked, ...given) {
    const expression =
      typeof asked === "function" ? `(${asked})(...${JSON.stringify(given)})` : asked;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true; a page that is still loading has none of what it asks for. */
  async until(expression, seconds = 30) {
    const deadline = Date.now() + seconds * 1_000;
    while (!(await this.evaluate(expression).catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${expression}`);
      await pause(50);
    }
  }

  send(method, params) {
    return this.#wire.send(method, params, this.#session);
  }

  /** Calls `then` with each worker of the page, which can be sent to as well, once they are attached to. */
  onWorker(then) {
    this.#wire.on("Target.attachedToTarget", this.#session, ({ sessionId, targetInfo }) =>
      then(new Tab(this.#wire, targetInfo.targetId, sessionId)),
    );
  }

  bringToFront() {
    return this.#wire.send("Target.activateTarget", { targetId: this.#target });
  }

  /** The JavaScript heap after a collection, in bytes. Without the heaps of workers. */
  async heap() {
    await this.send("HeapProfiler.collectGarbage");
    return (await this.send("Runtime.getHeapUsage")).usedSize;
  }

  close() {
    return this.#wire.send("Target.closeTarget", { targetId: this.#target });
  }
}

async function watch(tab) {
  tab.onWorker((worker) => worker.send("Network.enable").catch(() => {}));
  await tab.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: true,
  });
  await tab.send("Network.enable");
}

/** Questions and answers, each a JSON text with a zero byte behind it. */
function createWire(to, from) {
  const waiting = new Map();
  const listeners = new Map();
  let last = 0;
  let seen = "";
  const fail = (words, isMeant) => {
    for (const [id, asked] of waiting) {
      if (!isMeant(asked)) continue;
      waiting.delete(id);
      asked.reject(new Error(`${asked.method}: ${words}`));
    }
  };
  from.setEncoding("utf8");
  from.on("data", (text) => {
    const parts = (seen + text).split("\0");
    seen = parts.pop();
    for (const part of parts) {
      const { id, method, params, sessionId, result, error } = JSON.parse(part);
      if (method === "Inspector.targetCrashed")
        fail("the page crashed", (asked) => asked.sessionId === sessionId);
      if (method) listeners.get(`${method} ${sessionId}`)?.(params);
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error) asked?.reject(new Error(`${asked.method}: ${error.message}`));
      else asked?.resolve(result);
    }
  });
  // Who still waits when the browser ends is told, and not left waiting.
  from.on("close", () => fail("the browser has ended", () => true));
  to.on("error", () => {});
  return {
    on: (method, sessionId, then) => listeners.set(`${method} ${sessionId}`, then),

    send(method, params = {}, sessionId) {
      last += 1;
      const id = last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, method, sessionId });
        to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      });
    },
  };
}
