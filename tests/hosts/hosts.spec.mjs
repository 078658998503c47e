// Each host as its users have it: the packed client, their bundler, their React, the strict policy.
// The page of Datashop has its own file.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { GATEWAY_ROUTE, PROXY_ROUTE } from "../support/environment.mjs";
import { expect, policyOf, test, WANTED } from "./support.mjs";

for (const target of WANTED.filter(({ page }) => page === "react")) {
  test(`${target.name}: viewer, provider and hook connect, and close with the page`, async ({
    serve,
    host,
  }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(url);
    await expect(host.connectButton).toBeVisible();
    const ownLogs = await host.ownLogs();

    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.liveMark).toBeVisible();
    await expect(host.rows.first()).toBeVisible();
    expect(await host.backend()).toBe(target.backend);
    await expect
      .poll(async () => Number(await host.page.locator("#count").textContent()))
      .toBeGreaterThan(0);
    // One each, even in a StrictMode that runs effects twice; the gateway agrees.
    expect([
      await host.probe.openStreams(PROXY_ROUTE),
      await host.probe.openStreams(GATEWAY_ROUTE),
    ]).toEqual([1, 1]);
    await expect.poll(() => gateway.connections()).toBe(2);

    await host.disconnectButton.click();
    await host.expectStatus("DISCONNECTED");
    expect([
      await host.probe.openStreams(PROXY_ROUTE),
      await host.probe.openStreams(GATEWAY_ROUTE),
    ]).toEqual([0, 1]);
    await ownLogs.unchanged();
    await host.leaveButton.click();
    await expect
      .poll(async () => [
        await host.probe.openStreams(PROXY_ROUTE),
        await host.probe.openStreams(GATEWAY_ROUTE),
      ])
      .toEqual([0, 0]);
    await expect.poll(() => gateway.connections()).toBe(0);
  });
}

for (const target of WANTED.filter(({ page }) => page === "plain")) {
  for (const way of ["mount", "element"]) {
    test(`${target.name}: by ${way}, connects, and closes with the page`, async ({
      serve,
      host,
    }) => {
      const { url, gateway } = await serve(target);
      await host.page.goto(`${url}/#${way}`);
      await expect(host.connectButton).toBeVisible();
      const ownLogs = await host.ownLogs();

      await host.connectButton.click();
      await host.expectStatus("CONNECTED");
      await expect(host.rows.first()).toBeVisible();
      expect(await host.backend()).toBe(target.backend);
      expect(await host.probe.openStreams(PROXY_ROUTE)).toBe(1);

      await host.disconnectButton.click();
      await host.expectStatus("DISCONNECTED");
      await expect.poll(() => gateway.connections()).toBe(0);
      await ownLogs.unchanged();
      await host.connectButton.click();
      await host.expectStatus("CONNECTED");
      await host.leaveButton.click();
      await expect(host.page.locator("#live-logs > *")).toHaveCount(0);
      await expect.poll(() => gateway.connections()).toBe(0);
    });
  }

  test(`${target.name}: headless, the page renders its own list`, async ({ serve, host }) => {
    const { url, gateway } = await serve(target);
    await host.page.goto(`${url}/#headless`);
    await host.connectButton.click();
    await expect(host.page.locator("output")).toHaveText("CONNECTED");
    await expect(host.page.locator("li").first()).toHaveText(/^(DEBUG|INFO|WARN|ERROR) [A-Z_]+ .+/);
    expect(await host.backend()).toBe(target.backend);
    await host.disconnectButton.click();
    await expect(host.page.locator("output")).toHaveText("DISCONNECTED");
    await expect.poll(() => gateway.connections()).toBe(0);
  });
}

// Once for each bundler, in its production mode: React makes no difference to what is loaded.
const LOADERS = WANTED.filter(
  ({ page, bundler, mode, minimize }) =>
    ["react", "plain"].includes(page) &&
    bundler !== "viteDev" &&
    mode === "production" &&
    minimize !== false,
);

for (const target of LOADERS) {
  test(`${target.name}: runs as JavaScript where the policy forbids WebAssembly`, async ({
    serve,
    host,
  }) => {
    const { url } = await serve(target, policyOf(target, { wasm: false }));
    await host.page.goto(url);
    await host.connectButton.click();
    await host.expectStatus("CONNECTED");
    await expect(host.rows.first()).toBeVisible();
    expect(await host.backend()).toBe("js");
  });
}

for (const target of WANTED.filter(({ bundler }) => bundler === "next")) {
  test(`${target.name}: the server renders the page's own logs`, async () => {
    expect(await readFile(path.join(target.out, "index.html"), "utf8")).toContain(
      "<caption>Logs of earlier runs</caption>",
    );
  });
}
