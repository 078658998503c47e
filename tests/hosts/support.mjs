// Fixtures of the host tests: a gateway that serves a host, and the host's page, watched for what
// must never happen.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "@playwright/test";
import { test as base } from "../support/fixtures.mjs";
import { collectFaults, expectNoFaults, PageProbe } from "../support/page_probe.mjs";
import { rememberOwnLogs, Viewer } from "../support/viewer.mjs";
import { viteDev } from "./bundlers.mjs";
import { chosen } from "./hosts.mjs";

/**
 * @import { ConsoleMessage, Fixtures, Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { ServerFixtures, TestArgs, WorkerArgs } from "../support/fixtures.mjs"
 * @import { Host } from "./hosts.mjs"
 *
 * @typedef {{ url: string, gateway: Gateway }} Served
 *
 * @typedef {(host: Host, csp?: string, rate?: string) => Promise<Served>} Serve
 *
 * @typedef {object} HostFixtures
 * @property {Serve} serve
 *   Serves a host, with a sample job at fifty lines a second: `serve(host, policy, rate)`.
 * @property {HostPage} host The page of a host.
 */

export { expect };

/** The hosts that were built and that `LOGS_HOSTS` names. */
export const WANTED = chosen((process.env.LOGS_HOSTS ?? "").split(",").filter(Boolean));

/**
 * The policy of a host's page. Turbopack writes inline scripts into its pages, which a policy can
 * allow only by their hashes.
 *
 * @param {Host} host
 */
export function policyOf(host, { wasm = true } = {}) {
  if (host.bundler === "viteDev") return undefined;
  const html = readFileSync(path.join(host.out, "index.html"), "utf8");
  const inline = [...html.matchAll(/<script>([^<]+)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  const scripts = ["'self'", ...(wasm ? ["'wasm-unsafe-eval'"] : []), ...inline].join(" ");
  const styles = ["'self'", ...(host.styles ? [host.styles] : [])].join(" ");
  return `default-src 'self'; script-src ${scripts}; style-src ${styles}; connect-src 'self'`;
}

/** The page of a host, and the viewer in it. */
export class HostPage extends Viewer {
  /**
   * What a test provokes in the console.
   *
   * @type {RegExp[]}
   */
  provoked = [];

  /** @param {Page} page */
  constructor(page) {
    super(page);
    this.page = page;
    this.probe = new PageProbe(page);
    this.leaveButton = page.getByRole("button", { name: "Leave the page" });
  }

  /** What the client runs as. */
  backend() {
    return this.page.evaluate(() => window.liveLogsBackend());
  }

  /** Remembers the page's own logs, which must not change. */
  ownLogs() {
    return rememberOwnLogs(this.page);
  }
}

/** @type {Fixtures<HostFixtures, {}, TestArgs & ServerFixtures, WorkerArgs>} */
const fixtures = {
  serve: async ({ startGateway }, use) => {
    /** @type {(() => Promise<void>)[]} */
    const servers = [];
    await use(async (host, csp = policyOf(host), rate = "50") => {
      const isDev = host.bundler === "viteDev";
      const site = isDev ? {} : { site: host.out, csp };
      const gateway = await startGateway(site, "--job", "--rate", rate);
      if (!isDev) return { url: gateway.url, gateway };
      const server = await viteDev(host, gateway.url);
      servers.push(server.close);
      return { url: server.url, gateway };
    });
    for (const close of servers) await close();
  },

  // After each test: nothing thrown, no error in the console, and no policy violated except by the
  // question whether WebAssembly may run.
  host: async ({ page }, use) => {
    const faults = await collectFaults(page, isFault);
    const host = new HostPage(page);
    await host.probe.install();
    await use(host);
    expectNoFaults(faults, host.provoked);
  },
};

export const test = base.extend(fixtures);

/**
 * Whether a line of the console reports a fault.
 *
 * @param {ConsoleMessage} message
 */
function isFault(message) {
  const text = message.text();
  if (text.startsWith("policy violated:")) return text !== "policy violated: script-src wasm-eval";
  // The browser reports each violation too, in its own words; ours above name what was blocked.
  if (/Content Security Policy/.test(text)) return false;
  // The hosts have no icon, and browsers request one nevertheless.
  return message.type() === "error" && !message.location().url.endsWith("/favicon.ico");
}
