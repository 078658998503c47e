// The page of hooks that a test composes (hooks-page/app.js), and quiet workflows to read with it.

import { expect, test as base } from "./support.mjs";

/**
 * @import { Fixtures } from "@playwright/test"
 * @import { ServerFixtures, TestArgs, WorkerArgs } from "../support/fixtures.mjs"
 * @import { Channel, Gateway } from "../support/gateway.mjs"
 * @import { Host } from "./hosts.mjs"
 * @import { HostFixtures, HostPage } from "./support.mjs"
 *
 * @typedef {object} LabFixtures
 * @property {Host} target The host that the page is built for; each test must set it.
 * @property {Lab} lab The page, with a gateway of its own.
 */

export const WORKFLOW = { workspace_id: "workspace123", workflow_id: "quiet1" };
/** `WORKFLOW`, as a host names it. */
export const IDS = { workspaceId: "workspace123", workflowId: "quiet1" };
export const OTHER = { workspace_id: "workspace123", workflow_id: "quiet2" };
export const CHANNEL = "logs:etl:workspace123:quiet1";
export const OTHER_CHANNEL = "logs:etl:workspace123:quiet2";

/** @type {Fixtures<LabFixtures, {}, TestArgs & ServerFixtures & HostFixtures, WorkerArgs>} */
const FIXTURES = {
  target: [/** @type {Host} */ (/** @type {unknown} */ (undefined)), { option: true }],

  lab: async ({ serve, host, target }, use) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(url);
    await use(new Lab(host, gateway));
  },
};

export const test = base.extend(FIXTURES);

class Lab {
  #host;
  #page;
  #gateway;

  /**
   * @param {HostPage} host
   * @param {Gateway} gateway
   */
  constructor(host, gateway) {
    this.#host = host;
    this.#page = host.page;
    this.#gateway = gateway;
  }

  /**
   * Shows these components, in a provider with these properties, or without one.
   *
   * @param {LabPart[]} parts
   * @param {object | null} [provider]
   */
  async show(parts, provider = {}) {
    await expect.poll(() => this.#page.evaluate(() => Boolean(window.lab))).toBe(true);
    await this.#page.evaluate(({ parts, provider }) => window.lab.show(parts, provider), {
      parts,
      provider,
    });
  }

  /**
   * Shows these components, and waits until the first, a hook, is connected.
   *
   * @param {LabPart[]} parts
   */
  async showConnected(...parts) {
    await this.show(parts);
    await this.expectStatus(parts[0].id, "connected");
  }

  /** Shows a user of the context as `context`, and a hook as `a`; waits until it is connected. */
  async showContext() {
    await this.showConnected(
      { id: "context", kind: "context" },
      { id: "a", kind: "hook", ...WORKFLOW },
    );
  }

  /** @param {string} id */
  state(id) {
    return this.#page.evaluate(
      (id) => ({
        ...window.lab.states[id],
        error: window.lab.states[id].error && { ...window.lab.states[id].error },
      }),
      id,
    );
  }

  /**
   * Waits for the connection status of a hook or of the context.
   *
   * @param {string} id
   * @param {string} status
   */
  async expectStatus(id, status) {
    await expect
      .poll(() => this.#page.evaluate((id) => window.lab.states[id]?.connectionStatus, id))
      .toBe(status);
  }

  /**
   * @param {string} id
   * @returns {Promise<unknown[]>}
   */
  messages(id) {
    return this.#page.evaluate(
      (id) => window.lab.states[id].logs.map(({ message }) => message),
      id,
    );
  }

  errors() {
    return this.#page.evaluate(() => window.lab.errors);
  }

  /** Returns the paths of the streams that were opened. */
  async opened() {
    return (await this.#host.probe.openedUrls()).map((url) => url.slice(url.indexOf("/", 8)));
  }

  isOpen() {
    return this.#page.evaluate(() =>
      [...probe.streams].some(({ readyState }) => readyState === EventSource.OPEN),
    );
  }

  /**
   * Publishes numbered logs in one batch.
   *
   * @param {number} count
   * @param {Channel} channel
   */
  async publishAtOnce(count, { workspace_id, workflow_id }) {
    await this.#gateway.publishBatch(1, count, { workspace_id, workflow_id });
  }

  /**
   * Publishes numbered logs one by one.
   *
   * @param {number} count
   * @param {Channel} channel
   */
  async publish(count, { workspace_id, workflow_id }, word = "m") {
    for (let number = 1; number <= count; number += 1)
      await this.#gateway.publish(
        { level: "INFO", message: `${word} ${number}` },
        { workspace_id, workflow_id },
      );
  }
}
