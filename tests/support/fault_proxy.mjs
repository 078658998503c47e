// A proxy in front of a gateway that breaks streams as a plan says.

import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { required } from "./environment.mjs";

export class FaultProxy {
  /** @type {import("node:child_process").ChildProcess} */
  #child;

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {string} url
   */
  constructor(child, url) {
    this.#child = child;
    this.url = url;
  }

  /**
   * Replaces the plan (`control("plan", plan)`), or ends all streams now (`control("cut")`,
   * `control("reset")`).
   *
   * @param {"plan" | "cut" | "reset"} action
   */
  async control(action, body = "") {
    const response = await fetch(`${this.url}/faults/${action}`, { method: "POST", body });
    if (!response.ok)
      throw new Error(
        `fault proxy rejected ${action}: ${response.status} ${await response.text()}`,
      );
  }

  /** @returns {Promise<{ streams: number }>} */
  async stats() {
    return (await fetch(`${this.url}/faults/stats`)).json();
  }

  stop() {
    return stop(this.#child);
  }
}

/**
 * Starts a fault proxy in front of the gateway at `to`.
 *
 * @param {string} to
 * @param {string} plan
 */
export async function startFaultProxy(to, plan) {
  const args = ["--listen", "127.0.0.1:0", "--to", to, "--plan", plan];
  const { child, url } = await startGateway(required("LOGS_FAULT_PROXY"), args);
  return new FaultProxy(child, url);
}
