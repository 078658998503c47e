// What carries the stream, and on which thread: a host must not notice any difference.

import { IDS } from "../support/environment.mjs";
import { TRANSPORTS } from "../support/transports.mjs";
import { policyFor } from "./policies.mjs";
import { expect, ranges, test } from "./support.mjs";

/** The other specs read by the default, EventSource on the main thread. */
const { EventSource: _, ...OTHER_TRANSPORTS } = TRANSPORTS;

for (const [name, transport] of Object.entries(OTHER_TRANSPORTS)) {
  test.describe(name, () => {
    test("delivers every line once and in order across gateway restarts", async ({
      host,
      page,
      gateway,
    }) => {
      await host.open();
      /** @type {import("@playwright/test").Worker[]} */
      const workers = [];
      page.on("worker", (worker) => workers.push(worker));
      const source = await (await host.source("one", { ...IDS, ...transport })).connect();
      await gateway.publishNumbers(1, 150);
      await expect.poll(() => source.numbers()).toHaveLength(150);
      for (const [from, to] of [
        [151, 200],
        [201, 250],
      ]) {
        await gateway.kill();
        await source.expectState("error");
        await gateway.start();
        await source.expectState("connected");
        await gateway.publishNumbers(from, to);
        await expect.poll(async () => (await source.numbers()).at(-1)).toBe(to);
      }
      expect(ranges(await source.numbers())).toBe("1-250");
      expect(workers).toHaveLength(transport.worker ? 1 : 0);
    });

    test("resumes without loss after a disconnect, and leaves no stream open", async ({
      host,
      gateway,
    }) => {
      await host.open();
      const source = await (await host.source("one", { ...IDS, ...transport })).connect();
      await gateway.publishNumbers(1, 20);
      await expect.poll(() => source.numbers()).toHaveLength(20);
      await source.call("disconnect");
      await host.expectNoStreams();
      await gateway.publishNumbers(21, 40);
      await source.call("connect");
      await expect.poll(async () => ranges(await source.numbers())).toBe("1-40");
      await source.call("close");
      await host.expectNoStreams();
    });

    test("shows lines in the viewer", async ({ host, gateway }) => {
      await host.open();
      const viewer = await (await host.mount("one", { ...IDS, ...transport })).connect();
      await gateway.publishNumbers(1, 30);
      await expect(viewer.row("number 30")).toHaveCount(1);
      await viewer.call("unmount");
      await host.expectNoStreams();
    });

    test("reports why there is no stream", async ({ host }) => {
      await host.open();
      host.provoked.push(/./);
      const source = await host.source("one", { ...IDS, ...transport, endpoint: "/nowhere" });
      await source.ready();
      await source.call("connect");
      await expect
        .poll(async () => (await source.status()).reason)
        .toMatch(/no log stream at this address \(404\)/);
    });
  });
}

for (const worker of [false, true]) {
  const thread = worker ? ", in a Worker" : "";
  test(`asks for headers again on each attempt${thread}`, async ({ host, page, gateway }) => {
    await host.open();
    /** @type {string[]} */
    const tokens = [];
    page.context().on("request", (request) => {
      if (request.url().includes("/sse/logs/stream")) tokens.push(request.headers().authorization);
    });
    await page.evaluate(
      ({ ids, worker }) => {
        let attempt = 0;
        const headers = async () => {
          attempt += 1;
          return { Authorization: `Bearer token-${attempt}` };
        };
        harness.open("one", { ...ids, transport: "fetch", worker, headers });
      },
      { ids: IDS, worker },
    );
    await page.evaluate(() => live.one.handle.ready.then(() => live.one.handle.connect()));
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
    await gateway.kill();
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("error");
    await gateway.start();
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
    expect(tokens.slice(0, 2)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test(`a failing headers function is the reason, and is called again${thread}`, async ({
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
        harness.open("one", { ...ids, transport: "fetch", worker, headers });
      },
      { ids: IDS, worker },
    );
    await page.evaluate(() => live.one.handle.ready.then(() => live.one.handle.connect()));
    await expect
      .poll(() => page.evaluate(() => live.one.statuses.map(({ reason }) => reason).join("; ")))
      .toContain("no token yet");
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
  });
}

for (const [what, directive] of Object.entries({
  "a policy without Workers": "; worker-src 'none'",
  "Trusted Types": "; require-trusted-types-for 'script'",
})) {
  test.describe(`under ${what}`, () => {
    test.use({ policy: async ({ runs }, use) => use(policyFor(runs) + directive) });

    test("reads on the main thread, and logs so", async ({ host, page, gateway }) => {
      await host.open();
      const source = await (await host.source("one", { ...IDS, worker: true })).connect();
      await gateway.publishNumbers(1, 10);
      await expect.poll(() => source.numbers()).toHaveLength(10);
      expect(await host.consoleLines(/reads on the main thread/)).toHaveLength(1);
      // The policy reports the attempt.
      await page.evaluate(() => {
        probe.violations.length = 0;
      });
      host.provoked.push(/./);
    });
  });
}
