// What the tests of the hosts share: a gateway that serves a host, and a page with eyes on what must never happen.

import { test as base, expect } from "@playwright/test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { viteDev } from "./bundlers.mjs";
import { chosen } from "./hosts.mjs";

export { expect };

/** The proxy route, which the viewer reads, and the gateway's own, which the provider reads. */
export const PROXY = "/api/dapadmin/l5-etl/sse/logs/stream";
export const GATEWAY = "/logs/stream";

/** The hosts that were built and are wanted. */
export const WANTED = chosen((process.env.LOGS_HOSTS ?? "").split(",").filter(Boolean));

/** The policy that a page with this client may have; `scripts` and `styles` are what the host itself needs beyond. */
export function policy({ wasm = true, scripts = "", styles = "" } = {}) {
  const sources = ["'self'", wasm && "'wasm-unsafe-eval'", scripts].filter(Boolean).join(" ");
  return `default-src 'self'; script-src ${sources}; style-src 'self'${styles && ` ${styles}`}; connect-src 'self'`;
}

/** A host's own policy: Turbopack writes inline scripts into its pages, which a policy can allow by their hashes alone. */
export function policyOf(host, options = {}) {
  if (host.bundler === "viteDev") return undefined;
  const html = readFileSync(path.join(host.out, "index.html"), "utf8");
  const inline = [...html.matchAll(/<script>([^<]+)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  return policy({ ...options, scripts: inline.join(" "), styles: host.styles });
}

export const test = base.extend({
  /** Serves a host, with a make-believe job at fifty lines a second: `serve(host, policy, rate)` gives the address. */
  serve: async ({}, use) => {
    const ends = [];
    await use(async (host, csp = policyOf(host), rate = "50") => {
      const site = host.bundler === "viteDev" ? [] : ["--site", host.out, "--csp", csp];
      const gateway = await startGateway(program(), [
        "--port",
        "0",
        "--job",
        "--rate",
        rate,
        ...site,
      ]);
      ends.push(() => stop(gateway.child));
      if (host.bundler !== "viteDev")
        return { url: gateway.url, gateway: new Gateway(gateway.url) };
      const server = await viteDev(host, gateway.url);
      ends.push(server.close);
      return { url: server.url, gateway: new Gateway(gateway.url) };
    });
    for (const end of ends.reverse()) await end();
  },
  /** A page that counts its event streams. After each test: nothing thrown, no error in the console, no policy violated but by the question whether WebAssembly may run. */
  host: async ({ page }, use) => {
    const wrong = [];
    await page.addInitScript(watch);
    page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
    page.on("console", (message) => {
      if (isWrong(message)) wrong.push(`console: ${message.text()} (${message.location().url})`);
    });
    const host = new Host(page);
    await use(host);
    expect(wrong.filter((line) => !host.awaited?.test(line))).toEqual([]);
  },
});

/** The page of a host, in a person's words. `awaited` is what a test provokes in the console, as a pattern. */
class Host {
  constructor(page) {
    this.page = page;
    this.awaited = undefined;
    this.connect = page.getByRole("button", { name: "Connect Live Logs" });
    this.disconnect = page.getByRole("button", { name: "Disconnect" });
    this.leave = page.getByRole("button", { name: "Leave the page" });
    this.live = page.getByText("🔴 LIVE");
    this.rows = page.locator(".dsl-row");
  }

  word(word) {
    return expect(this.page.locator(".dsl-word")).toHaveText(word);
  }

  row(text) {
    return this.rows.filter({ hasText: text });
  }

  backend() {
    return this.page.evaluate(() => window.liveLogsBackend());
  }

  /** How many event streams of a route are open now. */
  open(route) {
    return this.page.evaluate(
      (route) =>
        window.eventSources.filter(
          (source) => source.readyState !== 2 && new URL(source.url).pathname === route,
        ).length,
      route,
    );
  }

  /** Marks the page's own table, and gives what tells whether it is the same element with the same content. */
  async ownLogs() {
    const table = this.page.locator("#logs");
    const before = await table.evaluate((table) => {
      table.isTheSame = true;
      return table.outerHTML;
    });
    return {
      untouched: async () =>
        expect(await table.evaluate((table) => [table.isTheSame, table.outerHTML])).toEqual([
          true,
          before,
        ]),
    };
  }
}

/** A gateway, asked over its own routes. */
class Gateway {
  constructor(url) {
    this.url = url;
  }

  /** How many streams it serves. */
  async readers() {
    return (await (await fetch(`${this.url}/health`)).json()).connections;
  }

  /** Publishes a log, and gives how many readers it reached. */
  async publish(logData, channel) {
    const headers = { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" };
    const answer = await fetch(`${this.url}/logs/stream`, {
      method: "POST",
      headers,
      body: JSON.stringify({ service: "etl", ...channel, logData }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()).delivered;
  }
}

/** Whether a message of the console tells of a fault. */
function isWrong(message) {
  const text = message.text();
  if (text.startsWith("policy violated:")) return text !== "policy violated: script-src wasm-eval";
  // The browser tells of each violation too, in words of its own; ours above name what was blocked.
  if (/Content Security Policy/.test(text)) return false;
  // The hosts have no icon, and a browser asks for one all the same.
  return message.type() === "error" && !message.location().url.endsWith("/favicon.ico");
}

/** Runs in the page before its own scripts. */
function watch() {
  const Real = window.EventSource;
  window.eventSources = [];
  window.EventSource = class extends Real {
    constructor(...args) {
      super(...args);
      window.eventSources.push(this);
    }
  };
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy violated: ${event.effectiveDirective} ${event.blockedURI}`);
  });
}

function program() {
  const { LOGS_GATEWAY } = process.env;
  if (!LOGS_GATEWAY)
    throw new Error(
      "LOGS_GATEWAY names no gateway program: run these tests through `npm run hosts`",
    );
  return LOGS_GATEWAY;
}
