// A real gateway that serves the pages under a policy of the test's choice. Knows nothing of browsers.

import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";

/** The workflow that the pages show unless told otherwise. */
export const CHANNEL = { workspace_id: "workspace123", workflow_id: "workflow456" };

export class Gateway {
  #child;
  #policy;

  constructor(policy) {
    this.#policy = policy;
  }

  /** Starts it; once more after an end on the same port. */
  async start(...args) {
    const port = this.url ? new URL(this.url).port : "0";
    const { child, url } = await startGateway(needed("LOGS_GATEWAY"), [
      ...args,
      "--port",
      port,
      "--site",
      needed("LOGS_PACKAGE_SITE"),
      "--csp",
      this.#policy,
    ]);
    this.#child = child;
    this.url = url;
    return this;
  }

  /** As a crash does it: no goodbye to anybody, and no waiting for readers. */
  kill() {
    return stop(this.#child, { signal: "SIGKILL" });
  }

  /** Publishes a log, and gives how many readers it reached. */
  async publish(logData, channel = CHANNEL) {
    const answer = await fetch(`${this.url}/logs/stream`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Service-Token": "l5-etl-token" },
      body: JSON.stringify({ service: "etl", ...channel, logData }),
    });
    if (!answer.ok)
      throw new Error(`the gateway did not take a log: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).delivered;
  }

  /** Publishes the numbers from `from` to `to`, each as `number` of a line, in order. */
  async publishNumbers(from, to, channel = CHANNEL) {
    for (let number = from; number <= to; number++)
      await this.publish(
        { level: "INFO", pipeline: "NUMBERED", message: `number ${number}`, number },
        channel,
      );
  }

  /** How many streams are open, as the gateway sees it. */
  async connections() {
    return (await (await fetch(`${this.url}/health`)).json()).connections;
  }
}

function needed(name) {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run these tests through \`npm test -- package\``);
  return value;
}
