// Failures, and how the page reports and recovers from them.

import { expect, test } from "./support.mjs";

test("reconnects when the gateway is killed and started again", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  const ownLogs = await demo.ownLogs();
  await gateway.publish({ message: "before the crash" });
  await expect(demo.row("before the crash")).toBeVisible();

  await gateway.kill();
  await demo.expectStatus(/ERROR|CONNECTING/);
  await expect(page.getByText(/Reconnecting in \d+ s \(attempt \d+\)/)).toBeVisible();
  await expect(demo.reason).toHaveText(/was lost|Cannot reach/);
  await expect(demo.liveMark).toBeHidden();
  await expect(demo.row("before the crash")).toBeVisible();

  await gateway.start("--job", "--rate", "5");
  await demo.expectLive();
  expect(await gateway.publish({ message: "after the crash" })).toBe(1);
  await expect(demo.row("after the crash")).toBeVisible();
  await expect(demo.row("before the crash")).toBeVisible();
  await ownLogs.unchanged();
});

test("notices a graceful shutdown at once and reconnects", async ({ gateway, demo }) => {
  await demo.openLive(gateway.url);
  await gateway.stop();
  await demo.expectStatus(/ERROR|CONNECTING/);
  await gateway.start();
  await demo.expectLive();
});

test("Retry now does not wait for the countdown", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  await gateway.kill();
  // Delays are random and grow: wait for one that is long enough to notice.
  test.slow();
  await expect(page.getByText(/Reconnecting in ([4-9]|\d\d) s/)).toBeVisible({ timeout: 60_000 });
  await gateway.start();
  await demo.retryNowButton.click();
  await demo.expectLive();
});

test("Disconnect ends the retries", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  await gateway.kill();
  await demo.expectStatus("ERROR");
  await demo.disconnectButton.click();
  await demo.expectStatus("DISCONNECTED");
  let requests = 0;
  page.on("request", (request) => {
    if (request.url().includes("/sse/")) requests += 1;
  });
  await gateway.start();
  await page.waitForTimeout(2_500);
  expect(requests).toBe(0);
  await demo.expectStatus("DISCONNECTED");
});

test("reports that the network is gone, and reconnects with it", async ({
  gateway,
  faults,
  demo,
  context,
}) => {
  // Without the sample job: a line that arrives afterwards would disprove the report.
  const quiet = await gateway.restartWith();
  const proxy = await faults(quiet, "pass");
  await demo.openLive(proxy.url);
  await context.setOffline(true);
  // Going offline does not close the stream, and its emulation does not cut it.
  await proxy.control("cut");
  await demo.expectStatus("OFFLINE");
  await context.setOffline(false);
  await demo.expectLive();
});

test("a backend that is down behind the proxy is reported with its status", async ({
  start,
  demo,
}) => {
  const front = await start("--upstream", "http://127.0.0.1:9");
  await demo.open(front.url);
  await demo.connectButton.click();
  await demo.expectStatus(/ERROR|CONNECTING/);
  await expect(demo.reason).toContainText("The server answered 502");
});
