// The code that README shows, unchanged.

import { GATEWAY_ROUTE, OTHER, PROXY_ROUTE } from "../support/environment.mjs";
import { expect, test, WANTED } from "./support.mjs";

for (const target of WANTED.filter(({ page }) => page === "examples")) {
  test("README, React: live logs above the page's own", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#react`);
    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    await expect(host.page.locator("#own")).toHaveText("existing logs");
  });

  test("README, React with own rows", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#react-hooks`);
    await expect(host.page.locator("#app h2")).toHaveText("connected");
    await expect(host.page.locator("#app li").first()).toBeVisible();
    expect((await host.probe.openedUrls()).map((url) => new URL(url).pathname)).toEqual([
      GATEWAY_ROUTE,
    ]);
  });

  test("README, React with Redux: another choice switches the channel", async ({ serve, host }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(`${url}/#react-redux`);
    await expect(host.rows.first()).toBeVisible();
    await host.page.locator("#workflow").selectOption("other");
    await expect.poll(async () => (await host.probe.openedUrls()).length).toBe(2);
    await host.expectStatus("CONNECTED");
    await gateway.publish({ level: "INFO", message: "of the other workflow" }, OTHER);
    await expect(host.rows).toHaveCount(1);
    await expect(host.rows).toContainText("of the other workflow");
  });

  test("README, plain HTML", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#plain`);
    await host.connectButton.click();
    await expect(host.rows.first()).toBeVisible();
    await host.page.locator("#workflow").selectOption("other");
    await expect.poll(() => host.probe.openStreams(PROXY_ROUTE)).toBe(1);
    expect((await host.probe.openedUrls()).at(-1)).toContain("workflow_id=other");
  });

  test("README, headless: two workflows over one connection", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#headless`);
    await expect(host.page.locator("#lines li").first()).toContainText("logs:etl:");
    await expect
      .poll(async () =>
        (await host.page.locator("#lines li").allTextContents()).some((line) =>
          line.includes("prod_workspace"),
        ),
      )
      .toBe(true);
    expect((await host.probe.openedUrls()).length).toBe(1);
  });
}
