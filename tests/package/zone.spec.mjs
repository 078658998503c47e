// A page with zone.js, as Angular has it: there each task that is registered in the application's zone is a search for changes in the
// whole page. The first backend sends one event per line, which is where it hurt; here the stream comes from this file, line by line.

import http from "node:http";
import { STRICT, WASM } from "./policies.mjs";
import { expect, test } from "./support.mjs";

const WAYS = {
  EventSource: {},
  "EventSource, in a Worker": { worker: true },
  fetch: { transport: "fetch" },
  "fetch, in a Worker": { transport: "fetch", worker: true },
};

/** A backend of the first generation: bare entries, each an event of its own, sent when a test asks for them. */
async function startBackend() {
  const readers = new Set();
  const server = http.createServer((request, response) => {
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Access-Control-Allow-Origin": "*",
    });
    response.write("retry: 5000\n\n");
    readers.add(response);
    response.on("close", () => readers.delete(response));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  let last = 0;
  return {
    url: `http://127.0.0.1:${server.address().port}/logs/stream`,
    readers: () => readers.size,
    /** In pieces, so that the browser has many goes at them. */
    async send(count) {
      for (let sent = 0; sent < count; sent += 1) {
        last += 1;
        for (const reader of readers)
          reader.write(
            `id: ${last}\ndata: {"level":"INFO","message":"line ${last}","number":${last}}\n\n`,
          );
        if (sent % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    async close() {
      for (const reader of readers) reader.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Makes the zone of an application, which counts what Angular would count, and opens `kind` in it. */
function openInZone({ kind, options, listens }) {
  const counted = { tasks: 0, runs: 0, zones: [] };
  const zone = Zone.current.fork({
    name: "application",
    onInvokeTask: (delegate, current, target, task, self, args) => {
      counted.tasks += 1;
      return delegate.invokeTask(target, task, self, args);
    },
    onInvoke: (delegate, current, target, callback, ...rest) => {
      counted.runs += 1;
      return delegate.invoke(target, callback, ...rest);
    },
  });
  const heard = (name) => (value) => {
    counted.zones.push(`${name}: ${Zone.current.name}`);
    if (name === "onLog") counted.logs = (counted.logs ?? 0) + value.length;
  };
  const callbacks = listens ? { onLog: heard("onLog"), onStatus: heard("onStatus") } : {};
  zone.run(() => {
    const { mountLiveLogs } = host.viewer;
    const given = { ...options, ...callbacks };
    counted.handle =
      kind === "viewer"
        ? mountLiveLogs(document.getElementById("one"), given)
        : host.headless.openLogs(given);
    counted.handle.connect();
  });
  window.counted = counted;
  window.applicationZone = zone;
}

test.use({
  policy: async ({ runs }, use) =>
    use(
      (runs === "wasm" ? WASM : STRICT).replace(
        "connect-src 'self'",
        "connect-src 'self' http://127.0.0.1:*",
      ),
    ),
});

for (const kind of ["viewer", "source"]) {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`${kind} by ${name}: two thousand events run nothing in the application's zone`, async ({
      host,
      page,
    }) => {
      const backend = await startBackend();
      await host.open("zone.html");
      await page.evaluate(openInZone, {
        kind,
        options: {
          workspaceId: "workspace123",
          workflowId: "workflow456",
          endpoint: backend.url,
          ...way,
        },
      });
      await expect.poll(() => page.evaluate(() => counted.handle.status().state)).toBe("connected");
      await backend.send(20);
      await expect.poll(() => page.evaluate(() => counted.handle.status().received)).toBe(20);
      const before = await page.evaluate(() => ({ tasks: counted.tasks, runs: counted.runs }));
      await backend.send(2_000);
      await expect.poll(() => page.evaluate(() => counted.handle.status().received)).toBe(2_020);
      expect(await page.evaluate(() => ({ tasks: counted.tasks, runs: counted.runs }))).toEqual(
        before,
      );
      await page.evaluate(() =>
        applicationZone.run(() => (counted.handle.unmount ?? counted.handle.close)()),
      );
      await expect.poll(() => backend.readers()).toBe(0);
      await backend.close();
    });
  }
}

test("callbacks run in the zone in which they were passed, at most once per frame", async ({
  host,
  page,
}) => {
  const backend = await startBackend();
  await host.open("zone.html");
  await page.evaluate(openInZone, {
    kind: "source",
    listens: true,
    options: { workspaceId: "workspace123", workflowId: "workflow456", endpoint: backend.url },
  });
  await expect.poll(() => page.evaluate(() => counted.handle.status().state)).toBe("connected");
  await page.evaluate(() => {
    counted.frames = 0;
    const count = () => {
      counted.frames += 1;
      requestAnimationFrame(count);
    };
    count();
  });
  await backend.send(2_000);
  await expect.poll(() => page.evaluate(() => counted.logs)).toBe(2_000);
  const { zones, frames, tasks } = await page.evaluate(() => ({
    zones: counted.zones,
    frames: counted.frames,
    tasks: counted.tasks,
  }));
  expect(new Set(zones)).toEqual(new Set(["onLog: application", "onStatus: application"]));
  expect(zones.filter((zone) => zone.startsWith("onLog")).length).toBeLessThanOrEqual(frames + 1);
  expect(tasks).toBeLessThan(50);
  await backend.close();
});

test("a callback of an update runs in the zone of the update", async ({ host, page, gateway }) => {
  await host.open("zone.html");
  const one = await (await host.mount("one")).connected();
  await page.evaluate(() => {
    window.heardIn = [];
    Zone.current
      .fork({ name: "later" })
      .run(() => host.one.handle.update({ onLog: () => window.heardIn.push(Zone.current.name) }));
  });
  await gateway.publish({ message: "heard" });
  await expect(one.row("heard")).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.heardIn)).toEqual(["later"]);
});
