// Servers and browsers that are not as they should be: nothing is lost silently, and what is claimed is true.

import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { STRICT, WASM } from "./policies.mjs";
import { startRaw, stream } from "./raw.mjs";
import { expect, ranges, test as base } from "./support.mjs";

const POLYFILL = createRequire(import.meta.url).resolve(
  "event-source-polyfill/src/eventsource.min.js",
);
const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };
const UNREAD = /connected, but nothing readable has arrived/;

const WAYS = {
  EventSource: {},
  "EventSource, in a Worker": { worker: true },
  fetch: { transport: "fetch" },
  "fetch, in a Worker": { transport: "fetch", worker: true },
};

const test = base.extend({
  // The raw server is another origin.
  policy: async ({ runs }, use) =>
    use((runs === "wasm" ? WASM : STRICT).replace("connect-src 'self'", "connect-src *")),
  /** Starts raw servers: `raw(answer)` gives the address of one. */
  raw: async ({}, use) => {
    const all = [];
    await use(async (answer) => {
      const server = await startRaw(answer);
      all.push(server);
      return server.url;
    });
    await Promise.all(all.map((server) => server.stop()));
  },
});

/** Opens a source on `endpoint` and connects it, without waiting for anything more. */
async function connect(host, endpoint, options = {}) {
  const source = await host.source("one", { ...IDS, endpoint, ...options });
  await source.ready();
  await source.do("connect");
  return source;
}

/** How a page may come to an EventSource that is not its own. */
const REPLACED = {
  "event-source-polyfill": async (page) => {
    await page.addInitScript({ path: POLYFILL });
    await page.addInitScript(() => (window.EventSource = window.EventSourcePolyfill));
  },
  "another window's EventSource": (page) =>
    page.addInitScript(() => {
      if (window !== top) return;
      const frame = document.documentElement.appendChild(document.createElement("iframe"));
      window.EventSource = frame.contentWindow.EventSource;
    }),
};

for (const [name, replace] of Object.entries(REPLACED)) {
  test.describe(`with ${name}`, () => {
    test("every line arrives once, over a restart of the gateway", async ({
      host,
      page,
      gateway,
    }) => {
      // The polyfill's own: it leaves the promise of the request that it cancels to nobody.
      host.allowed.push(/^rejected: TypeError: network error$/);
      await replace(page);
      await host.open();
      const source = await (await host.source("one")).connected();
      await gateway.publishNumbers(1, 20);
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-20");
      expect(await source.status()).toMatchObject({ isLive: true });
      await gateway.kill();
      await source.is("error");
      await gateway.start();
      await source.is("connected");
      await gateway.publishNumbers(21, 30);
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-30");
    });

    test("a server's event of the name error is a line, and no failure", async ({
      host,
      page,
      raw,
    }) => {
      // The polyfill's own: it leaves the promise of the request that it cancels to nobody.
      host.allowed.push(/^rejected: TypeError: network error$/);
      await replace(page);
      await host.open();
      const source = await connect(
        host,
        await raw(stream('event: error\ndata: {"message":"failed inside"}\n\n')),
      );
      await expect
        .poll(async () => (await source.logs()).map(({ message }) => message))
        .toEqual(["failed inside"]);
      expect(await source.status()).toMatchObject({ state: "connected", isLive: true });
    });
  });
}

for (const [name, way] of Object.entries(WAYS)) {
  test.describe(name, () => {
    test("an event keeps the stream's id, whatever its data looks like", async ({ host, raw }) => {
      const envelope =
        '{"channel":"logs:etl:workspace123:workflow456","data":{"message":"m"},"timestamp":1,"id":"log-1"}';
      const events = [
        ["7", `${envelope}\nand a second line`],
        ["8", "[" + envelope + "\nx"],
        ["9", envelope],
        ["10", "plain"],
      ];
      const bytes = events
        .map(
          ([id, data]) =>
            `id: ${id}\n${data
              .split("\n")
              .map((line) => `data: ${line}\n`)
              .join("")}\n`,
        )
        .join("");
      await host.open();
      const source = await connect(host, await raw(stream(bytes)), way);
      await expect
        .poll(async () => (await source.logs()).map(({ id }) => id))
        .toEqual(["7", "8", "log-1", "10"]);
    });

    test("a stream that nobody can read is never live", async ({ host, raw }) => {
      await host.open();
      const source = await connect(host, await raw(stream(gzipSync("data: x\n\n".repeat(100)))), {
        ...way,
        silenceMs: 1_000,
      });
      await expect.poll(async () => (await source.status()).reason).toMatch(UNREAD);
      if (way.transport === "fetch") expect((await source.status()).reason).toContain("gzip");
      expect((await source.statuses()).filter(({ isLive }) => isLive)).toEqual([]);
    });
  });
}

test("says after a while that nothing readable has arrived, and what it may be", async ({
  host,
  page,
  raw,
}) => {
  await page.clock.install();
  await host.open();
  const endpoint = await raw(stream(gzipSync("data: x\n\n".repeat(100))));
  const viewer = await host.mount("one", { endpoint });
  await viewer.ready();
  await viewer.do("connect");
  await expect(viewer.word).toHaveText("CONNECTED");
  await expect(page.locator("#one .dsl-vitals")).toHaveText("waiting for the first event");
  await expect(page.locator("#one .dsl-live")).toBeHidden();
  await page.clock.fastForward(46_000);
  await expect(page.locator("#one .dsl-reason")).toHaveText(UNREAD);
  await expect(page.locator("#one .dsl-live")).toBeHidden();
  expect(await viewer.errors()).toEqual([]);
});

test("a ping of an older backend is a sign of life where it can be seen", async ({ host, raw }) => {
  await host.open();
  const source = await connect(host, await raw(stream(":ping\n\n")), { transport: "fetch" });
  await expect.poll(async () => (await source.status()).isLive).toBe(true);
});

for (const charset of ["ISO-8859-1", "utf8"]) {
  test(`names the charset ${charset} that the browser refuses, and fetch reads it`, async ({
    host,
    page,
    raw,
  }) => {
    await host.open();
    const endpoint = await raw(stream("data: read\n\n", `text/event-stream;charset=${charset}`));
    const source = await connect(host, endpoint);
    await expect.poll(async () => (await source.status()).reason).toContain(`charset ${charset}`);
    expect((await source.status()).reason).toContain('transport: "fetch"');
    await source.do("close");
    await page.evaluate(
      ({ ids, endpoint }) =>
        host.open("two", { ...ids, endpoint, transport: "fetch", autoConnect: true }),
      { ids: IDS, endpoint },
    );
    await expect
      .poll(() => page.evaluate(() => host.two.logs.map(({ message }) => message)))
      .toEqual(["read"]);
    host.allowed.push(/./);
  });
}

test("says so where the browser refuses a stream that a test request gets", async ({
  host,
  raw,
}) => {
  await host.open();
  // As a proxy may do that treats the two differently: every other request is the test.
  let asked = 0;
  const answer = (response) => {
    asked += 1;
    if (asked % 2 === 0) stream(":ping\n\n")(response);
    else response.writeHead(200, { "Content-Type": "text/plain" }).end();
  };
  const source = await connect(host, await raw(answer));
  await expect
    .poll(async () => (await source.statuses()).map(({ reason }) => reason).join("; "))
    .toContain("the browser refused the stream, but a test request got a valid stream");
});

test("comes back although the browser reports no network", async ({ host, page, gateway }) => {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }),
  );
  await host.open();
  const source = await (await host.source("one")).connected();
  await gateway.kill();
  await source.is("error");
  await gateway.start();
  await source.is("connected");
});

test("a living stream stays open when the browser reports no network", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.kill();
  await gateway.start("--heartbeat", "300ms");
  await host.open();
  const source = await (await host.source("one")).connected();
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await gateway.publishNumbers(1, 5);
  await expect.poll(async () => ranges(await source.numbers())).toBe("1-5");
  expect(await host.opened()).toBe(1);
  expect(await source.status()).toMatchObject({ state: "connected", isLive: true });
});
