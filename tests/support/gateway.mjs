// A real gateway process that a test starts, kills and publishes to. Independent of browsers.

import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { CHANNEL, GATEWAY_ROUTE, required } from "./environment.mjs";

/**
 * @typedef {typeof CHANNEL} Channel
 *
 * @typedef {object} Site
 * @property {string} [site] The folder that the gateway serves.
 * @property {string} [csp] The Content-Security-Policy of its pages; the gateway's own by default.
 */

export class Gateway {
  /** @type {string[]} */
  #siteArgs;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  #url = "";

  /** @param {Site} [site] */
  constructor({ site, csp } = {}) {
    this.#siteArgs = [
      ...(site === undefined ? [] : ["--site", site]),
      ...(csp === undefined ? [] : ["--csp", csp]),
    ];
  }

  get url() {
    return this.#url;
  }

  /**
   * Starts the gateway on a free port, or again on the port that it had before.
   *
   * @param {...string} args
   */
  async start(...args) {
    const port = this.#url ? new URL(this.#url).port : "0";
    const { child, url } = await startGateway(required("LOGS_GATEWAY"), [
      // A replay is another command, with no mode.
      ...(args[0] === "replay" ? [] : ["--demo"]),
      ...args,
      "--port",
      port,
      ...this.#siteArgs,
    ]);
    this.#child = child;
    this.#url = url;
    return this;
  }

  /**
   * Restarts the gateway on the same port with other arguments; without `--job` no sample job runs.
   *
   * @param {...string} args
   */
  async restartWith(...args) {
    await this.stop();
    return this.start(...args);
  }

  /** Ends the process as a crash would: readers get no goodbye. */
  kill() {
    return stop(this.#child, { signal: "SIGKILL" });
  }

  /** Shuts the gateway down gracefully. */
  stop() {
    return stop(this.#child);
  }

  /**
   * Publishes a log and returns how many readers it reached.
   *
   * @param {unknown} logData
   * @returns {Promise<number>}
   */
  async publish(logData, channel = CHANNEL) {
    const response = await this.#post(logData, channel);
    if (!response.ok)
      throw new Error(`gateway rejected a log: ${response.status} ${await response.text()}`);
    return (await response.json()).delivered;
  }

  /**
   * Publishes a log and returns whether the gateway accepted it; a gateway that is down did not.
   *
   * @param {unknown} logData
   */
  async tryPublish(logData, channel = CHANNEL) {
    try {
      return (await this.#post(logData, channel)).ok;
    } catch {
      return false;
    }
  }

  /**
   * Publishes the numbers from `from` to `to`, in order, each as the `number` of one log.
   *
   * @param {number} from
   * @param {number} to
   */
  async publishNumbers(from, to, channel = CHANNEL) {
    for (let number = from; number <= to; number++)
      await this.publish(
        { level: "INFO", pipeline: "NUMBERED", message: `number ${number}`, number },
        channel,
      );
  }

  /**
   * Publishes the numbers from `from` to `to` in one batch, each as the `number` of one log.
   *
   * @param {number} from
   * @param {number} to
   */
  async publishBatch(from, to, channel = CHANNEL) {
    const entries = Array.from({ length: to - from + 1 }, (_, index) => {
      const number = from + index;
      return { level: "INFO", pipeline: "NUMBERED", message: `number ${number}`, number };
    });
    await this.publishAll(entries, channel);
  }

  /**
   * Publishes logs in one batch, in order.
   *
   * @param {readonly unknown[]} entries
   */
  async publishAll(entries, channel = CHANNEL) {
    const lines = entries.map((logData) => JSON.stringify({ service: "etl", ...channel, logData }));
    const response = await fetch(`${this.#url}/logs/publish`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson", "X-Service-Token": "l5-etl-token" },
      body: lines.join("\n"),
    });
    if (response.status !== 200)
      throw new Error(`gateway rejected a batch: ${response.status} ${await response.text()}`);
  }

  /**
   * Returns how many streams the gateway serves.
   *
   * @returns {Promise<number>}
   */
  async connections() {
    return (await (await fetch(`${this.#url}/health`)).json()).connections;
  }

  /**
   * @param {unknown} logData
   * @param {Channel} channel
   */
  #post(logData, channel) {
    return fetch(`${this.#url}${GATEWAY_ROUTE}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" },
      body: JSON.stringify({ service: "etl", ...channel, logData }),
    });
  }
}
