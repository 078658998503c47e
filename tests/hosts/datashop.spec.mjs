// The page of Datashop after its change of import lines: the acceptance text of those who asked for live logs, and how it looks.
// Its React 16, Redux 4 and design system are the real ones; the strict policy but for the styles that the design system inserts.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { HERE } from "./hosts.mjs";
import { expect, GATEWAY, policyOf, PROXY, test, WANTED } from "./support.mjs";

const CLAIMS = { workspace_id: "workspace123", workflow_id: "workflow456" };
const LABS = { workspace_id: "prod_workspace", workflow_id: "etl_job_789" };

const after = WANTED.find(({ name }) => name === "datashop");
const before = WANTED.find(({ name }) => name === "datashop-before");

if (after) {
  test("the migration is import lines and two deleted files", async () => {
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
    const withoutImports = (text) => text.replaceAll(/^import .+;\n/gm, "");
    const { "LogsSSEClient.js": client, "LogsWithSSE.js": wrapper, ...kept } = await read("before");
    const now = await read("after");
    expect([client, wrapper].every(Boolean)).toBe(true);
    expect(Object.keys(now)).toEqual(Object.keys(kept));
    for (const [file, text] of Object.entries(now))
      expect(withoutImports(text)).toBe(withoutImports(kept[file]));
  });

  test("connects with one click and shows each line as it comes, above the existing logs", async ({
    serve,
    host,
  }) => {
    const { gateway, page, own } = await open(serve, host);
    await host.word("DISCONNECTED");
    await expect(host.live).toBeHidden();
    const bar = await page.locator(".dsl-bar").boundingBox();

    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.live).toBeVisible();
    // Connected is not greeted: a line is promised from there on.
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

    const section = await page.locator(".dsl-section").boundingBox();
    const table = await page.locator("#logs").boundingBox();
    expect(bar.y + bar.height).toBeLessThanOrEqual(section.y);
    expect(section.y + section.height).toBeLessThanOrEqual(table.y);
    expect(
      await page
        .locator(".dsl-section")
        .evaluate((element) => getComputedStyle(element).backgroundColor),
    ).toBe("rgb(255, 248, 220)");
    await own.untouched();
  });

  test("says CONNECTING while it waits, ERROR when it fails, and goes on by itself", async ({
    serve,
    host,
  }) => {
    const { page } = await open(serve, host);
    host.awaited = /ERR_FAILED/;
    const held = [];
    let isDown = false;
    await page.route(`**${PROXY}?*`, (route) => (isDown ? route.abort() : held.push(route)));
    await host.connect.click();
    await host.word("CONNECTING");
    await expect(host.live).toBeHidden();
    await expect.poll(() => held.length).toBe(1);
    isDown = true;
    await held[0].abort();
    await host.word("ERROR");
    await expect(host.live).toBeHidden();
    await page.unroute(`**${PROXY}?*`);
    await host.word("CONNECTED");
    await expect(host.live).toBeVisible();
  });

  test("disconnects cleanly, and the page goes on as it was", async ({ serve, host }) => {
    const { gateway, page, own } = await open(serve, host);
    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    await host.disconnect.click();
    await host.word("DISCONNECTED");
    await expect(host.live).toBeHidden();
    await expect(host.connect).toBeVisible();
    expect(await host.open(PROXY)).toBe(0);
    // What is left is the stream of the page's own hook.
    await expect.poll(() => gateway.readers()).toBe(1);
    await own.untouched();
    await page.locator("#logs button", { hasText: "Refresh" }).click();
    await expect(page.locator("#logs")).toHaveAttribute("data-refreshes", "2");
    await expect(page.locator("#logs")).toContainText(
      "Loaded 48,112 rows into staging.claims_2025_09",
    );
  });

  test("follows workflow and workspace, and no line of another is seen", async ({
    serve,
    host,
  }) => {
    const { gateway, page } = await open(serve, host);
    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.rows.first()).toBeVisible();

    await choose(page, "Workflow", "workflow789");
    await host.word("CONNECTED");
    await expect(page.locator("#logs")).toContainText("Rendered 18 dashboards");
    // Nobody writes to this one, while the job goes on writing to the one before.
    await page.waitForTimeout(1_500);
    await expect(host.rows).toHaveCount(0);
    await expect.poll(() => gateway.publish({ message: "a stray line" }, CLAIMS)).toBe(0);

    await choose(page, "Workspace", "prod_workspace");
    await expect(page.locator("#logs")).toContainText("Nightly report published");
    // The viewer and the page's own hook.
    await expect.poll(() => gateway.publish({ message: "of the labs" }, LABS)).toBe(2);
    await host.word("CONNECTED");
    await expect(host.row("of the labs").first()).toBeVisible();
    expect(await gateway.publish({ message: "a stray line" }, CLAIMS)).toBe(0);
    await expect(host.row("a stray line")).toHaveCount(0);
    expect([await host.open(PROXY), await host.open(GATEWAY)]).toEqual([1, 1]);
  });

  test("is seen in DevTools: an event stream in the network, changes in the console", async ({
    serve,
    host,
  }) => {
    const { page, told } = await open(serve, host);
    const streams = page.waitForResponse((response) => new URL(response.url()).pathname === PROXY);
    await host.connect.click();
    const stream = await streams;
    expect(stream.headers()["content-type"]).toBe("text/event-stream");
    expect(stream.request().resourceType()).toBe("eventsource");
    const asked = new URL(stream.url()).searchParams;
    expect([asked.get("workspace_id"), asked.get("workflow_id")]).toEqual([
      "workspace123",
      "workflow456",
    ]);
    await host.word("CONNECTED");
    await host.disconnect.click();
    await host.word("DISCONNECTED");
    expect(told).toContain("[live logs] runs as WebAssembly");
    for (const word of ["CONNECTING", "CONNECTED", "DISCONNECTED"])
      expect(told).toContain(`[live logs] logs:etl:workspace123:workflow456 ${word}`);
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

  for (const colorScheme of ["light", "dark"]) {
    test(`a picture, ${colorScheme}`, async ({ serve, host }, info) => {
      // The mark of LIVE pulses, and a picture would catch it half gone.
      await host.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await host.page.setViewportSize({ width: 1200, height: 880 });
      const { page } = await open(serve, host, "5");
      await host.connect.click();
      await host.word("CONNECTED");
      await expect(host.rows.nth(10)).toBeVisible();
      // Away from the button, which would show itself as pointed at.
      await page.mouse.move(0, 0);
      const folder = process.env.LOGS_PICTURES ?? info.outputDir;
      await page.screenshot({ path: path.join(folder, `datashop-${colorScheme}.png`) });
    });
  }
}

if (before) {
  test("the page before the change does the same, but for what it is replaced for", async ({
    serve,
    host,
  }) => {
    const { url, gateway } = await serve(before, policyOf(before), "2");
    await host.page.goto(url);
    await host.connect.click();
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

/** Opens the page, and waits until its own logs are there. `told` grows with what the console tells of live logs. */
async function open(serve, host, rate = "2") {
  const { page } = host;
  const told = [];
  page.on("console", (message) => {
    if (message.text().startsWith("[live logs]")) told.push(message.text());
  });
  const { url, gateway } = await serve(after, policyOf(after), rate);
  await page.goto(url);
  await expect(host.connect).toBeVisible();
  await expect(page.locator("#logs")).toContainText("ETL Running");
  return { gateway, page, told, own: await host.ownLogs() };
}

/** Chooses in a dropdown of the design system. */
async function choose(page, name, id) {
  await page.locator(`.choice-${name} button`).click();
  await page.getByText(id, { exact: true }).click();
}
