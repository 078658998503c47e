// deploy/nginx behind a real nginx: nothing is lost while each part restarts, and headers that
// nginx decides about cannot be forged.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { required } from "../support/environment.mjs";
import { Nginx } from "./nginx.mjs";
import { exchange, expectAll, lostBy, needs, Publisher, Reader, until } from "./support.mjs";

/** @import { TestContext } from "node:test" */

const NEEDS = needs("nginx");

/** A demo as a process, that starts again on the same port. */
class Gateway {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  url = "http://127.0.0.1:0";

  /**
   * @param {TestContext} t
   * @param {string[]} args
   */
  static async start(t, args = []) {
    const gateway = new Gateway();
    t.after(() => gateway.stop("SIGKILL"));
    await gateway.start(args);
    return gateway;
  }

  /** @param {string[]} args */
  async start(args = []) {
    const all = ["--demo", "--port", new URL(this.url).port || "0", ...args];
    const { child, url } = await startGateway(required("LOGS_GATEWAY"), all);
    this.#child = child;
    this.url = url;
  }

  /** @param {NodeJS.Signals} signal */
  stop(signal) {
    return stop(this.#child, { signal });
  }
}

/**
 * Starts a gateway behind nginx, with a reader and a publisher in front.
 *
 * @param {TestContext} t
 * @param {{ args?: string[], changes?: Record<string, string> }} [options]
 */
async function startAll(t, { args, changes } = {}) {
  const gateway = await Gateway.start(t, args);
  const nginx = await Nginx.start(t, gateway.url, changes);
  const reader = new Reader(nginx);
  const publisher = await Publisher.start(nginx, reader);
  t.after(async () => {
    await publisher.end();
    await reader.end();
  });
  await publisher.more(50);
  return { gateway, nginx, reader, publisher };
}

test("nothing is lost while nginx reloads, and its streams continue", NEEDS, async (t) => {
  const { nginx, reader, publisher } = await startAll(t);
  for (let round = 0; round < 3; round++) {
    await nginx.reload();
    await publisher.more(50);
  }
  await publisher.end();
  assert.equal(await expectAll(reader, publisher), 0);
  assert.equal(reader.connections, 1, "a reload ended the stream");
});

test("nothing is lost while old workers end before their streams", NEEDS, async (t) => {
  const { nginx, reader, publisher } = await startAll(t);
  for (let round = 0; round < 3; round++) {
    const before = reader.connections;
    await nginx.killWorkers();
    await until("the reader is back", () => reader.connections > before);
    await publisher.more(50);
  }
  await publisher.end();
  assert.equal(await expectAll(reader, publisher), 0);
  assert.ok(reader.broken >= 3, "no stream broke");
});

test("nothing is lost where proxy_read_timeout is shorter than the silence", NEEDS, async (t) => {
  const { reader, publisher } = await startAll(t, {
    args: ["--ping", "1h", "--heartbeat", "1h"],
    changes: { "proxy_read_timeout 75s;": "proxy_read_timeout 1s;" },
  });
  for (let round = 0; round < 2; round++) {
    await publisher.end();
    const before = reader.connections;
    await until("nginx ends the silent stream", () => reader.connections > before);
    publisher.resume();
    await publisher.more(50);
  }
  await publisher.end();
  assert.equal(await expectAll(reader, publisher), 0);
});

test("nothing is lost while the gateway restarts in order", NEEDS, async (t) => {
  const { gateway, reader, publisher } = await startAll(t);
  for (let round = 0; round < 2; round++) {
    const before = reader.connections;
    await gateway.stop("SIGTERM");
    await gateway.start();
    await until("the reader is back", () => reader.connections > before);
    await publisher.more(50);
  }
  await publisher.end();
  assert.equal(await expectAll(reader, publisher), 0, "acknowledged and not received");
  assert.ok(publisher.refused > 0, "no publish was refused");
  assert.equal(reader.broken, 0, "a stream ended without a goodbye");
});

test("what a crash of the gateway costs is in a gap", NEEDS, async (t) => {
  const { gateway, reader, publisher } = await startAll(t);
  const before = reader.connections;
  await gateway.stop("SIGKILL");
  await gateway.start();
  await until("the reader is back", () => reader.connections > before);
  await publisher.more(50);
  await publisher.end();
  // What the gateway stored without acknowledging it may come again, with a new number.
  reader.received = [...new Set(reader.received)];
  const lost = await expectAll(reader, publisher);
  assert.ok(lost === 0 || reader.unknownGaps > 0, `${lost} lost without a gap`);
  assert.ok(reader.unknownGaps > 0, "the restart is reported");
});

test("a page reads many streams over the HTTP/2 of nginx", NEEDS, async (t) => {
  const gateway = await Gateway.start(t);
  const nginx = await Nginx.start(t, gateway.url);
  const readers = Array.from({ length: 50 }, () => new Reader(nginx));
  t.after(() => Promise.all(readers.map((reader) => reader.end())));
  await until("all are connected", () => readers.every((reader) => reader.connections === 1));
  const publisher = await Publisher.start(nginx, readers[0]);
  await publisher.more(20);
  await publisher.end();
  for (const reader of readers) assert.equal(await lostBy(reader, publisher), 0);
});

test("a client cannot forge what nginx says about it", NEEDS, async (t) => {
  /** @type {import("node:http").IncomingMessage[]} */
  const requests = [];
  const { createServer } = await import("node:http");
  const backend = createServer((request, response) => {
    requests.push(request);
    response.end("{}");
  });
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => backend.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (backend.address());
  const nginx = await Nginx.start(t, `http://127.0.0.1:${port}`);
  const forged = {
    "x-user-id": "mallory",
    "x-workspace-id": ["hospA", "hospB"],
    x_workspace_id: "hospA",
    "x-proxy-secret": "guess",
    "x-forwarded-for": "10.0.0.1",
    "x-real-ip": "10.0.0.1",
    forwarded: "for=10.0.0.1",
    cookie: "session=1",
    authorization: "Bearer token",
    "last-event-id": "1.aaaaaa.5",
  };
  for (const path of ["/logs/stream?channels=a", "/api/logs/stream", "/logs/history", "/health"])
    await exchange(nginx, path, { headers: forged });
  assert.equal(requests.length, 4);
  for (const { headers, url } of requests) {
    const text = JSON.stringify(headers);
    assert.doesNotMatch(text, /mallory|hosp|guess|10\.0\.0\.1/, url);
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers.cookie, "session=1");
    assert.equal(headers.authorization, "Bearer token");
    assert.equal(headers["last-event-id"], "1.aaaaaa.5");
  }
  for (const path of ["/admin/logs/stats", "/metrics", "/test/logs", "/"])
    assert.equal((await exchange(nginx, path)).status, 404, path);
  assert.equal(requests.length, 4);
  const { headers } = await exchange(nginx, "/health");
  assert.equal(headers["strict-transport-security"], "max-age=31536000");
});
