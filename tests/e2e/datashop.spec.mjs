// Behind the Datashop server's controller, which drops the resume position: what that costs is told, and why.

import { startDatashopProxy } from "./datashop_proxy.mjs";
import { readRows } from "./oracle.mjs";
import { expect, test } from "./support.mjs";

/** Breaks the stream and publishes eleven lines before the page is back. */
async function breakFor11Lines(gateway, proxy, demo) {
  proxy.cut();
  await demo.word(/ERROR|CONNECTING/);
  for (let number = 1; number <= 11; number++)
    await gateway.publish({ message: `missed ${number}` });
}

for (const [found, act] of Object.entries({
  "the next line": (gateway) => gateway.publish({ message: "after" }),
  "a heartbeat": () => {},
})) {
  test(`a proxy that does not pass the resume position is named, by ${found}`, async ({
    gateway,
    demo,
    page,
  }) => {
    const quiet = await gateway.restartWith(
      "--heartbeat",
      found === "a heartbeat" ? "500ms" : "60s",
    );
    const proxy = await startDatashopProxy(quiet.url);
    try {
      await demo.open(proxy.url);
      await demo.connect.click();
      await demo.live();
      // Held back, so that the lines are published before the page is back.
      await page.route("**/sse/logs/stream**", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await route.continue();
      });
      await quiet.publish({ message: "before" });
      await expect(demo.row("before")).toBeVisible();
      await breakFor11Lines(quiet, proxy, demo);
      await demo.live();
      await act(quiet);
      await expect(demo.row("missing: the proxy did not forward the resume position")).toBeVisible();
      const rows = await readRows(page);
      expect(rows.filter((row) => row.includes("missing:"))).toEqual([
        "11 lines missing: the proxy did not forward the resume position",
      ]);
    } finally {
      await proxy.stop();
    }
  });
}
