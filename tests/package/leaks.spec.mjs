// Mounting and unmounting over and over leaves nothing: no memory, no listener, no node, no stream. LOGS_MOUNTS sets how often.

import { expect, test } from "./support.mjs";

const MOUNTS = Number(process.env.LOGS_MOUNTS ?? 200);

/** Measured after each of so many rounds: what is left behind grows in every round, what a browser keeps for itself in some. */
const ROUNDS = 5;

/** Until caches of the browser and of the engine have their size. */
const WARM_UP = 40;

/** What one mount may leave for good, in bytes of JavaScript's values: a page that stays open for days has thousands of mounts. */
const BYTES_PER_MOUNT = 64;

/**
 * What is counted: the values that a program makes. Not compiled code and what is known of types, which grow for minutes while a program of
 * half a megabyte gets warm; nor the browser's own objects, which each request adds to while DevTools watch. Those of the page are counted one by one.
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

const KINDS = {
  viewer: async ({ times }) => {
    for (let time = 0; time < times; time++) {
      const heard = { rows: 0 };
      const place = document.getElementById("one");
      const handle = host.viewer.mountLiveLogs(place, {
        workspaceId: "workspace123",
        workflowId: "workflow456",
        autoConnect: true,
        console: "off",
        onLog: (logs) => (heard.rows += logs.length),
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
      const logs = host.headless.openLogs({
        workspaceId: "workspace123",
        workflowId: "workflow456",
        autoConnect: true,
        console: "off",
      });
      const end = logs.subscribe(() => logs.getSnapshot());
      const iterated = (async () => {
        for await (const log of logs) void log;
      })();
      await logs.ready;
      while (!logs.status().isLive) await new Promise((resolve) => setTimeout(resolve, 5));
      if (time % 2 === 0) end();
      logs.close();
      await iterated;
    }
  },
};

for (const [kind, cycle] of Object.entries(KINDS)) {
  test(`${MOUNTS} times ${kind}`, async ({ host, page, gateway, runs }) => {
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
    const [before, after] = [series[0], series.at(-1)];
    console.log(
      `  ${kind}: ${series.map(({ heap }) => `${heap}`).join(", ")}; ${JSON.stringify(after)}`,
    );
    expect(smallestStep(series.map(({ heap }) => heap))).toBeLessThan(times * BYTES_PER_MOUNT);
    // Outside of JavaScript's heap, where the JavaScript twin of the engine has its memory.
    expect(smallestStep(series.map(({ buffers }) => buffers))).toBeLessThanOrEqual(0);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    expect(after.nodes).toBeLessThanOrEqual(before.nodes + 2);
    expect(after.memory).toEqual(before.memory);
    expect(after.streams).toBe(0);
  });
}

function smallestStep(sizes) {
  return Math.min(...sizes.slice(1).map((size, index) => size - sizes[index]));
}

/** Sizes after a collection of all that nobody holds. */
async function measure(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("HeapProfiler.enable");
  // Twice: what the first frees may have held more.
  await devtools.send("HeapProfiler.collectGarbage");
  await page.waitForTimeout(200);
  const heap = await heldBytes(devtools);
  const { metrics } = await devtools.send("Performance.getMetrics");
  const { backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const seen = await page.evaluate(() => ({
    memory: eyes.memories.map(({ buffer }) => buffer.byteLength),
    streams: eyes.streams.size,
  }));
  return {
    heap,
    used: of("JSHeapUsedSize"),
    listeners: of("JSEventListeners"),
    nodes: of("Nodes"),
    buffers: backingStorageSize,
    ...seen,
  };
}

/** Bytes of the values in the heap. */
async function heldBytes(devtools) {
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
