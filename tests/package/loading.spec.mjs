// What a host's server and bundler may do to the package's files: lose, mistype, move or truncate
// them.

import { expect, test } from "./support.mjs";

/** @import { Route } from "@playwright/test" */

const WASM_FILES = "**/*.wasm";
const REST = "**/viewer_second.wasm";

/**
 * What the server sends instead of the WebAssembly file, and what the page then runs.
 *
 * @type {Record<string, { respond: (route: Route) => Promise<void>, runs: "wasm" | "js" }>}
 */
const RESPONSES = {
  "is missing": {
    respond: (route) => route.fulfill({ status: 404, body: "no such file" }),
    runs: "js",
  },
  "is the fallback page of a dev server": {
    respond: (route) =>
      route.fulfill({
        status: 200,
        contentType: "text/html",
        body: "<!doctype html><title>app</title>",
      }),
    runs: "js",
  },
  "is a server error": {
    respond: (route) => route.fulfill({ status: 500, contentType: "application/wasm", body: "" }),
    runs: "js",
  },
  "cannot be fetched": { respond: (route) => route.abort(), runs: "js" },
  "is truncated": { respond: (route) => truncated(route), runs: "js" },
  "is not WebAssembly": {
    respond: (route) => route.fulfill({ contentType: "application/wasm", body: "not wasm at all" }),
    runs: "js",
  },
  "has a generic type": {
    respond: (route) => retyped(route, "application/octet-stream"),
    runs: "wasm",
  },
};

for (const [name, { respond, runs: expected }] of Object.entries(RESPONSES)) {
  test(`starts when the WebAssembly file ${name}`, async ({ host, page, gateway, runs }) => {
    await page.route(WASM_FILES, respond);
    await host.open();
    const one = await (await host.mount("one")).connect();
    await gateway.publish({ message: "it works" });
    await expect(one.row("it works")).toBeVisible();
    const now = runs === "js" ? "js" : expected;
    expect(await page.evaluate(() => harness.viewer.backend())).toBe(now);
    expect((await one.status()).backend).toBe(now);
    expect(await one.errors()).toEqual([]);
    expect(await host.consoleLines(/^\[live logs\] .*\b(WebAssembly|JavaScript)\b/)).toHaveLength(
      1,
    );
  });
}

test("lines are shown before the rest of the WebAssembly has arrived", async ({
  host,
  page,
  gateway,
  runs,
}) => {
  test.skip(runs !== "wasm", "the fallback is one file");
  let release = () => {};
  const released = new Promise((resolve) => {
    release = () => resolve(undefined);
  });
  await page.route(REST, async (route) => {
    await released;
    await route.continue();
  });
  await host.open();
  const one = await (await host.mount("one")).connect();
  const two = await (await host.mount("two")).connect();
  await gateway.publish({ message: "it works" });
  for (const viewer of [one, two]) await expect(viewer.row("it works")).toBeVisible();
  await expect(one.searchField).toHaveCount(0);
  await one.row("it works").click();
  release();
  for (const viewer of [one, two]) {
    await viewer.searchField.fill("works");
    await expect(viewer.root.locator("mark")).toHaveText("works");
  }
  await expect(one.saveButton).toBeVisible();
});

test("lines are shown while the rest of the WebAssembly cannot be loaded", async ({
  host,
  page,
  gateway,
  runs,
}) => {
  test.skip(runs !== "wasm", "the fallback is one file");
  let attempts = 0;
  await page.route(REST, (route) => {
    attempts += 1;
    return attempts === 1 ? route.abort() : route.continue();
  });
  await host.open();
  const one = await (await host.mount("one")).connect();
  await gateway.publish({ message: "it works" });
  await expect(one.row("it works")).toBeVisible();
  await expect(one.searchField).toBeVisible();
  expect(await host.consoleLines(/could not load search/)).toHaveLength(1);
  expect(await one.errors()).toEqual([]);
});

test("the WebAssembly file is loaded from where the host says", async ({ host, page, runs }) => {
  /** @type {string[]} */
  const requested = [];
  page.on("request", (request) => {
    if (request.url().includes(".wasm")) requested.push(new URL(request.url()).pathname);
  });
  await page.route("**/moved/live.wasm*", async (route) =>
    route.fulfill({
      response: await route.fetch({ url: `${new URL(page.url()).origin}/pkg/viewer_bg.wasm` }),
    }),
  );
  await host.open();
  const one = await host.mount("one", { wasmUrl: "/moved/live.wasm?v=1" });
  await one.ready();
  expect(await page.evaluate(() => harness.viewer.backend())).toBe(runs);
  expect(requested).toEqual(runs === "wasm" ? ["/moved/live.wasm"] : []);
});

test("a page is probed for WebAssembly once, whatever is mounted", async ({ host, runs }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  await one.call("unmount");
  await (await host.mount("one")).ready();
  await (await host.source("two")).ready();
  expect(await host.violations()).toEqual(runs === "wasm" ? [] : ["script-src wasm-eval"]);
});

test("JavaScript runs on request, without a probe", async ({ host }) => {
  await host.open();
  const one = await (await host.mount("one", { backend: "js" })).connect();
  expect((await one.status()).backend).toBe("js");
  expect(await host.violations()).toEqual([]);
});

test("WebAssembly that is requested and forbidden is an error, not a silent fallback", async ({
  host,
  page,
  runs,
}) => {
  await host.open();
  const settled = await page.evaluate(() => {
    harness.mount("one", { backend: "wasm" });
    return live.one.handle.ready.then(() => "ready", harness.plain);
  });
  if (runs === "wasm") return expect(settled).toBe("ready");
  expect(settled).toMatchObject({ isOurs: true, type: "load" });
  expect(await page.evaluate(() => live.one.errors.map(harness.plain))).toMatchObject([
    { type: "load" },
  ]);
});

test("a failed load is reported in the page, by onError and by ready", async ({ host, page }) => {
  await host.open();
  await page.route("**/pkg/**", (route) => route.fulfill({ status: 404, body: "no such file" }));
  // One handles `ready`, the other does not: neither is an unhandled rejection.
  const settled = await page.evaluate(() => {
    harness.mount("two", { autoConnect: true });
    harness.mount("one");
    return live.one.handle.ready.then(() => "ready", harness.plain);
  });
  expect(settled).toMatchObject({ isOurs: true, type: "load" });
  for (const name of ["one", "two"]) {
    expect(await page.evaluate((name) => live[name].errors.map(harness.plain), name)).toMatchObject(
      [{ isOurs: true, type: "load" }],
    );
    await expect(page.locator(`#${name}`)).toContainText(/\w+ \w+ \w+ \w+/);
    expect(await page.evaluate((name) => live[name].handle.status(), name)).toMatchObject({
      backend: null,
      isLive: false,
    });
    await page.evaluate((name) => {
      const { handle } = live[name];
      handle.connect();
      handle.clear();
      handle.retryNow();
      handle.disconnect();
      handle.unmount();
      handle.unmount();
    }, name);
    await expect(page.locator(`#${name}`)).toBeEmpty();
  }
  expect(await page.evaluate(() => harness.viewer.backend())).toBeNull();
  expect(await host.openedCount()).toBe(0);
});

test("the next mount tries a failed load again", async ({ host, page, runs }) => {
  // A browser remembers for the life of a page that a module was missing, so the file must be
  // WebAssembly.
  test.skip(runs === "js", "the fallback is a module");
  await host.open();
  await page.route("**/pkg/**", (route) => route.abort());
  expect(
    await page.evaluate(() => {
      harness.mount("one");
      return live.one.handle.ready.catch(({ type }) => type);
    }),
  ).toBe("load");
  await page.unroute("**/pkg/**");
  const two = await (await host.mount("two")).connect();
  expect((await two.status()).backend).toBe("wasm");
});

test("importing the package has no effect on the page", async ({ host, page }) => {
  /** @type {string[]} */
  const requested = [];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await host.open();
  expect(await page.evaluate(() => harness.viewer.backend())).toBeNull();
  expect(requested.filter((path) => path.endsWith(".wasm"))).toEqual([]);
  expect(await host.violations()).toEqual([]);
  await expect(page.locator("#one")).toBeEmpty();
});

/** @param {Route} route */
async function truncated(route) {
  const response = await route.fetch();
  const body = await response.body();
  await route.fulfill({
    status: 200,
    contentType: "application/wasm",
    body: body.subarray(0, body.length / 2),
  });
}

/**
 * @param {Route} route
 * @param {string} contentType
 */
async function retyped(route, contentType) {
  const response = await route.fetch();
  await route.fulfill({
    response,
    headers: { ...response.headers(), "content-type": contentType },
  });
}
