// Servers and browsers that misbehave: nothing is lost silently, and the status is true.

import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { IDS } from "../support/environment.mjs";
import { streamOf } from "../support/http_server.mjs";
import { TRANSPORTS } from "../support/transports.mjs";
import { policyFor } from "./policies.mjs";
import { expect, ranges, test } from "./support.mjs";

/**
 * @import { ServerResponse } from "node:http"
 * @import { Page } from "@playwright/test"
 * @import { LogsOptions } from "../../www/package/types/headless.js"
 */

const POLYFILL = createRequire(import.meta.url).resolve(
  "event-source-polyfill/src/eventsource.min.js",
);
const UNREADABLE = /connected, but nothing readable has arrived/i;

test.use({
  // The raw server is another origin.
  policy: async ({ runs }, use) =>
    use(policyFor(runs).replace("connect-src 'self'", "connect-src *")),
});

/**
 * Opens a source on `endpoint` and connects it, without waiting until it is connected.
 *
 * @param {import("./support.mjs").HostPage} host
 * @param {string} endpoint
 * @param {LogsOptions} [options]
 */
async function connect(host, endpoint, options = {}) {
  const source = await host.source("one", { ...IDS, endpoint, ...options });
  await source.ready();
  await source.call("connect");
  return source;
}

/**
 * How a page may have an EventSource that is not its own.
 *
 * @type {Record<string, (page: Page) => Promise<void>>}
 */
const REPLACEMENTS = {
  "event-source-polyfill": async (page) => {
    await page.addInitScript({ path: POLYFILL });
    await page.addInitScript(() => {
      window.EventSource = window.EventSourcePolyfill;
    });
  },
  "another window's EventSource": async (page) =>
    void (await page.addInitScript(() => {
      if (window !== top) return;
      const frame = document.documentElement.appendChild(document.createElement("iframe"));
      if (frame.contentWindow) window.EventSource = frame.contentWindow.EventSource;
    })),
};

for (const [name, replace] of Object.entries(REPLACEMENTS)) {
  test.describe(`with ${name}`, () => {
    test("every line arrives once across a gateway restart", async ({ host, page, gateway }) => {
      // The polyfill does not handle the rejection of the request that it cancels.
      host.provoked.push(/^rejected: TypeError: network error$/);
      await replace(page);
      await host.open();
      const source = await (await host.source("one")).connect();
      await gateway.publishNumbers(1, 20);
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-20");
      expect(await source.status()).toMatchObject({ isLive: true });
      await gateway.kill();
      await source.expectState("error");
      await gateway.start();
      await source.expectState("connected");
      await gateway.publishNumbers(21, 30);
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-30");
    });

    test("a server event named error is a line, not a failure", async ({ host, page, raw }) => {
      // The polyfill does not handle the rejection of the request that it cancels.
      host.provoked.push(/^rejected: TypeError: network error$/);
      await replace(page);
      await host.open();
      const source = await connect(
        host,
        await raw(streamOf('event: error\ndata: {"message":"failed inside"}\n\n')),
      );
      await expect
        .poll(async () => (await source.logs()).map(({ message }) => message))
        .toEqual(["failed inside"]);
      expect(await source.status()).toMatchObject({ state: "connected", isLive: true });
    });
  });
}

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  test.describe(name, () => {
    test("an event keeps the id of the stream, whatever its data looks like", async ({
      host,
      raw,
    }) => {
      const envelope =
        '{"channel":"logs:etl:workspace123:workflow456","data":{"message":"m"},' +
        '"timestamp":1,"id":"log-1"}';
      const events = [
        ["7", `${envelope}\nand a second line`],
        ["8", `[${envelope}\nx`],
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
      const source = await connect(host, await raw(streamOf(bytes)), transport);
      await expect
        .poll(async () => (await source.logs()).map(({ id }) => id))
        .toEqual(["7", "8", "log-1", "10"]);
    });

    test("an unreadable stream is never live", async ({ host, raw }) => {
      await host.open();
      const source = await connect(host, await raw(streamOf(gzipSync("data: x\n\n".repeat(100)))), {
        ...transport,
        silenceMs: 1_000,
      });
      const reason = async () => (await source.status()).reason;
      await expect.poll(reason).toMatch(UNREADABLE);
      // On a busy machine the limit passes before the first bytes arrive.
      if (transport.transport === "fetch") await expect.poll(reason).toContain("gzip");
      expect((await source.statuses()).filter(({ isLive }) => isLive)).toEqual([]);
    });
  });
}

test("reports after a while that nothing readable has arrived", async ({ host, page, raw }) => {
  await page.clock.install();
  await host.open();
  const endpoint = await raw(streamOf(gzipSync("data: x\n\n".repeat(100))));
  const viewer = await host.mount("one", { endpoint });
  await viewer.ready();
  await viewer.call("connect");
  await expect(viewer.statusWord).toHaveText("CONNECTED");
  await expect(page.locator("#one .dsl-vitals")).toHaveText("waiting for the first event");
  await expect(page.locator("#one .dsl-live")).toBeHidden();
  await page.clock.fastForward(46_000);
  await expect(page.locator("#one .dsl-reason")).toHaveText(UNREADABLE);
  await expect(page.locator("#one .dsl-live")).toBeHidden();
  expect(await viewer.errors()).toEqual([]);
});

test("fetch accepts the ping comment of an older backend as a sign of life", async ({
  host,
  raw,
}) => {
  await host.open();
  const source = await connect(host, await raw(streamOf(":ping\n\n")), { transport: "fetch" });
  await expect.poll(async () => (await source.status()).isLive).toBe(true);
});

for (const charset of ["ISO-8859-1", "utf8"]) {
  test(`names the charset ${charset} that the browser rejects, and fetch reads it`, async ({
    host,
    page,
    raw,
  }) => {
    await host.open();
    const endpoint = await raw(streamOf("data: read\n\n", `text/event-stream;charset=${charset}`));
    const source = await connect(host, endpoint);
    await expect.poll(async () => (await source.status()).reason).toContain(`charset ${charset}`);
    expect((await source.status()).reason).toContain('transport: "fetch"');
    await source.call("close");
    await page.evaluate(
      ({ ids, endpoint }) =>
        harness.open("two", { ...ids, endpoint, transport: "fetch", autoConnect: true }),
      { ids: IDS, endpoint },
    );
    await expect
      .poll(() => page.evaluate(() => live.two.logs.map(({ message }) => message)))
      .toEqual(["read"]);
    host.provoked.push(/./);
  });
}

test("reports a stream that the browser rejects but the probe receives", async ({ host, raw }) => {
  await host.open();
  // As a proxy that treats the two differently: every second request is the probe.
  let requests = 0;
  /** @param {ServerResponse} response */
  const respond = (response) => {
    requests += 1;
    if (requests % 2 === 0) streamOf(":ping\n\n")(response);
    else response.writeHead(200, { "Content-Type": "text/plain" }).end();
  };
  const source = await connect(host, await raw(respond));
  await expect
    .poll(async () => (await source.statuses()).map(({ reason }) => reason).join("; "))
    .toContain("the browser refused the stream, but a test request got a valid stream");
});

test("reconnects although the browser reports no network", async ({ host, page, gateway }) => {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }),
  );
  await host.open();
  const source = await (await host.source("one")).connect();
  await gateway.kill();
  await source.expectState("error");
  await gateway.start();
  await source.expectState("connected");
});

test("a live stream stays open when the browser reports no network", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.kill();
  await gateway.start("--heartbeat", "300ms");
  await host.open();
  const source = await (await host.source("one")).connect();
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await gateway.publishNumbers(1, 5);
  await expect.poll(async () => ranges(await source.numbers())).toBe("1-5");
  expect(await host.openedCount()).toBe(1);
  expect(await source.status()).toMatchObject({ state: "connected", isLive: true });
});
