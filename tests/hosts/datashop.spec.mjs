// The page of Datashop after its change of import lines: the acceptance criteria for live logs, and
// screenshots. React 16, Redux 4 and the design system are the real ones; the policy is strict
// except for the styles that the design system inserts.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { boxOf } from "../support/viewer.mjs";
import { HERE } from "./hosts.mjs";
import { CHANNEL as CLAIMS, GATEWAY_ROUTE, PROXY_ROUTE } from "../support/environment.mjs";
import { expect, policyOf, test, WANTED } from "./support.mjs";

const LABS = { workspace_id: "prod_workspace", workflow_id: "etl_job_789" };

const after = WANTED.find(({ name }) => name === "datashop");
const before = WANTED.find(({ name }) => name === "datashop-before");

if (after) {
  test("the migration is import lines and two deleted files", async () => {
    /** @param {"before" | "after"} when */
    const read = async (when) => {
      const folder = path.join(HERE, "datashop", when);
      return Object.fromEntries(
        await Promise.all(
          (await readdir(folder)).map(async (file) => [
            file,
            await readFile(path.join(folder, file), "utf8"),
          ]),
        ),
      );
    };
    /** @param {string} text */
    const withoutImports = (text) =>
      text.replaceAll(/^(import .+;|\/\*\* @import .+ \*\/)\n/gm, "");
    const { "LogsSSEClient.js": client, "LogsWithSSE.js": wrapper, ...kept } = await read("before");
    const now = await read("after");
    expect([client, wrapper].every(Boolean)).toBe(true);
    expect(Object.keys(now)).toEqual(Object.keys(kept));
    for (const [file, text] of Object.entries(now))
      expect(withoutImports(text)).toBe(withoutImports(kept[file]));
  });

  test("connects with one click and shows each line at once, above the existing logs", async ({
    serve,
    host,
  }) => {
    const { gateway, page, ownLogs } = await open(serve, host);
    await host.expectStatus("DISCONNECTED");
    await expect(host.liveMark).toBeHidden();
    const bar = await boxOf(page.locator(".dsl-bar"));

    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.liveMark).toBeVisible();
    // CONNECTED comes before the greeting; from the first line on, every line must arrive.
    await expect(host.rows.first()).toBeVisible();
    await gateway.publish(
      {
        level: "WARN",
        pipeline: "INGESTION",
        message: "a line of this test",
        date: "Sep 25 2025 at 01:30 PM",
        status: "45 sec",
      },
      CLAIMS,
    );
    const row = host.row("a line of this test");
    await expect(row).toBeVisible({ timeout: 1_000 });
    for (const part of ["WARN", "INGESTION", "Sep 25 2025 at 01:30 PM", "45 sec"])
      await expect(row).toContainText(part);

    const section = await boxOf(host.section);
    const table = await boxOf(page.locator("#logs"));
    expect(bar.y + bar.height).toBeLessThanOrEqual(section.y);
    expect(section.y + section.height).toBeLessThanOrEqual(table.y);
    expect(
      await page
        .locator(".dsl-section")
        .evaluate((element) => getComputedStyle(element).backgroundColor),
    ).toBe("rgb(255, 248, 220)");
    await ownLogs.unchanged();
  });

  test("shows CONNECTING while it waits, ERROR when it fails, and reconnects", async ({
    serve,
    host,
  }) => {
    const { page } = await open(serve, host);
    host.provoked.push(/ERR_FAILED/);
    /** @type {import("@playwright/test").Route[]} */
    const held = [];
    let isDown = false;
    await page.route(`**${PROXY_ROUTE}?*`, async (route) => {
      if (isDown) await route.abort();
      else held.push(route);
    });
    await host.connectButton.click();
    await host.expectStatus("CONNECTING");
    await expect(host.liveMark).toBeHidden();
    await expect.poll(() => held.length).toBe(1);
    isDown = true;
    await held[0].abort();
    await host.expectStatus("ERROR");
    await expect(host.liveMark).toBeHidden();
    await page.unroute(`**${PROXY_ROUTE}?*`);
    await host.expectStatus("CONNECTED");
    await expect(host.liveMark).toBeVisible();
  });

  test("disconnects cleanly, and the page still works", async ({ serve, host }) => {
    const { gateway, page, ownLogs } = await open(serve, host);
    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    await host.disconnectButton.click();
    await host.expectStatus("DISCONNECTED");
    await expect(host.liveMark).toBeHidden();
    await expect(host.connectButton).toBeVisible();
    expect(await host.probe.openStreams(PROXY_ROUTE)).toBe(0);
    // The stream of the page's own hook is left.
    await expect.poll(() => gateway.connections()).toBe(1);
    await ownLogs.unchanged();
    await page.locator("#logs button", { hasText: "Refresh" }).click();
    await expect(page.locator("#logs")).toHaveAttribute("data-refreshes", "2");
    await expect(page.locator("#logs")).toContainText(
      "Loaded 48,112 rows into staging.claims_2025_09",
    );
  });

  test("follows workflow and workspace, without a line of another", async ({ serve, host }) => {
    const { gateway, page } = await open(serve, host);
    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.rows.first()).toBeVisible();

    await choose(page, "Workflow", "workflow789");
    await host.expectStatus("CONNECTED");
    await expect(page.locator("#logs")).toContainText("Rendered 18 dashboards");
    // No job writes to this workflow, while the sample job still writes to the one before.
    await page.waitForTimeout(1_500);
    await expect(host.rows).toHaveCount(0);
    await expect.poll(() => gateway.publish({ message: "a stray line" }, CLAIMS)).toBe(0);

    await choose(page, "Workspace", "prod_workspace");
    await expect(page.locator("#logs")).toContainText("Nightly report published");
    // The viewer and the page's own hook.
    await expect.poll(() => gateway.publish({ message: "of the labs" }, LABS)).toBe(2);
    await host.expectStatus("CONNECTED");
    await expect(host.row("of the labs").first()).toBeVisible();
    expect(await gateway.publish({ message: "a stray line" }, CLAIMS)).toBe(0);
    await expect(host.row("a stray line")).toHaveCount(0);
    expect([
      await host.probe.openStreams(PROXY_ROUTE),
      await host.probe.openStreams(GATEWAY_ROUTE),
    ]).toEqual([1, 1]);
  });

  test("is visible in DevTools: an event stream in the network, changes in the console", async ({
    serve,
    host,
  }) => {
    const { page, logged } = await open(serve, host);
    const streams = page.waitForResponse(
      (response) => new URL(response.url()).pathname === PROXY_ROUTE,
    );
    await host.connectButton.click();
    const stream = await streams;
    expect(stream.headers()["content-type"]).toBe("text/event-stream");
    expect(stream.request().resourceType()).toBe("eventsource");
    const query = new URL(stream.url()).searchParams;
    expect([query.get("workspace_id"), query.get("workflow_id")]).toEqual([
      "workspace123",
      "workflow456",
    ]);
    await host.expectStatus("CONNECTED");
    await host.disconnectButton.click();
    await host.expectStatus("DISCONNECTED");
    expect(logged).toContain("[live logs] runs as WebAssembly");
    for (const word of ["CONNECTING", "CONNECTED", "DISCONNECTED"])
      expect(logged).toContain(`[live logs] logs:etl:workspace123:workflow456 ${word}`);
  });

  test("the page's own hook counts what it filters, without a click", async ({ serve, host }) => {
    const { gateway, page } = await open(serve, host);
    await expect
      .poll(() => gateway.publish({ level: "ERROR", message: "the disk is full" }, CLAIMS))
      .toBe(1);
    await expect(page.locator("#trouble")).toHaveText(
      /^Errors since you came: \d+; the last: the disk is full$/,
    );
  });

  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`screenshot, ${colorScheme}`, async ({ serve, host }, info) => {
      // The LIVE mark pulses, and would be half transparent in a screenshot.
      await host.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await host.page.setViewportSize({ width: 1200, height: 880 });
      const { page } = await open(serve, host, "5");
      await host.connectButton.click();
      await host.expectStatus("CONNECTED");
      await expect(host.rows.nth(10)).toBeVisible();
      // Away from the button, which would be shown hovered.
      await page.mouse.move(0, 0);
      const folder = process.env.LOGS_PICTURES ?? info.outputDir;
      await page.screenshot({ path: path.join(folder, `datashop-${colorScheme}.png`) });
    });
  }
}

if (before) {
  test("the page before the change does the same, except for what is replaced", async ({
    serve,
    host,
  }) => {
    const { url, gateway } = await serve(before, policyOf(before), "2");
    await host.page.goto(url);
    await host.connectButton.click();
    await expect(host.page.getByText("Status: CONNECTED")).toBeVisible();
    await expect
      .poll(() =>
        gateway.publish(
          { level: "INFO", pipeline: "INGESTION", message: "a line of this test" },
          CLAIMS,
        ),
      )
      .toBe(1);
    await expect(host.page.getByText("INFO INGESTION a line of this test").first()).toBeVisible();
  });
}

/**
 * Opens the page, and waits until its own logs are shown. `logged` grows with the console's lines
 * about live logs.
 *
 * @param {import("./support.mjs").Serve} serve
 * @param {import("./support.mjs").HostPage} host
 */
async function open(serve, host, rate = "2") {
  const { page } = host;
  if (!after) throw new Error("the host datashop is not wanted");
  /** @type {string[]} */
  const logged = [];
  page.on("console", (message) => {
    if (message.text().startsWith("[live logs]")) logged.push(message.text());
  });
  const { url, gateway } = await serve(after, policyOf(after), rate);
  await page.goto(url);
  await expect(host.connectButton).toBeVisible();
  await expect(page.locator("#logs")).toContainText("ETL Running");
  return { gateway, page, logged, ownLogs: await host.ownLogs() };
}

/**
 * Chooses in a dropdown of the design system.
 *
 * @param {import("@playwright/test").Page} page
 * @param {"Workspace" | "Workflow"} name
 * @param {string} id
 */
async function choose(page, name, id) {
  await page.locator(`.choice-${name} button`).click();
  await page.getByText(id, { exact: true }).click();
}
