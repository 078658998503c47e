// What breaks, and what the page says and does about it.

import { expect, test } from "./support.mjs";

test("comes back by itself when the gateway is killed and started again", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  const own = await demo.ownLogs();
  await gateway.publish({ message: "before the crash" });
  await expect(demo.row("before the crash")).toBeVisible();

  await gateway.kill();
  await demo.word(/ERROR|CONNECTING/);
  await expect(page.getByText(/retrying in \d+ s \(attempt \d+\)/)).toBeVisible();
  await expect(page.locator(".dsl-reason")).toHaveText(/was lost|cannot be reached/);
  await expect(page.getByText("🔴 LIVE")).toBeHidden();
  await expect(demo.row("before the crash")).toBeVisible();

  await gateway.start("--job", "--rate", "5");
  await demo.live();
  expect(await gateway.publish({ message: "after the crash" })).toBe(1);
  await expect(demo.row("after the crash")).toBeVisible();
  await expect(demo.row("before the crash")).toBeVisible();
  expect(await demo.ownLogs()).toBe(own);
});

test("a gateway that stops politely is left at once and found again", async ({ gateway, demo }) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await gateway.stop();
  await demo.word(/ERROR|CONNECTING/);
  await gateway.start();
  await demo.live();
});

test("Retry now does not wait for the countdown", async ({ gateway, demo, page }) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await gateway.kill();
  // Let the delay grow to where a wait can be seen; delays are drawn at random, so this may take a while.
  test.slow();
  await expect(page.getByText(/retrying in ([4-9]|\d\d) s/)).toBeVisible({ timeout: 60_000 });
  await gateway.start();
  await demo.retryNow.click();
  await demo.live();
});

test("Disconnect ends the retries", async ({ gateway, demo, page }) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await gateway.kill();
  await demo.word("ERROR");
  await demo.disconnect.click();
  await demo.word("DISCONNECTED");
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/sse/") ? 1 : 0));
  await gateway.start();
  await page.waitForTimeout(2_500);
  expect(asked).toBe(0);
  await demo.word("DISCONNECTED");
});

test("says that the network is gone, and comes back with it", async ({
  gateway,
  faults,
  demo,
  context,
}) => {
  // Without the job: a line that arrives after the report proves it wrong.
  const quiet = await gateway.restartWith();
  const proxy = await faults(quiet, "pass");
  await demo.open(proxy.url);
  await demo.connect.click();
  await demo.live();
  await context.setOffline(true);
  // The browser's report alone closes no stream, and its emulation cuts none.
  await proxy.control("cut");
  await demo.word("OFFLINE");
  await context.setOffline(false);
  await demo.live();
});

test("a backend that is down behind the proxy is told with its answer", async ({
  start,
  demo,
  page,
}) => {
  const front = await start("--upstream", "http://127.0.0.1:9");
  await demo.open(front.url);
  await demo.connect.click();
  await demo.word(/ERROR|CONNECTING/);
  await expect(page.locator(".dsl-reason")).toContainText("the server answered 502");
});
