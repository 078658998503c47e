// The engine without a view: snapshots, subscriptions, iteration, many channels over one stream.

import { expect, ranges, test } from "./support.mjs";

const ONE = "logs:etl:workspace123:workflow456";
const TWO = "logs:etl:workspace123:two";
const THREE = "logs:etl:workspace123:three";
const channelOf = (name) => ({ workspace_id: "workspace123", workflow_id: name.split(":").at(-1) });

test("holds what came, oldest first, and says where it stands", async ({
  host,
  page,
  gateway,
  runs,
}) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await gateway.publishNumbers(1, 20);
  await expect.poll(() => page.evaluate(() => host.one.handle.getSnapshot().rows.length)).toBe(20);
  const { rows, dropped, status } = await page.evaluate(() => host.one.handle.getSnapshot());
  expect(ranges(rows.map(({ number }) => number))).toBe("1-20");
  expect(rows.every(({ key }, index) => index === 0 || key > rows[index - 1].key)).toBe(true);
  expect(dropped).toBe(0);
  expect(status).toMatchObject({
    state: "connected",
    isLive: true,
    received: 20,
    backend: runs,
    refused: [],
  });
  await source.do("clear");
  expect((await page.evaluate(() => host.one.handle.getSnapshot())).rows).toEqual([]);
  await source.do("disconnect");
  await host.isClosed();
  await source.do("close");
  await source.do("close");
  expect(await source.status()).toMatchObject({ isLive: false });
});

test("a snapshot is the same object until something changes", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await gateway.publishNumbers(1, 5);
  await expect.poll(() => source.numbers()).toHaveLength(5);
  // The status bar's seconds go by, and are no change: nothing would ever rest that reads a snapshot otherwise.
  await host.settle(1_000);
  const same = await page.evaluate(async () => {
    const first = host.one.handle.getSnapshot();
    const again = host.one.handle.getSnapshot();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return {
      atOnce: first === again,
      later:
        host.one.handle.getSnapshot().version === first.version
          ? host.one.handle.getSnapshot() === first
          : "changed",
    };
  });
  expect(same.atOnce).toBe(true);
  expect(same.later).not.toBe(false);
  const changed = await page.evaluate(async () => {
    window.first = host.one.handle.getSnapshot();
    const told = new Promise((resolve) => host.one.handle.subscribe(resolve));
    host.one.handle.clear();
    await told;
    const next = host.one.handle.getSnapshot();
    return {
      isOther: next !== window.first,
      grows: next.version > window.first.version,
      oldRows: window.first.rows.length,
    };
  });
  expect(changed).toEqual({ isOther: true, grows: true, oldRows: 5 });
});

test("rows stay the same objects from snapshot to snapshot, and cannot be changed by who reads them", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await gateway.publishNumbers(1, 3);
  await expect.poll(() => source.numbers()).toHaveLength(3);
  await page.evaluate(() => (window.first = host.one.handle.getSnapshot()));
  await gateway.publishNumbers(4, 4);
  await expect.poll(() => source.numbers()).toHaveLength(4);
  const result = await page.evaluate(() => {
    const next = host.one.handle.getSnapshot();
    try {
      next.rows.push("mine");
    } catch {
      // Frozen: as it should be.
    }
    return {
      kept: window.first.rows.every((row, index) => row === next.rows[index]),
      old: window.first.rows.length,
      length: host.one.handle.getSnapshot().rows.length,
    };
  });
  expect(result).toEqual({ kept: true, old: 3, length: 4 });
});

test("tells subscribers at most once per frame, until they leave", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await page.evaluate(() => {
    window.calls = { first: 0, second: 0, frames: 0 };
    const count = () => requestAnimationFrame(() => (window.calls.frames++, count()));
    count();
    window.leave = host.one.handle.subscribe(() => window.calls.first++);
    host.one.handle.subscribe(() => window.calls.second++);
  });
  await gateway.publishNumbers(1, 200);
  await expect.poll(() => source.numbers()).toHaveLength(200);
  const { first, second, frames } = await page.evaluate(() => window.calls);
  expect(first).toBeGreaterThan(0);
  expect(first).toBe(second);
  expect(first).toBeLessThanOrEqual(frames + 1);
  await page.evaluate(() => (window.leave(), window.leave()));
  const left = (await page.evaluate(() => window.calls)).first;
  await gateway.publishNumbers(201, 210);
  await expect.poll(() => source.numbers()).toHaveLength(210);
  const after = await page.evaluate(() => window.calls);
  expect(after.first).toBe(left);
  expect(after.second).toBeGreaterThan(left);
});

test("a subscriber that throws is told once, and the others hear all the same", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await page.evaluate(() => {
    window.heard = 0;
    host.one.handle.subscribe(() => {
      throw new Error("the host's own fault");
    });
    host.one.handle.subscribe(() => window.heard++);
  });
  for (let number = 1; number <= 5; number++) {
    await gateway.publishNumbers(number, number);
    await expect.poll(() => source.numbers()).toHaveLength(number);
  }
  expect(await page.evaluate(() => window.heard)).toBeGreaterThanOrEqual(5);
  const errors = (await source.errors()).filter(({ type }) => type === "callback");
  expect(errors).toHaveLength(1);
  expect(errors[0].cause).toBe("Error: the host's own fault");
});

test("iterating gives each line once and in order, to each that iterates, and ends with close", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await host.source("one");
  await page.evaluate(() => {
    const collect = (name) =>
      (async () => {
        for await (const { number } of host.one.handle) window[name].push(number);
        return "ended";
      })();
    window.quick = [];
    window.slow = [];
    window.ends = [
      collect("quick"),
      (async () => {
        for await (const { number } of host.one.handle) {
          window.slow.push(number);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return "ended";
      })(),
    ];
  });
  await source.connected();
  await gateway.publishNumbers(1, 300);
  await expect.poll(() => page.evaluate(() => window.slow.length)).toBe(300);
  expect(ranges(await page.evaluate(() => window.quick))).toBe("1-300");
  expect(ranges(await page.evaluate(() => window.slow))).toBe("1-300");
  await source.do("close");
  expect(await page.evaluate(() => Promise.all(window.ends))).toEqual(["ended", "ended"]);
  await host.isClosed();
});

test("breaking out of an iteration ends it alone", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await page.evaluate(() => {
    window.got = [];
    window.done = (async () => {
      for await (const { number } of host.one.handle) {
        window.got.push(number);
        if (number === 3) break;
      }
    })();
  });
  await gateway.publishNumbers(1, 10);
  await page.evaluate(() => window.done);
  expect(await page.evaluate(() => window.got)).toEqual([1, 2, 3]);
  await source.is("connected");
  await expect.poll(() => source.numbers()).toHaveLength(10);
});

test("calls of next that run ahead are each answered, in order", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  await (await host.source("one")).connected();
  await page.evaluate(() => {
    const iterator = host.one.handle[Symbol.asyncIterator]();
    window.ahead = Promise.all([
      iterator.next(),
      iterator.next(),
      iterator.next(),
      iterator.next(),
    ]);
  });
  await gateway.publishNumbers(1, 3);
  await host.settle();
  await page.evaluate(() => host.one.handle.close());
  const answered = page.evaluate(() =>
    Promise.race([
      window.ahead,
      new Promise((resolve) => setTimeout(resolve, 3_000, "some never came")),
    ]),
  );
  expect(await answered).toEqual([
    ...[1, 2, 3].map((number) => ({ done: false, value: expect.objectContaining({ number }) })),
    { done: true },
  ]);
});

test("an iteration of what is closed ends at once", async ({ host, page }) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  await source.do("close");
  expect(await page.evaluate(() => host.one.handle[Symbol.asyncIterator]().next())).toEqual({
    done: true,
  });
  for (const verb of ["connect", "disconnect", "retryNow", "clear", "close"]) await source.do(verb);
  await source.do("update", { capacity: 5 });
  expect(await page.evaluate(() => host.one.handle.getSnapshot().status.isLive)).toBe(false);
  await host.settle();
  await host.isClosed();
});

test("a consumer that falls behind is told how much it missed", async ({ host, page, gateway }) => {
  await host.open();
  const source = await host.source("one", {
    workspaceId: "workspace123",
    workflowId: "workflow456",
    capacity: 20,
  });
  await source.connected();
  await page.evaluate(() => {
    window.iterator = host.one.handle[Symbol.asyncIterator]();
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
  const snapshot = await page.evaluate(() => host.one.handle.getSnapshot());
  expect(ranges(snapshot.rows.map(({ number }) => number))).toBe("81-100");
  expect(snapshot.dropped).toBe(80);
});

test("many channels come over one stream", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (
    await host.source("one", { gatewayUrl: "", channels: [ONE, TWO] })
  ).connected();
  expect(await host.streams()).toHaveLength(1);
  expect(await gateway.connections()).toBe(1);
  await gateway.publishNumbers(1, 30, channelOf(ONE));
  await gateway.publishNumbers(1_001, 1_030, channelOf(TWO));
  await expect.poll(() => source.numbers()).toHaveLength(60);
  const rows = await page.evaluate(() => host.one.handle.getSnapshot().rows);
  const of = (name) =>
    ranges(rows.filter(({ channel }) => channel === name).map(({ number }) => number));
  expect([of(ONE), of(TWO)]).toEqual(["1-30", "1001-1030"]);
});

test("a channel that is added while connected loses nothing of the one that is kept", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connected();
  await gateway.publishNumbers(1, 50);
  await expect.poll(() => source.numbers()).toHaveLength(50);
  const publishing = gateway.publishNumbers(51, 400);
  await source.do("update", { channels: [ONE, TWO] });
  await source.do("update", { channels: [TWO, ONE, THREE] });
  await source.do("update", { channels: [ONE, THREE] });
  await publishing;
  await gateway.publishNumbers(1_001, 1_010, channelOf(THREE));
  await expect
    .poll(async () => ranges((await source.numbers()).filter((number) => number > 1_000)))
    .toBe("1001-1010");
  expect(ranges((await source.numbers()).filter((number) => number < 1_000))).toBe("1-400");
  const { rows, status } = await page.evaluate(() => host.one.handle.getSnapshot());
  expect(ranges(rows.filter(({ channel }) => channel === ONE).map(({ number }) => number))).toBe(
    "1-400",
  );
  expect(status).toMatchObject({ missing: 0, gaps: 0 });
  expect(await host.streams()).toHaveLength(1);
  await expect.poll(() => gateway.publish({ number: 1 }, channelOf(TWO))).toBe(0);
});

test("over a switch an iteration goes on as if nothing were", async ({ host, page, gateway }) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connected();
  await page.evaluate(() => {
    window.got = [];
    (async () => {
      for await (const row of host.one.handle) window.got.push(row.notice ?? row.number);
    })();
  });
  const publishing = gateway.publishNumbers(1, 200);
  for (const channels of [[ONE, TWO], [ONE], [ONE, THREE]]) {
    await source.do("update", { channels });
    await host.settle(100);
  }
  await publishing;
  await expect.poll(() => page.evaluate(() => window.got.length)).toBeGreaterThanOrEqual(200);
  expect(
    ranges((await page.evaluate(() => window.got)).filter((row) => typeof row === "number")),
  ).toBe("1-200");
});

test("other channels altogether begin afresh, without a stray line", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connected();
  await gateway.publishNumbers(1, 50);
  await expect.poll(() => source.numbers()).toHaveLength(50);
  const publishing = gateway.publishNumbers(51, 150);
  await source.do("update", { channels: [TWO] });
  await publishing;
  await source.is("connected");
  await gateway.publishNumbers(1_001, 1_005, channelOf(TWO));
  await expect
    .poll(() =>
      page.evaluate(() =>
        host.one.handle.getSnapshot().rows.map(({ number, text }) => number ?? text),
      ),
    )
    .toEqual([1_001, 1_002, 1_003, 1_004, 1_005]);
});

test("what of the old channels nobody was told yet is no loss of the new ones", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connected();
  await page.evaluate(
    ([one, two]) => {
      // In one task, so that no frame comes between: a line, and the switch.
      const data = JSON.stringify({
        channel: one,
        data: { number: 1 },
        seq: 1,
        timestamp: Date.now(),
        id: "log-1",
      });
      for (const stream of eyes.streams)
        stream.dispatchEvent(new MessageEvent("message", { data, lastEventId: "log-1" }));
      host.one.handle.update({ channels: [two] });
    },
    [ONE, TWO],
  );
  await source.is("connected");
  await gateway.publishNumbers(1_001, 1_003, channelOf(TWO));
  await expect
    .poll(() =>
      page.evaluate(() =>
        host.one.handle.getSnapshot().rows.map(({ number, text }) => number ?? text),
      ),
    )
    .toEqual([1_001, 1_002, 1_003]);
});

test("wrong channels, gateways and ids are refused by name", async ({ host, page }) => {
  await host.open();
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
        host.thrown(() => host.headless.openLogs({ [option]: value, autoConnect: true })),
      ),
    cases,
  );
  results.forEach((thrown, index) =>
    expect(thrown, JSON.stringify(cases[index]).slice(0, 80)).toMatchObject({
      isOurs: true,
      type: "option",
      option: cases[index][0],
    }),
  );
  const source = await (await host.source("one", { gatewayUrl: "", channels: [ONE] })).connected();
  const updates = await page.evaluate(
    (cases) =>
      cases.map(([option, value]) =>
        host.thrown(() => host.one.handle.update({ [option]: value })),
      ),
    cases,
  );
  updates.forEach((thrown, index) =>
    expect(thrown, JSON.stringify(cases[index]).slice(0, 80)).toMatchObject({
      isOurs: true,
      type: "option",
      option: cases[index][0],
    }),
  );
  await host.settle();
  await source.is("connected");
  expect(await host.opened()).toBe(1);
  expect(
    await page.evaluate(() => host.thrown(() => host.one.handle.subscribe("no function"))),
  ).toMatchObject({ isOurs: true, type: "option" });
});

test("nothing to read yet is no error", async ({ host, page }) => {
  await host.open();
  await page.evaluate(() => (host.nothing = host.headless.openLogs()));
  await page.evaluate(() => host.nothing.ready);
  await page.evaluate(() => host.nothing.connect());
  await host.settle();
  expect(await host.opened()).toBe(0);
  await page.evaluate(() => host.nothing.close());
});

test("a page with a viewer and a source has both, side by side", async ({ host, gateway }) => {
  await host.open();
  const source = await (await host.source("one")).connected();
  const viewer = await (await host.mount("two")).connected();
  await gateway.publishNumbers(1, 5);
  await expect.poll(() => source.numbers()).toEqual([1, 2, 3, 4, 5]);
  await expect(viewer.row("number 5")).toBeVisible();
  expect(await host.told(/^\[live logs\] .*\b(WebAssembly|JavaScript)\b/)).toHaveLength(1);
  await source.do("close");
  await viewer.is("connected");
});
