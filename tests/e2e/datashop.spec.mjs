// Behind the controller of the Datashop server, which drops the resume position: the loss is
// reported, with the reason.

import { startDatashopProxy } from "./datashop_proxy.mjs";
import { readRows } from "./oracle.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { Demo } from "./support.mjs"
 */

/**
 * Breaks the stream and publishes eleven lines before the page reconnects.
 *
 * @param {Gateway} gateway
 * @param {{ cut(): void }} proxy
 * @param {Demo} demo
 */
async function breakFor11Lines(gateway, proxy, demo) {
  proxy.cut();
  await demo.expectStatus(/ERROR|CONNECTING/);
  for (let number = 1; number <= 11; number++)
    await gateway.publish({ message: `missed ${number}` });
}

/**
 * What reveals the loss, and how a test causes it.
 *
 * @type {Record<string, (gateway: Gateway) => Promise<unknown>>}
 */
const SIGNS = {
  "the next line": (gateway) => gateway.publish({ message: "after" }),
  "a heartbeat": async () => {},
};

for (const [sign, cause] of Object.entries(SIGNS)) {
  test(`reports a proxy that drops the resume position, on ${sign}`, async ({
    gateway,
    demo,
    page,
  }) => {
    const quiet = await gateway.restartWith(
      "--heartbeat",
      sign === "a heartbeat" ? "500ms" : "60s",
    );
    const proxy = await startDatashopProxy(quiet.url);
    try {
      await demo.open(proxy.url);
      await demo.connectButton.click();
      await demo.expectLive();
      // Delayed, so that the lines are published before the page reconnects.
      await page.route("**/sse/logs/stream**", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await route.continue();
      });
      await quiet.publish({ message: "before" });
      await expect(demo.row("before")).toBeVisible();
      await breakFor11Lines(quiet, proxy, demo);
      await demo.expectLive();
      await cause(quiet);
      await expect(
        demo.row("missing: the proxy did not forward the resume position"),
      ).toBeVisible();
      const rows = await readRows(page);
      expect(rows.filter((row) => row.includes("missing:"))).toEqual([
        "11 lines missing: the proxy did not forward the resume position",
      ]);
    } finally {
      await proxy.close();
    }
  });
}
