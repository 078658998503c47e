// The client without a view: snapshots, subscriptions, iteration, many channels over one stream.

import { IDS } from "../support/environment.mjs";
import { expect, ranges, test } from "./support.mjs";

/** @import { Log, Notice } from "../../www/package/types/index.js" */

const ONE = "logs:etl:workspace123:workflow456";
const TWO = "logs:etl:workspace123:two";
const THREE = "logs:etl:workspace123:three";

/**
 * A channel as a publisher names it.
 *
 * @param {string} name
 */
function channelOf(name) {
  const [, , workspace_id, workflow_id] = name.split(":");
  return { workspace_id, workflow_id };
}

test("a client names the option that has a wrong value", async ({ host, page }) => {
  await host.open();
  await (await host.source("one")).connect();
  const create = (/** @type {Record<string, unknown>} */ options) =>
    page.evaluate(async (options) => {
      const folder = new URL("./pkg/internal/module/", location.href);
      const { loadModule } = await import(`${folder}load.js`);
      const { assets } = await import(`${folder}headless_assets.js`);
      const { glue } = await loadModule(assets, {});
      try {
        new glue.LogStream(() => {}, undefined, options).free();
        return "created";
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }, options);
  expect(await create({ maxAttempts: null, silenceMs: 45_000 })).toBe("created");
  expect(await create({ maxAttempts: 1.5 })).toBe("client options: maxAttempts: expected u32");
  expect(await create({ hiddenMs: "1" })).toBe("client options: hiddenMs: expected u32");
  expect(await create({ withCredentials: 1 })).toMatch(
    /^client options: withCredentials: expected/,
  );
  expect(await create({ console: "loud" })).toMatch(/^client options: console: expected off/);
});

test("holds what arrived, oldest first, and its status", async ({ host, page, gateway, runs }) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await gateway.publishNumbers(1, 20);
  await expect.poll(() => page.evaluate(() => live.one.handle.getSnapshot().rows.length)).toBe(20);
  const { rows, dropped, status } = await source.snapshot();
  expect(numbersOf(rows)).toBe("1-20");
  expect(rows.every(({ key }, index) => index === 0 || key > rows[index - 1].key)).toBe(true);
  expect(dropped).toBe(0);
  expect(status).toMatchObject({
    state: "connected",
    isLive: true,
    received: 20,
    backend: runs,
    refused: [],
  });
  await source.call("clear");
  expect((await source.snapshot()).rows).toEqual([]);
  await source.call("disconnect");
  await host.expectNoStreams();
  await source.call("close");
  await source.call("close");
  expect(await source.status()).toMatchObject({ isLive: false });
});

test("a snapshot is the same object until something changes", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await gateway.publishNumbers(1, 5);
  await expect.poll(() => source.numbers()).toHaveLength(5);
  // The seconds of the status bar are not a change: otherwise a reader of snapshots would never
  // rest.
  await host.settle(1_000);
  const same = await page.evaluate(async () => {
    const first = live.one.handle.getSnapshot();
    const again = live.one.handle.getSnapshot();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return {
      atOnce: first === again,
      later:
        live.one.handle.getSnapshot().version === first.version
          ? live.one.handle.getSnapshot() === first
          : "changed",
    };
  });
  expect(same.atOnce).toBe(true);
  expect(same.later).not.toBe(false);
  const changed = await page.evaluate(async () => {
    window.first = live.one.handle.getSnapshot();
    const notified = new Promise((resolve) => live.one.handle.subscribe(() => resolve(undefined)));
    live.one.handle.clear();
    await notified;
    const next = live.one.handle.getSnapshot();
    return {
      isOther: next !== window.first,
      grows: next.version > window.first.version,
      oldRows: window.first.rows.length,
    };
  });
  expect(changed).toEqual({ isOther: true, grows: true, oldRows: 5 });
});

test("rows are the same frozen objects from snapshot to snapshot", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await gateway.publishNumbers(1, 3);
  await expect.poll(() => source.numbers()).toHaveLength(3);
  await page.evaluate(() => {
    window.first = live.one.handle.getSnapshot();
  });
  await gateway.publishNumbers(4, 4);
  await expect.poll(() => source.numbers()).toHaveLength(4);
  const result = await page.evaluate(() => {
    const next = live.one.handle.getSnapshot();
    try {
      // @ts-expect-error Read-only.
      next.rows.push("mine");
    } catch {
      // Frozen, as it must be.
    }
    return {
      kept: window.first.rows.every((row, index) => row === next.rows[index]),
      old: window.first.rows.length,
      length: live.one.handle.getSnapshot().rows.length,
    };
  });
  expect(result).toEqual({ kept: true, old: 3, length: 4 });
});

test("notifies subscribers at most once per frame, until they unsubscribe", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await page.evaluate(() => {
    window.notified = { first: 0, second: 0, frames: 0 };
    requestAnimationFrame(function count() {
      window.notified.frames++;
      requestAnimationFrame(count);
    });
    window.unsubscribe = live.one.handle.subscribe(() => {
      window.notified.first++;
    });
    live.one.handle.subscribe(() => {
      window.notified.second++;
    });
  });
  await gateway.publishNumbers(1, 200);
  await expect.poll(() => source.numbers()).toHaveLength(200);
  const { first, second, frames } = await page.evaluate(() => window.notified);
  expect(first).toBeGreaterThan(0);
  expect(first).toBe(second);
  expect(first).toBeLessThanOrEqual(frames + 1);
  await page.evaluate(() => {
    window.unsubscribe();
    window.unsubscribe();
  });
  const left = (await page.evaluate(() => window.notified)).first;
  await gateway.publishNumbers(201, 210);
  await expect.poll(() => source.numbers()).toHaveLength(210);
  const after = await page.evaluate(() => window.notified);
  expect(after.first).toBe(left);
  expect(after.second).toBeGreaterThan(left);
});

test("a subscriber that throws is reported once, and the others are notified", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await page.evaluate(() => {
    window.calls = 0;
    live.one.handle.subscribe(() => {
      throw new Error("the host's own fault");
    });
    live.one.handle.subscribe(() => {
      window.calls++;
    });
  });
  for (let number = 1; number <= 5; number++) {
    await gateway.publishNumbers(number, number);
    await expect.poll(() => source.numbers()).toHaveLength(number);
  }
  expect(await page.evaluate(() => window.calls)).toBeGreaterThanOrEqual(5);
  const errors = (await source.errors()).filter(({ type }) => type === "callback");
  expect(errors).toHaveLength(1);
  expect(errors[0].cause).toBe("Error: the host's own fault");
});

test("every iteration yields each line once and in order, and ends with close", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await host.source("one");
  await page.evaluate(() => {
    window.quick = [];
    window.slow = [];
    window.ends = [
      (async () => {
        for await (const row of live.one.handle) if ("number" in row) window.quick.push(row.number);
        return "ended";
      })(),
      (async () => {
        for await (const row of live.one.handle) {
          if ("number" in row) window.slow.push(row.number);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return "ended";
      })(),
    ];
  });
  await source.connect();
  await gateway.publishNumbers(1, 300);
  await expect.poll(() => page.evaluate(() => window.slow.length)).toBe(300);
  expect(ranges(await page.evaluate(() => window.quick))).toBe("1-300");
  expect(ranges(await page.evaluate(() => window.slow))).toBe("1-300");
  await source.call("close");
  expect(await page.evaluate(() => Promise.all(window.ends))).toEqual(["ended", "ended"]);
  await host.expectNoStreams();
});

test("breaking out of an iteration ends only that iteration", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await page.evaluate(() => {
    window.received = [];
    window.done = (async () => {
      for await (const row of live.one.handle) {
        const number = "number" in row ? row.number : null;
        window.received.push(number);
        if (number === 3) break;
      }
    })();
  });
  await gateway.publishNumbers(1, 10);
  await page.evaluate(() => window.done);
  expect(await page.evaluate(() => window.received)).toEqual([1, 2, 3]);
  await source.expectState("connected");
  await expect.poll(() => source.numbers()).toHaveLength(10);
});

test("calls of next that run ahead are resolved in order", async ({ host, page, gateway }) => {
  await host.open();
  await (await host.source("one")).connect();
  await page.evaluate(() => {
    const iterator = live.one.handle[Symbol.asyncIterator]();
    window.ahead = Promise.all([
      iterator.next(),
      iterator.next(),
      iterator.next(),
      iterator.next(),
    ]);
  });
  await gateway.publishNumbers(1, 3);
  await host.settle();
  await page.evaluate(() => live.one.handle.close());
  const results = page.evaluate(() =>
    Promise.race([
      window.ahead,
      new Promise((resolve) => setTimeout(resolve, 3_000, "some did not resolve")),
    ]),
  );
  expect(await results).toEqual([
    ...[1, 2, 3].map((number) => ({ done: false, value: expect.objectContaining({ number }) })),
    { done: true },
  ]);
});

test("an iteration of a closed source ends at once", async ({ host, page }) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  await source.call("close");
  expect(await page.evaluate(() => live.one.handle[Symbol.asyncIterator]().next())).toEqual({
    done: true,
  });
  for (const verb of /** @type {const} */ (["connect", "disconnect", "retryNow", "clear", "close"]))
    await source.call(verb);
  await source.update({ capacity: 5 });
  expect(await page.evaluate(() => live.one.handle.getSnapshot().status.isLive)).toBe(false);
  await host.settle();
  await host.expectNoStreams();
});

test("a consumer that falls behind receives the number of lines that it missed", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await host.source("one", {
    ...IDS,
    capacity: 20,
  });
  await source.connect();
  await page.evaluate(() => {
    window.iterator = live.one.handle[Symbol.asyncIterator]();
  });
  await gateway.publishNumbers(1, 100);
  await expect.poll(() => source.numbers()).toHaveLength(100);
  await host.settle();
  const rows = await page.evaluate(async () => {
    const rows = [];
    for (let time = 0; time < 21; time++) rows.push((await window.iterator.next()).value);
    return rows;
  });
  expect(rows[0]).toMatchObject({ notice: "gap", missing: 80 });
  expect(ranges(rows.slice(1).map(({ number }) => number))).toBe("81-100");
  const snapshot = await source.snapshot();
  expect(numbersOf(snapshot.rows)).toBe("81-100");
  expect(snapshot.dropped).toBe(80);
});

test("many channels share one stream", async ({ host, gateway }) => {
  await host.open();
  const source = await (
    await host.source("one", { gatewayUrl: "", channels: [ONE, TWO] })
  ).connect();
  expect(await host.streamUrls()).toHaveLength(1);
  expect(await gateway.connections()).toBe(1);
  await gateway.publishNumbers(1, 30, channelOf(ONE));
  await gateway.publishNumbers(1_001, 1_030, channelOf(TWO));
  await expect.poll(() => source.numbers()).toHaveLength(60);
  const rows = (await source.snapshot()).rows;
  expect([numbersOf(rows, ONE), numbersOf(rows, TWO)]).toEqual(["1-30", "1001-1030"]);
});

test("adding a channel while connected loses nothing of the others", async ({ host, gateway }) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connect();
  await gateway.publishNumbers(1, 50);
  await expect.poll(() => source.numbers()).toHaveLength(50);
  const publishing = gateway.publishNumbers(51, 400);
  await source.update({ channels: [ONE, TWO] });
  await source.update({ channels: [TWO, ONE, THREE] });
  await source.update({ channels: [ONE, THREE] });
  await publishing;
  await gateway.publishNumbers(1_001, 1_010, channelOf(THREE));
  await expect
    .poll(async () => ranges((await source.numbers()).filter((number) => number > 1_000)))
    .toBe("1001-1010");
  expect(ranges((await source.numbers()).filter((number) => number < 1_000))).toBe("1-400");
  const { rows, status } = await source.snapshot();
  expect(numbersOf(rows, ONE)).toBe("1-400");
  expect(status).toMatchObject({ missing: 0, gaps: 0 });
  expect(await host.streamUrls()).toHaveLength(1);
  await expect.poll(() => gateway.publish({ number: 1 }, channelOf(TWO))).toBe(0);
});

test("an iteration continues across a change of channels", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connect();
  await page.evaluate(() => {
    window.received = [];
    (async () => {
      for await (const row of live.one.handle)
        window.received.push("number" in row ? row.number : row.text);
    })();
  });
  const publishing = gateway.publishNumbers(1, 200);
  for (const channels of [[ONE, TWO], [ONE], [ONE, THREE]]) {
    await source.update({ channels });
    await host.settle(100);
  }
  await publishing;
  await expect.poll(() => page.evaluate(() => window.received.length)).toBeGreaterThanOrEqual(200);
  expect(
    ranges((await page.evaluate(() => window.received)).filter((row) => typeof row === "number")),
  ).toBe("1-200");
});

test("a change of all channels starts empty, without a line of the old ones", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connect();
  await gateway.publishNumbers(1, 50);
  await expect.poll(() => source.numbers()).toHaveLength(50);
  const publishing = gateway.publishNumbers(51, 150);
  await source.update({ channels: [TWO] });
  await publishing;
  await source.expectState("connected");
  await gateway.publishNumbers(1_001, 1_005, channelOf(TWO));
  await expect
    .poll(() =>
      page.evaluate(() =>
        live.one.handle.getSnapshot().rows.map((row) => ("number" in row ? row.number : row.text)),
      ),
    )
    .toEqual([1_001, 1_002, 1_003, 1_004, 1_005]);
});

test("undelivered lines of the old channels do not count as lost ones of the new channels", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connect();
  await page.evaluate(
    ([one, two]) => {
      // A line and the change of channels in one task, without a frame between them.
      const data = JSON.stringify({
        channel: one,
        data: { number: 1 },
        seq: 1,
        timestamp: Date.now(),
        id: "log-1",
      });
      for (const stream of probe.streams)
        stream.dispatchEvent(new MessageEvent("message", { data, lastEventId: "log-1" }));
      live.one.handle.update({ channels: [two] });
    },
    [ONE, TWO],
  );
  await source.expectState("connected");
  await gateway.publishNumbers(1_001, 1_003, channelOf(TWO));
  await expect
    .poll(() =>
      page.evaluate(() =>
        live.one.handle.getSnapshot().rows.map((row) => ("number" in row ? row.number : row.text)),
      ),
    )
    .toEqual([1_001, 1_002, 1_003]);
});

test("invalid channels, gateways and ids are rejected by name", async ({ host, page }) => {
  await host.open();
  /** @type {[string, unknown][]} */
  const cases = [
    ["channels", "logs:etl:a:b"],
    ["channels", [5]],
    ["channels", ["not a channel"]],
    ["channels", ["logs:etl:a:b:c"]],
    ["channels", ["logs:etl::b"]],
    ["channels", ["logs:etl:a:b\n"]],
    ["channels", [`logs:etl:a:${"x".repeat(129)}`]],
    ["channels", Array.from({ length: 17 }, (_, number) => `logs:etl:a:${number}`)],
    ["gatewayUrl", 5],
    ["gatewayUrl", "javascript:alert(1)"],
    ["gatewayUrl", "ftp://host"],
    ["workflowId", "a:b"],
  ];
  const results = await page.evaluate(
    (cases) =>
      cases.map(([option, value]) =>
        harness.thrown(() => harness.headless.openLogs({ [option]: value, autoConnect: true })),
      ),
    cases,
  );
  expectRejected(results, cases);
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connect();
  const updates = await page.evaluate(
    (cases) =>
      cases.map(([option, value]) =>
        harness.thrown(() => live.one.handle.update({ [option]: value })),
      ),
    cases,
  );
  expectRejected(updates, cases);
  await host.settle();
  await source.expectState("connected");
  expect(await host.openedCount()).toBe(1);
  expect(
    // @ts-expect-error Not a function.
    await page.evaluate(() => harness.thrown(() => live.one.handle.subscribe("no function"))),
  ).toMatchObject({ isOurs: true, type: "option" });
});

test("a source without anything to read is not an error", async ({ host }) => {
  await host.open();
  const source = await host.source("one", {});
  await source.ready();
  await source.call("connect");
  await host.settle();
  expect(await host.openedCount()).toBe(0);
  await source.call("close");
});

test("a viewer and a source work side by side", async ({ host, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connect();
  const viewer = await (await host.mount("two")).connect();
  await gateway.publishNumbers(1, 5);
  await expect.poll(() => source.numbers()).toEqual([1, 2, 3, 4, 5]);
  await expect(viewer.row("number 5")).toBeVisible();
  expect(await host.consoleLines(/^\[live logs\] .*\b(WebAssembly|JavaScript)\b/)).toHaveLength(1);
  await source.call("close");
  await viewer.expectState("connected");
});

/**
 * Expects that each case was rejected by the name of its option.
 *
 * @param {(PlainError | undefined)[]} results
 * @param {[string, unknown][]} cases
 */
function expectRejected(results, cases) {
  for (const [index, thrown] of results.entries()) {
    const [option] = cases[index];
    expect(thrown, JSON.stringify(cases[index]).slice(0, 80)).toMatchObject({
      isOurs: true,
      type: "option",
      option,
    });
  }
}

/**
 * The numbers of the logs among these rows, in short.
 *
 * @param {readonly (Log | Notice)[]} rows
 * @param {string} [channel] Counts only the logs of this channel.
 */
function numbersOf(rows, channel) {
  const numbers = rows.flatMap((row) =>
    "number" in row && (channel === undefined || row.channel === channel) ? [row.number] : [],
  );
  return ranges(numbers);
}
