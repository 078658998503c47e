// A page with zone.js, as Angular has it: each task that is registered in the application's zone
// starts a change detection of the whole page. A backend of the first generation sends one event
// per line, which would be one change detection per line.

/// <reference types="zone.js" />

import { IDS } from "../support/environment.mjs";
import { startServer } from "../support/http_server.mjs";
import { TRANSPORTS } from "../support/transports.mjs";
import { policyWithLoopback } from "./policies.mjs";
import { expect, test } from "./support.mjs";

/** @import { ServerResponse } from "node:http" */

/**
 * Starts a backend of the first generation: bare entries, each an event of its own, sent when a
 * test asks for them.
 */
async function startBackend() {
  /** @type {Set<ServerResponse>} */
  const readers = new Set();
  const { origin, close } = await startServer((_request, response) => {
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Access-Control-Allow-Origin": "*",
    });
    response.write("retry: 5000\n\n");
    readers.add(response);
    response.on("close", () => readers.delete(response));
  });
  let last = 0;
  return {
    url: `${origin}/logs/stream`,
    close,
    readers: () => readers.size,

    /**
     * Sends lines in small pieces, so that the browser reads them one after the other.
     *
     * @param {number} count
     */
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
  };
}

/**
 * Creates the zone of an application, which counts what Angular would count, and opens a viewer or
 * a source in it. Runs in the page.
 *
 * @param {{ kind: string, options: Record<string, unknown>, listens?: boolean }} plan
 */
function openInZone({ kind, options, listens }) {
  const zone = Zone.current.fork({
    name: "application",
    onInvokeTask: (delegate, _current, target, task, self, args) => {
      counted.tasks += 1;
      return delegate.invokeTask(target, task, self, args);
    },
    onInvoke: (delegate, _current, target, callback, self, args, source) => {
      counted.runs += 1;
      return delegate.invoke(target, callback, self, args, source);
    },
  });
  const callbacks = {
    onLog: (/** @type {readonly unknown[]} */ logs) => {
      counted.zones.push(`onLog: ${Zone.current.name}`);
      counted.logs += logs.length;
    },
    onStatus: () => {
      counted.zones.push(`onStatus: ${Zone.current.name}`);
    },
  };
  window.counted = { tasks: 0, runs: 0, zones: [], logs: 0, frames: 0 };
  window.applicationZone = zone;
  zone.run(() => {
    const { mountLiveLogs } = harness.viewer;
    const all = { ...options, ...(listens && callbacks) };
    counted.handle =
      kind === "viewer"
        ? mountLiveLogs(harness.element("one"), all)
        : harness.headless.openLogs(all);
    counted.handle.connect();
  });
}

test.use({
  policy: async ({ runs }, use) => use(policyWithLoopback(runs)),
});

for (const kind of ["viewer", "source"]) {
  for (const [name, transport] of Object.entries(TRANSPORTS)) {
    test(`${kind} by ${name}: two thousand events run no code in the application's zone`, async ({
      host,
      page,
    }) => {
      const backend = await startBackend();
      await host.open("zone.html");
      await page.evaluate(openInZone, {
        kind,
        options: {
          ...IDS,
          endpoint: backend.url,
          ...transport,
        },
      });
      await expect
        .poll(() => page.evaluate(() => counted.handle?.status().state))
        .toBe("connected");
      await backend.send(20);
      await expect.poll(() => page.evaluate(() => counted.handle?.status().received)).toBe(20);
      const before = await page.evaluate(() => ({ tasks: counted.tasks, runs: counted.runs }));
      await backend.send(2_000);
      await expect.poll(() => page.evaluate(() => counted.handle?.status().received)).toBe(2_020);
      expect(await page.evaluate(() => ({ tasks: counted.tasks, runs: counted.runs }))).toEqual(
        before,
      );
      await page.evaluate(() =>
        applicationZone.run(() => {
          const { handle } = counted;
          if (handle && "close" in handle) handle.close();
          else handle?.unmount();
        }),
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
    options: { ...IDS, endpoint: backend.url },
  });
  await expect.poll(() => page.evaluate(() => counted.handle?.status().state)).toBe("connected");
  await page.evaluate(() => {
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
  const one = await (await host.mount("one")).connect();
  await page.evaluate(() => {
    window.received = [];
    Zone.current
      .fork({ name: "later" })
      .run(() => live.one.handle.update({ onLog: () => window.received.push(Zone.current.name) }));
  });
  await gateway.publish({ message: "arrived" });
  await expect(one.row("arrived")).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.received)).toEqual(["later"]);
});
