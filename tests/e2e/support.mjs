// What the end-to-end tests share: a gateway that can be killed, and the demo page with eyes on what must never happen.

import { test as base, expect } from "@playwright/test";
import { writeFile } from "node:fs/promises";
import { DIST, startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";

export { expect };

/** The address that the demo's first choice stands for. */
export const CHANNEL = { workspace_id: "workspace123", workflow_id: "workflow456" };

/** A gateway that serves the demo page; ended with the test. */
class Gateway {
  #child;

  async start(...args) {
    const port = this.url ? new URL(this.url).port : "0";
    const started = await startGateway(program(), [...args, "--port", port, "--site", DIST]);
    this.#child = started.child;
    this.url = started.url;
    return this;
  }

  /** Ends it, and starts it anew on the same port with other arguments; without any there is no make-believe job. */
  async restartWith(...args) {
    await this.stop();
    return this.start(...args);
  }

  /** As a crash does it: no goodbye to anybody. */
  kill() {
    return stop(this.#child, { signal: "SIGKILL" });
  }

  stop() {
    return stop(this.#child);
  }

  /** Publishes a log, and gives how many readers it reached. */
  async publish(logData, channel = CHANNEL) {
    const headers = { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" };
    const answer = await fetch(`${this.url}/logs/stream`, {
      method: "POST",
      headers,
      body: JSON.stringify({ service: "etl", ...channel, logData }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()).delivered;
  }

  /** Publishes a log, and gives whether the gateway took it. */
  async tryPublish(logData) {
    const headers = { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" };
    const body = JSON.stringify({ service: "etl", ...CHANNEL, logData });
    try {
      return (await fetch(`${this.url}/logs/stream`, { method: "POST", headers, body })).ok;
    } catch {
      return false;
    }
  }
}

/** A fault proxy in front of a gateway. */
class Faults {
  constructor(child, url) {
    this.child = child;
    this.url = url;
  }

  /** Gives it another plan (`control("plan", plan)`), or cuts all streams now (`control("cut")`, `control("reset")`). */
  async control(name, body = "") {
    const answer = await fetch(`${this.url}/faults/${name}`, { method: "POST", body });
    expect(answer.status, await answer.text()).toBe(200);
  }

  async stats() {
    return (await fetch(`${this.url}/faults/stats`)).json();
  }
}

/** The demo page, in a person's words. */
class Demo {
  constructor(page) {
    this.page = page;
    this.rows = page.locator(".dsl-row");
    this.list = page.getByRole("log");
    this.connect = page.getByRole("button", { name: "Connect Live Logs" });
    this.disconnect = page.getByRole("button", { name: "Disconnect" });
    this.retryNow = page.getByRole("button", { name: "Retry now" });
    this.workflow = page.getByLabel("Workflow");
  }

  async open(url) {
    await this.page.goto(url);
    await expect(this.connect).toBeVisible();
    return this;
  }

  word(word) {
    return expect(this.page.locator(".dsl-word")).toHaveText(word);
  }

  async live() {
    await this.word("CONNECTED");
    await expect(this.page.getByText("🔴 LIVE")).toBeVisible();
  }

  row(text) {
    return this.rows.filter({ hasText: text });
  }

  /** The page's own logs, as they stand in the document. */
  ownLogs() {
    return this.page.locator("#logs").evaluate((table) => table.outerHTML);
  }
}

export const test = base.extend({
  /** A gateway with the make-believe job at five lines a second. */
  gateway: async ({}, use) => {
    const gateway = await new Gateway().start("--job", "--rate", "5");
    await use(gateway);
    await gateway.stop();
  },
  /** Starts further gateways: `start("replay", file)`. */
  start: async ({}, use) => {
    const all = [];
    await use(async (...args) => {
      const gateway = await new Gateway().start(...args);
      all.push(gateway);
      return gateway;
    });
    await Promise.all(all.map((gateway) => gateway.stop()));
  },
  /** Puts a fault proxy in front of a gateway: `faults(gateway, plan)`. */
  faults: async ({}, use) => {
    const all = [];
    await use(async (gateway, plan) => {
      const { child, url } = await startGateway(program(), [
        "faults",
        "--listen",
        "127.0.0.1:0",
        "--to",
        gateway.url,
        "--plan",
        plan,
      ]);
      all.push(child);
      return new Faults(child, url);
    });
    await Promise.all(all.map((child) => stop(child)));
  },
  /** The demo page. After each test: no policy violated, no error thrown, no dialog shown. */
  demo: async ({ page }, use) => {
    const wrong = [];
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(
          `policy violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`,
        );
      });
    });
    page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
    page.on("dialog", (dialog) => {
      wrong.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on("console", (message) => {
      if (/policy|violat|panicked/i.test(message.text())) wrong.push(`console: ${message.text()}`);
    });
    await use(new Demo(page));
    expect(wrong).toEqual([]);
  },
  /** Writes a recording of its own for `replay`. */
  record: async ({}, use, info) => {
    await use(async (text) => {
      const file = info.outputPath("recording.sse");
      await writeFile(file, text);
      return file;
    });
  },
});

function program() {
  const { LOGS_GATEWAY } = process.env;
  if (!LOGS_GATEWAY)
    throw new Error(
      "LOGS_GATEWAY names no gateway program: run these tests through `npm test -- e2e`",
    );
  return LOGS_GATEWAY;
}
