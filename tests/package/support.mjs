// Fixtures of the package tests in Chromium: a gateway, a page that is watched for what must never
// happen, and the package as a host uses it.

import { expect } from "@playwright/test";
import { IDS, required } from "../support/environment.mjs";
import { test as base } from "../support/fixtures.mjs";
import { dismissDialogs, expectNoFaults, PageProbe } from "../support/page_probe.mjs";
import { Viewer } from "../support/viewer.mjs";
import { WASM, WASM_PROBE } from "./policies.mjs";

/**
 * @import { Fixtures, Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { ServerFixtures, TestArgs, WorkerArgs } from "../support/fixtures.mjs"
 * @import { LogsOptions } from "../../www/package/types/headless.js"
 * @import { LiveLogsOptions, LogsState, LogsStatus } from "../../www/package/types/index.js"
 *
 * @typedef {"connect" | "disconnect" | "retryNow" | "clear" | "unmount" | "close"} Verb
 *
 * @typedef {object} PackageFixtures
 * @property {string} policy The Content-Security-Policy of the page.
 * @property {"wasm" | "js"} runs What the package runs as under that policy.
 * @property {boolean} hasWasm Whether the browser supports WebAssembly at all.
 * @property {boolean} hasSimd Whether its WebAssembly supports SIMD.
 * @property {Gateway} gateway A gateway without a sample job: every line is the test's.
 * @property {HostPage} host A page that is not open yet.
 */

export { expect };

/** A viewer in the page, or a source without a view: both have these verbs. */
export class OpenedLogs extends Viewer {
  /**
   * @param {Page} page
   * @param {string} name
   */
  constructor(page, name) {
    const element = page.locator(`#${name}`);
    super(element);
    this.page = page;
    this.name = name;
    this.element = element;
  }

  /**
   * Calls a verb of the handle.
   *
   * @param {Verb} verb
   */
  call(verb) {
    return this.page.evaluate(({ name, verb }) => live[name].handle[verb](), {
      name: this.name,
      verb,
    });
  }

  /**
   * Updates options of the handle; a wrong one is passed on as it is.
   *
   * @param {Record<string, unknown>} options
   */
  update(options) {
    return this.page.evaluate(({ name, options }) => live[name].handle.update(options), {
      name: this.name,
      options,
    });
  }

  /** Waits until it is loaded. */
  ready() {
    return this.page.evaluate((name) => live[name].handle.ready, this.name);
  }

  /** @returns {Promise<LogsStatus>} */
  status() {
    return this.page.evaluate((name) => live[name].handle.status(), this.name);
  }

  /**
   * Waits for a state.
   *
   * @param {LogsState} state
   */
  async expectState(state) {
    await expect.poll(async () => (await this.status()).state).toBe(state);
  }

  /** Connects, and waits until it is connected. */
  async connect() {
    await this.ready();
    await this.call("connect");
    await this.expectState("connected");
    return this;
  }

  /** The numbers of the numbered lines that onLog received, in the order of their arrival. */
  numbers() {
    return this.page.evaluate(
      (name) =>
        live[name].logs
          .filter(({ number }) => number !== undefined)
          .map((log) => Number(log.number)),
      this.name,
    );
  }

  /** The snapshot of a source. */
  snapshot() {
    return this.page.evaluate((name) => live[name].handle.getSnapshot(), this.name);
  }

  /** What onLog received. */
  logs() {
    return this.page.evaluate((name) => live[name].logs, this.name);
  }

  /** What onStatus received. */
  statuses() {
    return this.page.evaluate((name) => live[name].statuses, this.name);
  }

  /** What onError received. */
  errors() {
    return this.page.evaluate((name) => live[name].errors.map(harness.plain), this.name);
  }
}

/** A page of a host. */
export class HostPage extends PageProbe {
  /**
   * The errors that a test provokes.
   *
   * @type {RegExp[]}
   */
  provoked = [];

  /**
   * @param {Page} page
   * @param {Gateway} gateway
   */
  constructor(page, gateway) {
    super(page);
    this.page = page;
    this.gateway = gateway;
  }

  async open(file = "bare.html") {
    await this.page.goto(`${this.gateway.url}/${file}`);
    return this;
  }

  /**
   * Mounts the viewer in the element `#name`.
   *
   * @param {string} name
   * @param {LiveLogsOptions | Record<string, unknown>} [options]
   */
  async mount(name, options = {}) {
    await this.page.evaluate(({ name, options }) => harness.mount(name, options), {
      name,
      options: plainData(options),
    });
    return new OpenedLogs(this.page, name);
  }

  /**
   * Opens a source without a view.
   *
   * @param {string} name
   * @param {LogsOptions | Record<string, unknown>} [options]
   */
  async source(name, options = IDS) {
    await this.page.evaluate(({ name, options }) => harness.open(name, options), {
      name,
      options: plainData(options),
    });
    return new OpenedLogs(this.page, name);
  }

  /** Returns how many streams the page has opened so far. */
  openedCount() {
    return this.page.evaluate(() => probe.opened);
  }

  /** Waits until neither the page nor the gateway has a stream. */
  async expectNoStreams() {
    expect(await this.streamUrls()).toEqual([]);
    await expect.poll(() => this.gateway.connections()).toBe(0);
  }

  /** Waits for some frames and short timers, so that what is in progress ends. */
  async settle(millis = 300) {
    await this.page.waitForTimeout(millis);
  }

  /**
   * Returns what code of the page listens to on objects that outlive a viewer, as the browser
   * itself counts it: `window: online`, twice if twice.
   */
  async listeners() {
    const devtools = await this.page.context().newCDPSession(this.page);
    // Playwright's own listeners come from scripts without an address.
    const scripts = new Set();
    devtools.on("Debugger.scriptParsed", ({ scriptId, url }) => {
      if (url.startsWith(this.gateway.url)) scripts.add(scriptId);
    });
    await devtools.send("Debugger.enable");
    const found = [];
    for (const expression of [
      "window",
      "document",
      "document.body",
      "document.documentElement",
      "document.fonts",
      "navigator.connection",
      "screen.orientation",
    ]) {
      const { result } = await devtools.send("Runtime.evaluate", { expression });
      if (!result.objectId) continue;
      const { listeners } = await devtools.send("DOMDebugger.getEventListeners", {
        objectId: result.objectId,
      });
      found.push(
        ...listeners
          .filter(({ scriptId }) => scripts.has(scriptId))
          .map(({ type }) => `${expression}: ${type}`),
      );
    }
    await devtools.detach();
    return found.sort();
  }
}

/**
 * Numbers in short, in their order: `1-400`, or `1-3 71-120` where some are missing, `1-5 3-9`
 * where some are repeated.
 *
 * @param {unknown[]} numbers
 */
export function ranges(numbers) {
  /** @type {{ first: number, last: number }[]} */
  const runs = [];
  for (const number of numbers.map(Number)) {
    const run = runs.at(-1);
    if (run && number === run.last + 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(" ");
}

/** @type {Fixtures<PackageFixtures, {}, TestArgs & ServerFixtures, WorkerArgs>} */
const fixtures = {
  policy: [WASM, { option: true }],
  runs: ["wasm", { option: true }],
  hasWasm: [true, { option: true }],
  hasSimd: [true, { option: true }],

  gateway: async ({ policy, startGateway }, use) =>
    use(await startGateway({ site: required("LOGS_PACKAGE_SITE"), csp: policy })),

  // After each test: nothing thrown, no dialog shown, and no policy violated except by the
  // package's question whether WebAssembly may run.
  host: async ({ page, gateway, runs }, use) => {
    const host = new HostPage(page, gateway);
    /** @type {string[]} */
    const dialogs = [];
    dismissDialogs(page, dialogs);
    await use(host);
    // A skipped test opened no page.
    const { violations, errors } = await page.evaluate(
      () => window.probe ?? { violations: [], errors: [] },
    );
    expect(violations.filter((violation) => runs === "wasm" || violation !== WASM_PROBE)).toEqual(
      [],
    );
    expectNoFaults(errors, host.provoked);
    expectNoFaults(dialogs);
  },
};

export const test = base.extend(fixtures);

/**
 * The options as Playwright types what it passes into a page; functions cannot be passed.
 *
 * @param {object} options
 */
function plainData(options) {
  return /** @type {Record<string, unknown>} */ (options);
}
