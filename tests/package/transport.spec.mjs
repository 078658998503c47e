// What carries the stream, and on which thread: nothing that a host sees may depend on it.

import { STRICT, WASM } from "./policies.mjs";
import { expect, ranges, test } from "./support.mjs";

const WAYS = {
  "EventSource, in a Worker": { worker: true },
  fetch: { transport: "fetch" },
  "fetch, in a Worker": { transport: "fetch", worker: true },
};

const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };

const isStream = (request) => request.url().includes("/sse/logs/stream");

for (const [name, way] of Object.entries(WAYS)) {
  test.describe(name, () => {
    test("brings every line once, in order, over restarts of the gateway", async ({
      host,
      page,
      gateway,
    }) => {
      await host.open();
      const workers = [];
      page.on("worker", (worker) => workers.push(worker));
      const source = await (await host.source("one", { ...IDS, ...way })).connected();
      await gateway.publishNumbers(1, 150);
      await expect.poll(() => source.numbers()).toHaveLength(150);
      for (const [from, to] of [
        [151, 200],
        [201, 250],
      ]) {
        await gateway.kill();
        await source.is("error");
        await gateway.start();
        await source.is("connected");
        await gateway.publishNumbers(from, to);
        await expect.poll(async () => (await source.numbers()).at(-1)).toBe(to);
      }
      expect(ranges(await source.numbers())).toBe("1-250");
      expect(workers).toHaveLength(way.worker ? 1 : 0);
    });

    test("resumes without loss after a disconnect, and leaves nothing open", async ({
      host,
      gateway,
    }) => {
      await host.open();
      const source = await (await host.source("one", { ...IDS, ...way })).connected();
      await gateway.publishNumbers(1, 20);
      await expect.poll(() => source.numbers()).toHaveLength(20);
      await source.do("disconnect");
      await host.isClosed();
      await gateway.publishNumbers(21, 40);
      await source.do("connect");
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-40");
      await source.do("close");
      await host.isClosed();
    });

    test("shows lines in the viewer", async ({ host, gateway }) => {
      await host.open();
      const viewer = await (await host.mount("one", { ...IDS, ...way })).connected();
      await gateway.publishNumbers(1, 30);
      await expect(viewer.row("number 30")).toHaveCount(1);
      await viewer.do("unmount");
      await host.isClosed();
    });

    test("tells why there is no stream", async ({ host }) => {
      await host.open();
      host.allowed.push(/./);
      const source = await host.source("one", { ...IDS, ...way, endpoint: "/nowhere" });
      await source.ready();
      await source.do("connect");
      await expect
        .poll(async () => (await source.status()).reason)
        .toMatch(/no log stream at this address \(404\)/);
    });
  });
}

for (const worker of [false, true]) {
  test(`asks for headers anew for each attempt${worker ? ", in a Worker" : ""}`, async ({
    host,
    page,
    gateway,
  }) => {
    await host.open();
    const asked = [];
    page
      .context()
      .on("request", (request) => isStream(request) && asked.push(request.headers().authorization));
    await page.evaluate(
      ({ ids, worker }) => {
        let attempt = 0;
        const headers = async () => ({ Authorization: `Bearer token-${(attempt += 1)}` });
        host.open("one", { ...ids, transport: "fetch", worker, headers });
      },
      { ids: IDS, worker },
    );
    await page.evaluate(() => host.one.handle.ready.then(() => host.one.handle.connect()));
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
    await gateway.kill();
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("error");
    await gateway.start();
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
    expect(asked.slice(0, 2)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test(`headers that cannot be had are a reason, and are asked for again${worker ? ", in a Worker" : ""}`, async ({
    host,
    page,
  }) => {
    await host.open();
    await page.evaluate(
      ({ ids, worker }) => {
        let attempt = 0;
        const headers = () => {
          attempt += 1;
          if (attempt < 2) throw new Error("no token yet");
          return {};
        };
        host.open("one", { ...ids, transport: "fetch", worker, headers });
      },
      { ids: IDS, worker },
    );
    await page.evaluate(() => host.one.handle.ready.then(() => host.one.handle.connect()));
    await expect
      .poll(() => page.evaluate(() => host.one.statuses.map(({ reason }) => reason).join("; ")))
      .toContain("no token yet");
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
  });
}

for (const [what, more] of Object.entries({
  "a policy without Workers": "; worker-src 'none'",
  "Trusted Types": "; require-trusted-types-for 'script'",
})) {
  test.describe(`under ${what}`, () => {
    test.use({ policy: async ({ runs }, use) => use((runs === "wasm" ? WASM : STRICT) + more) });

    test("the main thread reads, and the console says so", async ({ host, page, gateway }) => {
      await host.open();
      const source = await (await host.source("one", { ...IDS, worker: true })).connected();
      await gateway.publishNumbers(1, 10);
      await expect.poll(() => source.numbers()).toHaveLength(10);
      expect(await host.told(/reads on the main thread/)).toHaveLength(1);
      // That it was tried is what the policy reports.
      await page.evaluate(() => (window.eyes.violations.length = 0));
      host.allowed.push(/./);
    });
  });
}
