// From a Python job to the page, through a release gateway and the Datashop server: each link
// breaks in turn, and each line is on the page once, or counted in a row.

import { expect, test } from "./support.mjs";

test("a job's lines arrive while it runs", async ({ chain }) => {
  await chain.open();
  const job = chain.startJob({ count: 300 });
  await expect(chain.viewer.rows.first()).toBeVisible();
  expect(job.child.exitCode, "the job still runs").toBeNull();
  await job.done();
  await chain.expectAll("undisturbed");
  expect((await chain.server.stats()).opened).toBe(1);
});

test("a page that is opened after the run shows all of it", async ({ chain, page }) => {
  await chain.startJob({ count: 1_700, rate: 2_000 }).done();
  await chain.open();
  // The viewer begins with the newest lines, and loads the others when its end is reached.
  await expect(page.locator(".dsl-count")).toHaveText("1,000 lines");
  const start = page.getByText(/^Start of /);
  while (!(await start.isVisible())) {
    await chain.viewer.list.evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    await page.waitForTimeout(50);
  }
  expect((await chain.server.stats()).histories, "through the server").toBeGreaterThan(1);
  await chain.startJob({ count: 50 }).done();
  await chain.expectAll("the page opened after the run");
});

test("the job is terminated, and another one starts", async ({ chain }) => {
  await chain.open();
  for (let time = 0; time < 3; time++) {
    const job = chain.startJob();
    await job.reached(120);
    await job.stop("SIGTERM");
    // It flushed before it ended: every line counts as stored.
    job.stored = job.published;
  }
  await chain.startJob({ count: 50 }).done();
  await chain.expectAll("the job terminated three times");
});

test("the job is killed, and another one starts", async ({ chain }) => {
  await chain.open();
  for (let time = 0; time < 3; time++) {
    const job = chain.startJob();
    await job.reached(120);
    await job.stop("SIGKILL");
    expect(job.stored).toBeGreaterThanOrEqual(job.first);
  }
  await chain.startJob({ count: 50 }).done();
  await chain.expectAll("the job killed three times");
});

test("the gateway is killed and started again", async ({ chain }) => {
  await chain.open();
  const job = chain.startJob({ count: 900 });
  for (let time = 1; time <= 3; time++) {
    await job.reached(time * 200);
    // Its history dies with it: a page that is not back yet would lose all of it, which is reported.
    await chain.viewer.expectLive();
    await chain.killGateway();
  }
  await job.done();
  // What the gateway had stored but not yet sent is a gap of unknown size.
  await chain.expectAll("the gateway killed three times", { atMostGaps: 3 });
  await chain.viewer.expectLive();
});

test("the Datashop server is killed and started again", async ({ chain }) => {
  await chain.open();
  const job = chain.startJob({ count: 900 });
  for (let time = 1; time <= 3; time++) {
    await job.reached(time * 200);
    await chain.server.stop("SIGKILL");
    await chain.server.start();
  }
  await job.done();
  await chain.expectAll("the server killed three times");
  await chain.viewer.expectLive();
});

test("the Datashop server is restarted gracefully", async ({ chain }) => {
  await chain.open();
  const job = chain.startJob({ count: 600 });
  await job.reached(200);
  await chain.server.stop("SIGTERM");
  await expect(chain.viewer.reason).toHaveText(/restarting|Cannot reach|answered 50/);
  await chain.server.start();
  await job.done();
  await chain.expectAll("the server restarted");
});

test("the browser is offline for a while", async ({ chain, context }) => {
  await chain.open();
  const job = chain.startJob({ count: 900 });
  for (let time = 1; time <= 3; time++) {
    await job.reached(time * 200);
    await context.setOffline(true);
    // Going offline does not close the stream, and its emulation does not cut it.
    await chain.network.control("cut");
    await chain.viewer.expectStatus("OFFLINE");
    await context.setOffline(false);
  }
  await job.done();
  await chain.expectAll("the browser offline three times");
});

test("every link breaks in turn", async ({ chain, context }) => {
  await chain.open();
  const job = chain.startJob({ count: 1_000 });
  await job.reached(150);
  await chain.server.stop("SIGKILL");
  await chain.server.start();
  await job.reached(300);
  await context.setOffline(true);
  await chain.network.control("reset");
  await chain.viewer.expectStatus("OFFLINE");
  await context.setOffline(false);
  await job.reached(500);
  await chain.killGateway();
  await job.reached(700);
  await job.stop("SIGTERM");
  job.stored = job.published;
  await chain.startJob({ count: 100 }).done();
  await chain.expectAll("every link in turn", { atMostGaps: 1 });
});
