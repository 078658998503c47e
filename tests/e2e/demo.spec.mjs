// The acceptance criteria: what a user sees and does, from the first click to Disconnect.

import { boxOf } from "../support/viewer.mjs";
import { Demo, expect, test } from "./support.mjs";

test("connects with one click and streams in above the existing logs", async ({
  gateway,
  demo,
  page,
}) => {
  // Without the sample job, whose lines could push the test's line out of view on a slow machine.
  await gateway.restartWith();
  await demo.open(gateway.url);
  await demo.expectStatus("DISCONNECTED");
  await expect(demo.list).toBeHidden();
  const ownLogs = await demo.ownLogs();

  await demo.connectButton.click();
  await demo.expectLive();
  await gateway.publish({
    level: "WARN",
    pipeline: "INGESTION",
    message: "a line of this test",
    date: "Sep 25 2025 at 01:30 PM",
    status: "45 sec",
  });
  const row = demo.row("a line of this test");
  await expect(row).toBeVisible();
  for (const part of ["WARN", "INGESTION", "Sep 25 2025 at 01:30 PM", "45 sec"])
    await expect(row).toContainText(part);

  const section = await boxOf(demo.section);
  const table = await boxOf(page.locator("#logs"));
  expect(section.y + section.height).toBeLessThanOrEqual(table.y);
  const yellow = await page
    .locator(".dsl-section")
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(yellow).toBe("rgb(255, 248, 220)");

  await demo.disconnectButton.click();
  await demo.expectStatus("DISCONNECTED");
  await expect.poll(() => gateway.connections()).toBe(0);
  await expect(row).toBeVisible();
  await ownLogs.unchanged();
});

test("is visible in DevTools: an event stream in the network, changes in the console", async ({
  gateway,
  demo,
  page,
}) => {
  /** @type {string[]} */
  const logged = [];
  page.on("console", (message) => logged.push(message.text()));
  await demo.open(gateway.url);
  const streams = page.waitForResponse((response) => response.url().includes("/sse/logs/stream"));
  await demo.connectButton.click();
  const stream = await streams;
  expect(stream.headers()["content-type"]).toBe("text/event-stream");
  expect(new URL(stream.url()).search).toBe(
    "?workspace_id=workspace123&workflow_id=workflow456&batch=1&tail=1000",
  );
  await demo.expectLive();
  await expect(demo.rows.nth(3)).toBeVisible();
  await demo.disconnectButton.click();
  await demo.expectStatus("DISCONNECTED");
  const changes = logged.filter((line) => line.startsWith("[live logs]"));
  expect(changes.map((line) => line.split(" ").pop())).toEqual([
    "CONNECTING",
    "CONNECTED",
    "DISCONNECTED",
  ]);
});

test("follows the workflow, without a line of the old one", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  await gateway.publish({ message: "of the first workflow" });
  await expect(demo.row("of the first workflow")).toBeVisible();

  await demo.workflowMenu.selectOption("prod_workspace/etl_job_789");
  await demo.expectLive();
  await expect
    .poll(() =>
      gateway.publish(
        { message: "of the second" },
        { workspace_id: "prod_workspace", workflow_id: "etl_job_789" },
      ),
    )
    .toBe(1);
  await expect(demo.row("of the second").first()).toBeVisible();
  await expect(demo.row("of the first workflow")).toHaveCount(0);
  // The gateway may notice a moment later that the reader is gone.
  await expect.poll(() => gateway.publish({ message: "for no reader" })).toBe(0);
  await expect(page.locator("#logs tbody:visible")).toContainText("Nightly report published");
});

test("two tabs each have their own stream", async ({ gateway, demo, context }) => {
  await demo.openLive(gateway.url);
  const second = await new Demo(await context.newPage()).openLive(gateway.url);
  expect(await gateway.publish({ message: "for both" })).toBe(2);
  await expect(second.row("for both")).toBeVisible();
  await second.page.close();
  await expect.poll(() => gateway.publish({ message: "for one" })).toBe(1);
  await expect(demo.row("for both")).toBeVisible();
});

test("does not move while the reader looks at older lines, and leads back to the newest", async ({
  gateway,
  demo,
}) => {
  // Without the sample job, so that the number of new lines is known.
  await gateway.restartWith();
  await demo.openLive(gateway.url);
  for (let number = 0; number < 60; number++)
    await gateway.publish({ message: `filler ${number}` });
  await expect(demo.row("filler 59")).toBeVisible();
  await demo.list.evaluate((list) => {
    list.scrollTop = 600;
  });
  await expect(demo.newestButton).toBeVisible();
  const topRow = () =>
    demo.list.evaluate(
      (list) =>
        [...list.querySelectorAll("li")].find(
          (row) => row.getBoundingClientRect().top >= list.getBoundingClientRect().top,
        )?.textContent,
    );
  const before = await topRow();
  for (let number = 0; number < 30; number++) await gateway.publish({ message: `new ${number}` });
  await expect(demo.newestButton).toHaveText("↑ 30 new");
  expect(await topRow()).toBe(before);
  await demo.newestButton.click();
  await expect(demo.newestButton).toBeHidden();
  await expect(demo.row("new 29")).toBeVisible();
});
