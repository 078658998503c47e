// Repeated mounting and unmounting leaves nothing: no memory, no listener, no node, no stream.
// LOGS_MOUNTS sets how often.

import { expect, test } from "./support.mjs";

const MOUNTS = Number(process.env.LOGS_MOUNTS ?? 200);

/** A leak grows in each of these rounds, the browser's own memory only in some. */
const ROUNDS = 5;

/** The mounts after which the caches of the browser and of the module have their size. */
const WARM_UP = 40;

/**
 * The most that one mount may leave, in bytes of JavaScript values. A page that stays open for days
 * has thousands of mounts.
 */
const BYTES_PER_MOUNT = 64;

/**
 * The kinds of values that count: those that a program creates. Compiled code and type feedback
 * grow for minutes while a program of half a megabyte gets warm, and each request adds to the
 * browser's own objects while DevTools are attached; those of the page are counted separately.
 */
const VALUES = [
  "object",
  "closure",
  "array",
  "string",
  "concatenated string",
  "sliced string",
  "number",
  "bigint",
  "symbol",
  "regexp",
];

/** @type {Record<string, (options: { times: number }) => Promise<void>>} */
const CYCLES = {
  viewer: async ({ times }) => {
    for (let time = 0; time < times; time++) {
      const received = { rows: 0 };
      const place = harness.element("one");
      const handle = harness.viewer.mountLiveLogs(place, {
        workspaceId: "workspace123",
        workflowId: "workflow456",
        autoConnect: true,
        console: "off",
        onLog: (logs) => {
          received.rows += logs.length;
        },
      });
      await handle.ready;
      while (!handle.status().isLive || !place.querySelector(".dsl-word"))
        await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise(requestAnimationFrame);
      handle.update({ title: `title ${time}` });
      handle.unmount();
    }
  },
  headless: async ({ times }) => {
    for (let time = 0; time < times; time++) {
      const logs = harness.headless.openLogs({
        workspaceId: "workspace123",
        workflowId: "workflow456",
        autoConnect: true,
        console: "off",
      });
      const unsubscribe = logs.subscribe(() => logs.getSnapshot());
      const iterated = (async () => {
        for await (const log of logs) void log;
      })();
      await logs.ready;
      while (!logs.status().isLive) await new Promise((resolve) => setTimeout(resolve, 5));
      if (time % 2 === 0) unsubscribe();
      logs.close();
      await iterated;
    }
  },
};

for (const [kind, cycle] of Object.entries(CYCLES)) {
  test(`${MOUNTS} mounts leave nothing behind: ${kind}`, async ({ host, page, gateway }) => {
    test.setTimeout(60_000 + MOUNTS * 500);
    await host.open();
    await page.evaluate(cycle, { times: WARM_UP });
    const series = [await measure(page)];
    const times = Math.ceil(MOUNTS / ROUNDS);
    for (let round = 0; round < ROUNDS; round++) {
      await page.evaluate(cycle, { times });
      await expect.poll(() => gateway.connections()).toBe(0);
      series.push(await measure(page));
    }
    const [before, after] = [series[0], series[series.length - 1]];
    console.log(
      `  ${kind}: ${series.map(({ heap }) => `${heap}`).join(", ")}; ${JSON.stringify(after)}`,
    );
    expect(smallestStep(series.map(({ heap }) => heap))).toBeLessThan(times * BYTES_PER_MOUNT);
    // Outside of the JavaScript heap, where the module as JavaScript has its memory.
    expect(smallestStep(series.map(({ buffers }) => buffers))).toBeLessThanOrEqual(0);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    expect(after.nodes).toBeLessThanOrEqual(before.nodes + 2);
    expect(after.memory).toEqual(before.memory);
    expect(after.streams).toBe(0);
  });
}

/** @param {number[]} sizes */
function smallestStep(sizes) {
  return Math.min(...sizes.slice(1).map((size, index) => size - sizes[index]));
}

/**
 * Measures a page after garbage collection.
 *
 * @param {import("@playwright/test").Page} page
 */
async function measure(page) {
  const devtools = await page.context().newCDPSession(page);
  // Grows with each stream, for the tests that read it.
  await page.evaluate(() => {
    probe.urls.length = 0;
  });
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.enable");
  // Again by the snapshot: objects that the first collection frees may have held others.
  await devtools.send("HeapProfiler.collectGarbage");
  await page.waitForTimeout(200);
  const heap = await heldBytes(devtools);
  const { metrics } = await devtools.send("Performance.getMetrics");
  const { backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  /** @param {string} name */
  const metric = (name) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  const records = await page.evaluate(() => ({
    memory: probe.memories.map(({ buffer }) => buffer.byteLength),
    streams: probe.streams.size,
  }));
  return {
    heap,
    used: metric("JSHeapUsedSize"),
    listeners: metric("JSEventListeners"),
    nodes: metric("Nodes"),
    buffers: backingStorageSize,
    ...records,
  };
}

/**
 * Returns the bytes of the values in the heap.
 *
 * @param {import("@playwright/test").CDPSession} devtools
 */
async function heldBytes(devtools) {
  /** @type {string[]} */
  const chunks = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  const { snapshot, nodes } = JSON.parse(chunks.join(""));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf("type"), fields.indexOf("self_size")];
  const counted = new Set(VALUES.map((name) => types[type].indexOf(name)));
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += fields.length)
    if (counted.has(nodes[at + type])) bytes += nodes[at + size];
  return bytes;
}
