// What a host's server and bundler do to the package's files: missing, of the wrong kind, moved, cut short.

import { expect, test } from "./support.mjs";

const WASM_FILES = "**/*.wasm";

/** What comes instead of the WebAssembly file, and whether the page then runs JavaScript. */
const INSTEAD = {
  "is missing": {
    respond: (route) => route.fulfill({ status: 404, body: "no such file" }),
    runs: "js",
  },
  "is the page of a dev server": {
    respond: (route) =>
      route.fulfill({
        status: 200,
        contentType: "text/html",
        body: "<!doctype html><title>app</title>",
      }),
    runs: "js",
  },
  "is an error of the server": {
    respond: (route) => route.fulfill({ status: 500, contentType: "application/wasm", body: "" }),
    runs: "js",
  },
  "does not come": { respond: (route) => route.abort(), runs: "js" },
  "is cut short": { respond: (route) => cutShort(route), runs: "js" },
  "is no WebAssembly": {
    respond: (route) => route.fulfill({ contentType: "application/wasm", body: "not wasm at all" }),
    runs: "js",
  },
  "has the type of any file": {
    respond: (route) => retyped(route, "application/octet-stream"),
    runs: "wasm",
  },
};

for (const [name, { respond, runs: expected }] of Object.entries(INSTEAD)) {
  test(`the WebAssembly file ${name}`, async ({ host, page, gateway, runs }) => {
    await page.route(WASM_FILES, respond);
    await host.open();
    const one = await (await host.mount("one")).connected();
    await gateway.publish({ message: "it works" });
    await expect(one.row("it works")).toBeVisible();
    const now = runs === "js" ? "js" : expected;
    expect(await page.evaluate(() => host.viewer.backend())).toBe(now);
    expect((await one.status()).backend).toBe(now);
    expect(await one.errors()).toEqual([]);
    expect(await host.told(/^\[live logs\] .*\b(WebAssembly|JavaScript)\b/)).toHaveLength(1);
  });
}

test("the WebAssembly file is where the host says", async ({ host, page, runs }) => {
  const asked = [];
  page.on(
    "request",
    (request) => request.url().includes(".wasm") && asked.push(new URL(request.url()).pathname),
  );
  await page.route("**/moved/live.wasm*", async (route) =>
    route.fulfill({
      response: await route.fetch({ url: `${new URL(page.url()).origin}/pkg/viewer_bg.wasm` }),
    }),
  );
  await host.open();
  const one = await host.mount("one", { wasmUrl: "/moved/live.wasm?v=1" });
  await one.ready();
  expect(await page.evaluate(() => host.viewer.backend())).toBe(runs);
  expect(asked).toEqual(runs === "wasm" ? ["/moved/live.wasm"] : []);
});

test("whether WebAssembly is allowed is asked once a page, however much is on it", async ({
  host,
  page,
  runs,
}) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  await one.do("unmount");
  await (await host.mount("one")).ready();
  await (await host.source("two")).ready();
  expect(await page.evaluate(() => eyes.violations)).toEqual(
    runs === "wasm" ? [] : ["script-src wasm-eval"],
  );
});

test("JavaScript runs where the host asks for it, and nothing is probed", async ({
  host,
  page,
}) => {
  await host.open();
  const one = await (await host.mount("one", { backend: "js" })).connected();
  expect((await one.status()).backend).toBe("js");
  expect(await page.evaluate(() => eyes.violations)).toEqual([]);
});

test("WebAssembly that is asked for and forbidden is an error, not a silent other", async ({
  host,
  page,
  runs,
}) => {
  await host.open();
  const settled = await page.evaluate(() => {
    host.mount("one", { backend: "wasm" });
    return host.one.handle.ready.then(() => "ready", host.plain);
  });
  if (runs === "wasm") return expect(settled).toBe("ready");
  expect(settled).toMatchObject({ isOurs: true, type: "load" });
  expect(await page.evaluate(() => host.one.errors.map(host.plain))).toMatchObject([
    { type: "load" },
  ]);
});

test("what cannot be loaded at all is told in the page, by onError and by ready", async ({
  host,
  page,
}) => {
  await host.open();
  await page.route("**/pkg/**", (route) => route.fulfill({ status: 404, body: "no such file" }));
  // One host listens to `ready`, the other does not: neither is an unhandled rejection.
  const settled = await page.evaluate(() => {
    host.mount("two", { autoConnect: true });
    host.mount("one");
    return host.one.handle.ready.then(() => "ready", host.plain);
  });
  expect(settled).toMatchObject({ isOurs: true, type: "load" });
  for (const name of ["one", "two"]) {
    expect(await page.evaluate((name) => host[name].errors.map(host.plain), name)).toMatchObject([
      { isOurs: true, type: "load" },
    ]);
    await expect(page.locator(`#${name}`)).toContainText(/\w+ \w+ \w+ \w+/);
    expect(await page.evaluate((name) => host[name].handle.status(), name)).toMatchObject({
      backend: null,
      isLive: false,
    });
    await page.evaluate(
      (name) => (
        host[name].handle.connect(),
        host[name].handle.clear(),
        host[name].handle.retryNow(),
        host[name].handle.disconnect()
      ),
      name,
    );
    await page.evaluate((name) => (host[name].handle.unmount(), host[name].handle.unmount()), name);
    await expect(page.locator(`#${name}`)).toBeEmpty();
  }
  expect(await page.evaluate(() => host.viewer.backend())).toBeNull();
  expect(await host.opened()).toBe(0);
});

test("what could not be loaded is tried again by the next that mounts", async ({
  host,
  page,
  runs,
}) => {
  // A browser remembers for the life of a page that a module was missing, and asks for it no more: so the file must be WebAssembly.
  test.skip(runs === "js", "the fallback is a module");
  await host.open();
  await page.route("**/pkg/**", (route) => route.abort());
  expect(
    await page.evaluate(() => (host.mount("one"), host.one.handle.ready.catch(({ type }) => type))),
  ).toBe("load");
  await page.unroute("**/pkg/**");
  const two = await (await host.mount("two")).connected();
  expect((await two.status()).backend).toBe("wasm");
});

test("importing the package touches nothing: no window is needed", async ({ host, page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await host.open();
  expect(await page.evaluate(() => host.viewer.backend())).toBeNull();
  expect(asked.filter((path) => path.endsWith(".wasm"))).toEqual([]);
  expect(await page.evaluate(() => eyes.violations)).toEqual([]);
  await expect(page.locator("#one")).toBeEmpty();
});

async function cutShort(route) {
  const response = await route.fetch();
  const body = await response.body();
  await route.fulfill({
    status: 200,
    contentType: "application/wasm",
    body: body.subarray(0, body.length / 2),
  });
}

async function retyped(route, contentType) {
  const response = await route.fetch();
  await route.fulfill({
    response,
    headers: { ...response.headers(), "content-type": contentType },
  });
}
