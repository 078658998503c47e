// The acceptance text: what a person sees and does, from the first click to Disconnect.

import { expect, test } from "./support.mjs";

test("connects with one click and streams in above the existing logs", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.open(gateway.url);
  await demo.word("DISCONNECTED");
  await expect(demo.list).toBeHidden();
  const own = await demo.ownLogs();

  await demo.connect.click();
  await demo.live();
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

  const section = await page.locator(".dsl-section").boundingBox();
  const table = await page.locator("#logs").boundingBox();
  expect(section.y + section.height).toBeLessThanOrEqual(table.y);
  const yellow = await page
    .locator(".dsl-section")
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(yellow).toBe("rgb(255, 248, 220)");

  await demo.disconnect.click();
  await demo.word("DISCONNECTED");
  await expect
    .poll(async () => (await (await fetch(`${gateway.url}/health`)).json()).connections)
    .toBe(0);
  await expect(row).toBeVisible();
  expect(await demo.ownLogs()).toBe(own);
});

test("is seen in DevTools: an event stream in the network, changes in the console", async ({
  gateway,
  demo,
  page,
}) => {
  const console = [];
  page.on("console", (message) => console.push(message.text()));
  await demo.open(gateway.url);
  const streams = page.waitForResponse((response) => response.url().includes("/sse/logs/stream"));
  await demo.connect.click();
  const stream = await streams;
  expect(stream.headers()["content-type"]).toBe("text/event-stream");
  expect(new URL(stream.url()).search).toBe(
    "?workspace_id=workspace123&workflow_id=workflow456&batch=1",
  );
  await demo.live();
  await expect(demo.rows.nth(3)).toBeVisible();
  await demo.disconnect.click();
  await demo.word("DISCONNECTED");
  const told = console.filter((line) => line.startsWith("[live logs]"));
  expect(told.map((line) => line.split(" ").pop())).toEqual([
    "CONNECTING",
    "CONNECTED",
    "DISCONNECTED",
  ]);
});

test("follows the workflow: no line of the old one is left or comes late", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await gateway.publish({ message: "of the first workflow" });
  await expect(demo.row("of the first workflow")).toBeVisible();

  await demo.workflow.selectOption("prod_workspace/etl_job_789");
  await demo.live();
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
  expect(await gateway.publish({ message: "for nobody" })).toBe(0);
  await expect(page.locator("#logs tbody:visible")).toContainText("Nightly report published");
});

test("two tabs each have their own stream", async ({ gateway, demo, context }) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  const second = await context.newPage();
  await second.goto(gateway.url);
  await second.getByRole("button", { name: "Connect Live Logs" }).click();
  await expect(second.locator(".dsl-word")).toHaveText("CONNECTED");
  expect(await gateway.publish({ message: "for both" })).toBe(2);
  await expect(second.locator(".dsl-row").filter({ hasText: "for both" })).toBeVisible();
  await second.close();
  await expect.poll(() => gateway.publish({ message: "for one" })).toBe(1);
  await expect(demo.row("for both")).toBeVisible();
});

test("holds still while the reader looks at older lines, and leads back to the newest", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  for (let number = 0; number < 60; number++)
    await gateway.publish({ message: `filler ${number}` });
  await expect(demo.row("filler 59")).toBeVisible();
  await demo.list.evaluate((list) => (list.scrollTop = 600));
  const newest = page.getByRole("button", { name: /↑/ });
  await expect(newest).toBeVisible();
  const seen = () =>
    demo.list.evaluate(
      (list) =>
        [...list.querySelectorAll("li")].find(
          (row) => row.getBoundingClientRect().top >= list.getBoundingClientRect().top,
        ).textContent,
    );
  const before = await seen();
  for (let number = 0; number < 30; number++) await gateway.publish({ message: `new ${number}` });
  await expect(newest).toHaveText(/↑ [3-9]\d new lines/);
  expect(await seen()).toBe(before);
  await newest.click();
  await expect(newest).toBeHidden();
  await expect(demo.row("new 29")).toBeVisible();
});
