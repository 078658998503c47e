// Behind the controller of the Datashop server, which forwards the two ids and nothing else: the
// parameters of the stream travel inside the id, and nothing is lost.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { startDatashopProxy } from "./datashop_proxy.mjs";
import { expectAll, Numbered, readRows } from "./oracle.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { ChildProcess } from "node:child_process"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { Demo } from "./support.mjs"
 */

const GUIDE_SERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), "guide_server.mjs");

/** The server of the guide, as a process that ends and is started again on the same port. */
class GuideServer {
  /** @type {ChildProcess | undefined} */
  #child;
  url = "";

  /**
   * @param {string} gateway
   * @param {string} user
   */
  constructor(gateway, user = "user1") {
    this.gateway = gateway;
    this.user = user;
  }

  /** Starts it again, whether it was killed or a fault of the gateway ended it. */
  async restart() {
    await stop(this.#child, { signal: "SIGKILL" });
    const port = this.url ? new URL(this.url).port : "0";
    const { child, url } = await startGateway(process.execPath, [
      GUIDE_SERVER,
      this.gateway,
      port,
      this.user,
    ]);
    this.#child = child;
    this.url = url;
    return this;
  }

  close() {
    return stop(this.#child, { signal: "SIGKILL" });
  }
}

/**
 * Breaks the stream and publishes eleven lines before the page reconnects.
 *
 * @param {Gateway} gateway
 * @param {{ cut(): void }} proxy
 * @param {Demo} demo
 */
async function breakFor11Lines(gateway, proxy, demo) {
  // Delayed, so that the lines are published before the page reconnects.
  await demo.page.route("**/sse/logs/stream**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
  await gateway.publish({ message: "before" });
  await expect(demo.row("before")).toBeVisible();
  proxy.cut();
  await demo.expectStatus(/ERROR|CONNECTING/);
  for (let number = 1; number <= 11; number++)
    await gateway.publish({ message: `missed ${number}` });
}

test("resumes behind a proxy that forwards only the ids", async ({ gateway, demo, page }) => {
  const quiet = await gateway.restartWith();
  await quiet.publish({ message: "published in an earlier run" });
  const proxy = await startDatashopProxy(quiet.url);
  try {
    await demo.open(proxy.url);
    await demo.connectButton.click();
    await demo.expectLive();
    await expect(demo.row("published in an earlier run")).toBeVisible();
    await breakFor11Lines(quiet, proxy, demo);
    await demo.expectLive();
    await expect(demo.row("missed 11")).toBeVisible();
    const rows = (await readRows(page)).filter((row) => !row.startsWith("Reconnected after "));
    expect(rows).toEqual([
      "published in an earlier run",
      "before",
      ...Array.from({ length: 11 }, (_, index) => `missed ${index + 1}`),
    ]);
  } finally {
    await proxy.close();
  }
});

test("reports what a proxy that refuses parameters in the id costs", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  const proxy = await startDatashopProxy(quiet.url, { refusesCarrier: true });
  try {
    await demo.open(proxy.url);
    await demo.connectButton.click();
    await demo.expectLive();
    await breakFor11Lines(quiet, proxy, demo);
    await demo.expectLive();
    await expect(demo.row("missing:")).toBeVisible();
    expect((await readRows(page)).filter((row) => row.includes("missing:"))).toEqual([
      "11 lines missing: the proxy does not forward the resume position and refused it in the id",
    ]);
  } finally {
    await proxy.close();
  }
});

test("loses nothing behind the controller of the guide while each part restarts", async ({
  gateway,
  demo,
}) => {
  test.slow();
  const quiet = await gateway.restartWith("--heartbeat", "1s");
  const server = await new GuideServer(quiet.url).restart();
  try {
    await demo.open(server.url);
    await demo.connectButton.click();
    const log = await new Numbered(quiet).begin(demo);
    for (let time = 0; time < 2; time++) {
      await log.publish(50);
      await server.restart();
      await log.publish(50);
      await demo.expectLive();
      await quiet.kill();
      await log.publish(3);
      await quiet.restartWith("--heartbeat", "1s");
      await server.restart();
      await log.publish(20);
      await demo.expectLive();
    }
    await log.publish(10);
    await expectAll(demo, log);
  } finally {
    await server.close();
  }
});

test("explains a status that the controller of the guide hides behind 200", async ({
  gateway,
  demo,
}) => {
  // The gateway rejects an empty identity, when the controller has already promised a stream.
  const server = await new GuideServer(gateway.url, "").restart();
  try {
    await demo.open(server.url);
    await demo.connectButton.click();
    await expect(demo.reason).toHaveText(/The server answered 400 instead of a stream/, {
      timeout: 20_000,
    });
  } finally {
    await server.close();
  }
});
