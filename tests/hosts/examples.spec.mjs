// The code that README shows, run as it stands.

import { expect, GATEWAY, PROXY, test, WANTED } from "./support.mjs";

for (const target of WANTED.filter(({ page }) => page === "examples")) {
  const opened = (host) => host.page.evaluate(() => window.eventSources.map(({ url }) => url));

  test("README, React: live logs above the page's own", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#react`);
    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    await expect(host.page.locator("#own")).toHaveText("existing logs");
  });

  test("README, React with rows of one's own", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#react-hooks`);
    await expect(host.page.locator("#app h2")).toHaveText("connected");
    await expect(host.page.locator("#app li").first()).toBeVisible();
    expect((await opened(host)).map((url) => new URL(url).pathname)).toEqual([GATEWAY]);
  });

  test("README, React with Redux: another choice switches the channel", async ({ serve, host }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(`${url}/#react-redux`);
    await expect(host.rows.first()).toBeVisible();
    await host.page.locator("#workflow").selectOption("other");
    await expect.poll(async () => (await opened(host)).length).toBe(2);
    await host.word("CONNECTED");
    await gateway.publish(
      { level: "INFO", message: "of the other" },
      { workspace_id: "workspace123", workflow_id: "other" },
    );
    await expect(host.rows).toHaveCount(1);
    await expect(host.rows).toContainText("of the other");
  });

  test("README, plain HTML", async ({ serve, host }) => {
    const { url } = await serve(target);
    await host.page.goto(`${url}/#plain`);
    await host.connect.click();
    await expect(host.rows.first()).toBeVisible();
    await host.page.locator("#workflow").selectOption("other");
    await expect.poll(() => host.open(PROXY)).toBe(1);
    expect((await opened(host)).at(-1)).toContain("workflow_id=other");
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
    expect((await opened(host)).length).toBe(1);
  });
}
