// Chromium by its own protocol, without Playwright: that one tells every page that it has the focus, and then none is ever hidden.
// Tabs of one window, of which the active one is visible, as a person has them.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stop } from "../scripts/lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "../scripts/lib/tools.mjs";

/** Opens a browser with one empty tab; `close()` ends it. */
export async function openTabs() {
  const profile = await mkdtemp(path.join(os.tmpdir(), "logs-bench-"));
  const args = [...CHROMIUM_FLAGS, "--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
  // The protocol's pipe is 3 for what it reads and 4 for what it writes.
  const child = spawn(findBrowsers().chromium, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const wire = createWire(child.stdio[3], child.stdio[4]);

  return {
    /** Opens a tab in front of the others. */
    async open(url) {
      const { targetId } = await wire.send("Target.createTarget", { url });
      const { sessionId } = await wire.send("Target.attachToTarget", { targetId, flatten: true });
      return new Tab(wire, targetId, sessionId);
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

  /** The value of an expression, awaited. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
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

  bringToFront() {
    return this.#wire.send("Target.activateTarget", { targetId: this.#target });
  }

  /** The JavaScript heap after a collection, in bytes. */
  async heap() {
    await this.send("HeapProfiler.collectGarbage");
    return (await this.send("Runtime.getHeapUsage")).usedSize;
  }

  close() {
    return this.#wire.send("Target.closeTarget", { targetId: this.#target });
  }
}

/** Questions and answers, each a JSON text with a zero byte behind it. */
function createWire(to, from) {
  const waiting = new Map();
  let last = 0;
  let seen = "";
  from.setEncoding("utf8");
  from.on("data", (text) => {
    const parts = (seen + text).split("\0");
    seen = parts.pop();
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error) asked?.reject(new Error(`${asked.method}: ${error.message}`));
      else asked?.resolve(result);
    }
  });
  // Who still waits when the browser ends is told, and not left waiting.
  from.on("close", () => {
    for (const { reject, method } of waiting.values()) reject(new Error(`${method}: the browser has ended`));
  });
  to.on("error", () => {});
  return {
    send(method, params = {}, sessionId) {
      last += 1;
      const id = last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, method });
        to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      });
    },
  };
}
