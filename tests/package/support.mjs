// What the tests in Chromium share: a gateway, a page with eyes on what must never happen, and the package in a host's words.

import { test as base, expect } from "@playwright/test";
import { Gateway } from "./gateway.mjs";
import { WASM } from "./policies.mjs";

export { expect };

/** A viewer in the page, or a source without a view: both have these verbs. */
class Opened {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.element = page.locator(`#${name}`);
    this.rows = this.element.locator(".dsl-row");
    this.word = this.element.locator(".dsl-word");
    this.title = this.element.locator(".dsl-section .dsl-title");
    this.connectButton = this.element.getByRole("button", { name: "Connect Live Logs" });
  }

  /** Calls a verb of the handle. */
  do(verb, ...parts) {
    return this.page.evaluate(({ name, verb, parts }) => host[name].handle[verb](...parts), {
      name: this.name,
      verb,
      parts,
    });
  }

  ready() {
    return this.page.evaluate((name) => host[name].handle.ready, this.name);
  }

  status() {
    return this.do("status");
  }

  /** Waits for a state. */
  async is(state) {
    await expect.poll(async () => (await this.status()).state).toBe(state);
  }

  async connected() {
    await this.ready();
    await this.do("connect");
    await this.is("connected");
    return this;
  }

  /** The numbers of the numbered lines that onLog got, in the order in which it got them. */
  numbers() {
    return this.page.evaluate(
      (name) =>
        host[name].logs.map(({ number }) => number).filter((number) => number !== undefined),
      this.name,
    );
  }

  logs() {
    return this.page.evaluate((name) => host[name].logs, this.name);
  }

  statuses() {
    return this.page.evaluate((name) => host[name].statuses, this.name);
  }

  errors() {
    return this.page.evaluate((name) => host[name].errors.map(host.plain), this.name);
  }

  row(text) {
    return this.rows.filter({ hasText: text });
  }
}

/** A page of a host. */
class Host {
  /** Errors that a test wants to come: those that match are none. */
  allowed = [];

  constructor(page, gateway) {
    this.page = page;
    this.gateway = gateway;
  }

  async open(file = "bare.html") {
    await this.page.goto(`${this.gateway.url}/${file}`);
    return this;
  }

  /** Mounts the viewer in the element `#name`. */
  async mount(name, options = {}) {
    await this.page.evaluate(({ name, options }) => host.mount(name, options), { name, options });
    return new Opened(this.page, name);
  }

  /** Opens a source without a view. */
  async source(name, options = { workspaceId: "workspace123", workflowId: "workflow456" }) {
    await this.page.evaluate(({ name, options }) => host.open(name, options), { name, options });
    return new Opened(this.page, name);
  }

  /** The streams that the page holds open. */
  streams() {
    return this.page.evaluate(() => [...eyes.streams].map(({ url }) => url));
  }

  /** How many streams the page has opened so far. */
  opened() {
    return this.page.evaluate(() => eyes.opened);
  }

  /** The console's lines that match. */
  async told(pattern) {
    return (await this.page.evaluate(() => eyes.console)).filter((line) => pattern.test(line));
  }

  /** Nothing is open any more, as the page sees it and as the gateway does. */
  async isClosed() {
    expect(await this.streams()).toEqual([]);
    await expect.poll(() => this.gateway.connections()).toBe(0);
  }

  /** Lets what is under way come to rest: some frames, and whatever timers of no length there are. */
  async settle(millis = 300) {
    await this.page.waitForTimeout(millis);
  }

  /** What code of the page listens to on things that outlive a viewer, as the browser itself counts it: `window: online`, twice if twice. */
  async listeners() {
    const devtools = await this.page.context().newCDPSession(this.page);
    // Playwright's own listeners come from scripts without an address.
    const ofPage = new Set();
    devtools.on(
      "Debugger.scriptParsed",
      ({ scriptId, url }) => url.startsWith(this.gateway.url) && ofPage.add(scriptId),
    );
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
          .filter(({ scriptId }) => ofPage.has(scriptId))
          .map(({ type }) => `${expression}: ${type}`),
      );
    }
    await devtools.detach();
    return found.sort();
  }
}

/** Numbers in short, in the order in which they stand: `1-400`, or `1-3 71-120` where some are missing, `1-5 3-9` where some come again. */
export function ranges(numbers) {
  const runs = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && number === run.last + 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(" ");
}

export const test = base.extend({
  policy: [WASM, { option: true }],
  /** What the package runs on under that policy. */
  runs: ["wasm", { option: true }],
  /** Whether the browser knows WebAssembly at all. */
  hasWasm: [true, { option: true }],
  /** Whether its WebAssembly has SIMD. */
  hasSimd: [true, { option: true }],
  /** A gateway without a make-believe job: every line is of the test. */
  gateway: async ({ policy }, use) => {
    const gateway = await new Gateway(policy).start();
    await use(gateway);
    await gateway.kill();
  },
  /** A page that is not open yet. After each test: no policy violated but by the probe for WebAssembly, nothing thrown, no dialog shown. */
  host: async ({ page, gateway, runs }, use) => {
    const host = new Host(page, gateway);
    const dialogs = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    await use(host);
    // A test that is skipped opened nothing.
    const { violations, errors } = await page.evaluate(
      () => window.eyes ?? { violations: [], errors: [] },
    );
    expect(
      violations.filter((violation) => runs === "wasm" || violation !== "script-src wasm-eval"),
    ).toEqual([]);
    expect(errors.filter((error) => !host.allowed.some((pattern) => pattern.test(error)))).toEqual(
      [],
    );
    expect(dialogs).toEqual([]);
  },
});
