// Each host, as its users have it: the packed client, their bundler, their React, the strict policy. The page of Datashop has a file of its own.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, GATEWAY, policyOf, PROXY, test, WANTED } from "./support.mjs";

for (const target of WANTED.filter(({ page }) => page === "react")) {
  test(`${target.name}: viewer, provider and hook live and leave with the page`, async ({
    serve,
    host,
  }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(url);
    await expect(host.connect).toBeVisible();
    const own = await host.ownLogs();

    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.live).toBeVisible();
    await expect(host.rows.first()).toBeVisible();
    expect(await host.backend()).toBe(target.backend);
    await expect
      .poll(async () => Number(await host.page.locator("#count").textContent()))
      .toBeGreaterThan(0);
    // One each, in a StrictMode that runs effects twice as well; the gateway counts with us.
    expect([await host.open(PROXY), await host.open(GATEWAY)]).toEqual([1, 1]);
    await expect.poll(() => gateway.readers()).toBe(2);

    await host.disconnect.click();
    await host.word("DISCONNECTED");
    expect([await host.open(PROXY), await host.open(GATEWAY)]).toEqual([0, 1]);
    await own.untouched();
    await host.leave.click();
    await expect
      .poll(async () => [await host.open(PROXY), await host.open(GATEWAY)])
      .toEqual([0, 0]);
    await expect.poll(() => gateway.readers()).toBe(0);
  });
}

for (const target of WANTED.filter(({ page }) => page === "plain")) {
  for (const way of ["mount", "element"]) {
    test(`${target.name}: by ${way}, lives and leaves with the page`, async ({ serve, host }) => {
      const { url, gateway } = await serve(target);
      await host.page.goto(`${url}/#${way}`);
      await expect(host.connect).toBeVisible();
      const own = await host.ownLogs();

      await host.connect.click();
      await host.word("CONNECTED");
      await expect(host.rows.first()).toBeVisible();
      expect(await host.backend()).toBe(target.backend);
      expect(await host.open(PROXY)).toBe(1);

      await host.disconnect.click();
      await host.word("DISCONNECTED");
      await expect.poll(() => gateway.readers()).toBe(0);
      await own.untouched();
      await host.connect.click();
      await host.word("CONNECTED");
      await host.leave.click();
      await expect(host.page.locator("#live-logs > *")).toHaveCount(0);
      await expect.poll(() => gateway.readers()).toBe(0);
    });
  }

  test(`${target.name}: headless, the page draws what it likes`, async ({ serve, host }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(`${url}/#headless`);
    await host.connect.click();
    await expect(host.page.locator("output")).toHaveText("CONNECTED");
    await expect(host.page.locator("li").first()).toHaveText(/^(DEBUG|INFO|WARN|ERROR) [A-Z_]+ .+/);
    expect(await host.backend()).toBe(target.backend);
    await host.disconnect.click();
    await expect(host.page.locator("output")).toHaveText("DISCONNECTED");
    await expect.poll(() => gateway.readers()).toBe(0);
  });
}

// Once for each bundler as it is meant for users: which React is above it makes no difference to what is loaded.
const LOADERS = WANTED.filter(
  ({ page, bundler, mode, minimize }) =>
    ["react", "plain"].includes(page) &&
    bundler !== "viteDev" &&
    mode === "production" &&
    minimize !== false,
);

for (const target of LOADERS) {
  test(`${target.name}: goes on as JavaScript where the policy forbids WebAssembly`, async ({
    serve,
    host,
  }) => {
    const { url } = await serve(target, policyOf(target, { wasm: false }));
    await host.page.goto(url);
    await host.connect.click();
    await host.word("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    expect(await host.backend()).toBe("js");
  });
}

for (const target of WANTED.filter(({ bundler }) => bundler === "next")) {
  test(`${target.name}: the page's own logs are in what the server rendered`, async () => {
    expect(await readFile(path.join(target.out, "index.html"), "utf8")).toContain(
      "<caption>Logs of earlier runs</caption>",
    );
  });
}
