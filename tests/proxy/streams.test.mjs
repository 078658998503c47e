// An open stream: heartbeats, deadlines, back-pressure, and what happens when either side leaves.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import {
  HEAD,
  IDS,
  Reader,
  STREAM,
  startCanned,
  startHost,
  startUpstream,
  until,
  within,
} from "./support.mjs";

const URL_PATH = `${STREAM}?${IDS}`;

/** Streams that fall silent, with the heartbeat that bridges the silence; none within a line. */
const SILENCES = {
  "": ":ping\n\n",
  "data: a\n\n": ":ping\n\n",
  "data: a\r\n\r\n": ":ping\n\n",
  "data: half\n": ":ping\n",
  "id: 1\r\n": ":ping\n",
  "data: ha": "",
  "data: ha\r": "",
};

for (const [text, heartbeat] of Object.entries(SILENCES)) {
  test(`bridges a silence after ${JSON.stringify(text)}, until the deadline`, async (t) => {
    const upstream = await startCanned(t, `${HEAD}\r\n${text}`);
    const host = await startHost(t, {
      gateway: upstream.url,
      heartbeatMs: 20,
      deadlines: { idleMs: 1_000 },
    });
    const body = await (await Reader.open(host.url + URL_PATH)).rest();
    assert.ok(body.startsWith(text));
    const pings = body.slice(text.length);
    if (heartbeat === "") assert.equal(pings, "");
    else assert.ok(pings !== "" && pings.replaceAll(heartbeat, "") === "", JSON.stringify(pings));
    assert.deepEqual([host.proxy.stats().ended.idle, host.proxy.stats().streams], [1, 0]);
    await until("the gateway's connection is closed", () => upstream.open.size === 0);
  });
}

test("ends the stream cleanly when the gateway dies", async (t) => {
  const upstream = await startCanned(
    t,
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n`,
  );
  const host = await startHost(t, { gateway: upstream.url });
  const reader = await Reader.open(host.url + URL_PATH);
  assert.equal((await reader.next())?.data, "a");
  for (const socket of upstream.open) socket.resetAndDestroy();
  assert.equal(await reader.next(), undefined);
  assert.ok(reader.response.complete, "the response is complete, not broken");
  assert.equal(host.proxy.stats().ended.upstream, 1);
});

/** @type {Record<string, (socket: import("node:net").Socket) => void>} */
const DEPARTURES = {
  "closes its connection": (socket) => socket.destroy(),
  "resets its connection": (socket) => socket.resetAndDestroy(),
  "ends only its side": (socket) => socket.end(),
};

for (const [name, leave] of Object.entries(DEPARTURES)) {
  for (const stage of ["before the head", "within the stream"]) {
    test(`ends the request to the gateway when the browser ${name} ${stage}`, async (t) => {
      const bytes = stage === "before the head" ? "" : `${HEAD}\r\ndata: a\n\n`;
      const upstream = await startCanned(t, bytes);
      const host = await startHost(t, { gateway: upstream.url });
      const { port } = new URL(host.url);
      const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
      socket.on("error", () => {});
      socket.write(`GET ${URL_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`);
      if (bytes === "") await until("the gateway is asked", () => upstream.open.size === 1);
      else await within(once(socket, "data"), "the stream");
      leave(socket);
      await until("the gateway's connection is closed", () => upstream.open.size === 0);
      await until("the user's place is free", () => host.proxy.stats().users === 0);
      assert.equal(host.proxy.stats().streams, 0);
      socket.destroy();
    });
  }
}

test("ends the request to the gateway if the browser left while authorize was busy", async (t) => {
  const upstream = await startUpstream(t, (_, response) => response.end());
  /** @type {() => void} */
  let decide = () => {};
  const asked = new Promise((resolve) => {
    decide = () => resolve({ userId: "jane", workspaceIds: ["workspace123"] });
  });
  let calls = 0;
  const host = await startHost(t, {
    gateway: upstream.url,
    authorize: () => {
      calls += 1;
      return /** @type {any} */ (asked);
    },
  });
  const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
  socket.write(`GET ${URL_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await until("authorize is asked", () => calls === 1);
  socket.destroy();
  await until("the server noticed", async () => {
    const [count] = await new Promise((resolve) =>
      host.server.getConnections((_, number) => resolve([number])),
    );
    return count === 0;
  });
  decide();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(upstream.requests.length, 0);
  assert.equal(host.proxy.stats().users, 0);
});

test("reads no faster than a slow browser, and loses nothing", async (t) => {
  const event = `data: ${"x".repeat(1_015)}\n\n`;
  const total = 64 << 20;
  let sent = 0;
  const upstream = await startUpstream(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const send = () => {
      while (sent < total) {
        sent += event.length;
        if (!response.write(event)) return void response.once("drain", send);
      }
      response.end();
    };
    send();
  });
  const host = await startHost(t, { gateway: upstream.url });
  const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
  socket.on("error", () => {});
  // Reads nothing at first.
  socket.pause();
  socket.write(`GET ${URL_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let before = -1;
  await until("the gateway can send no more", async () => {
    const isStill = sent === before && sent > 0;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return isStill && sent === before;
  });
  // Only what fits into the buffers of sockets; the rest stays with the gateway.
  assert.ok(sent < total / 2, `${sent} bytes were read ahead`);
  assert.ok(host.proxy.stats().bytes < total / 2);
  let received = 0;
  socket.on("data", (chunk) => {
    received += chunk.length;
  });
  socket.resume();
  await within(once(socket, "close"), "the end of the stream");
  assert.ok(received > total, "every byte arrives");
  assert.equal(host.proxy.stats().bytes, sent);
});

test("cuts off a browser that accepts nothing for too long", async (t) => {
  const upstream = await startUpstream(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const send = () => {
      while (response.write("data: x\n\n".repeat(1_000)));
      response.once("drain", send);
    };
    send();
  });
  const host = await startHost(t, { gateway: upstream.url, deadlines: { writeMs: 300 } });
  const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${URL_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await until("it is cut off", () => host.proxy.stats().ended.stalled === 1);
  await until("its place is free", () => host.proxy.stats().users === 0);
  socket.destroy();
});

test("ends streams at their age with a goodbye after which pages reconnect", async (t) => {
  const upstream = await startCanned(t, `${HEAD}\r\ndata: a\n\n`);
  const host = await startHost(t, { gateway: upstream.url, maxAgeMs: 50 });
  const reader = await Reader.open(host.url + URL_PATH);
  await reader.next();
  const bye = await reader.next();
  assert.equal(bye?.event, "bye");
  assert.equal(JSON.parse(bye?.data ?? "").reason, "rotation");
  assert.equal(await reader.next(), undefined);
  assert.equal(host.proxy.stats().ended.age, 1);
});

/** What a gateway sent before the server shuts down, and whether a goodbye may follow it. */
const DRAINED = {
  "data: whole\n\n": true,
  "data: whole\r\n\r\n": true,
  "data: whole\r\r": true,
  "": true,
  "data: ha": false,
  "data: half\n": false,
};

for (const [text, hasBye] of Object.entries(DRAINED)) {
  test(`drains a stream after ${JSON.stringify(text)}`, async (t) => {
    const upstream = await startCanned(t, `${HEAD}\r\n${text}`);
    const host = await startHost(t, { gateway: upstream.url });
    const reader = await Reader.open(host.url + URL_PATH);
    await until("the text is there", () => {
      const { streams, bytes } = host.proxy.stats();
      return streams === 1 && bytes === text.length;
    });
    await within(host.proxy.close(), "the drain");
    const body = (await reader.rest()).slice(text.length);
    const bye = /^retry: (\d+)\nevent: bye\ndata: (.*)\n\n$/.exec(body);
    assert.equal(bye !== null, hasBye, JSON.stringify(body));
    if (bye) assert.deepEqual(JSON.parse(bye[2]), { reason: "shutdown", retryMs: Number(bye[1]) });
    assert.equal(host.proxy.stats().ended.shutdown, 1);
    await until("the gateway's connection is closed", () => upstream.open.size === 0);
  });
}

test("refuses readers while it is closing, those that wait for the gateway too", async (t) => {
  const upstream = await startCanned(t, "");
  const host = await startHost(t, { gateway: upstream.url });
  const waiting = Reader.open(host.url + URL_PATH);
  await until("the gateway is asked", () => upstream.open.size === 1);
  await within(host.proxy.close(), "the drain");
  assert.equal((await waiting).status, 503);
  const late = await Reader.open(host.url + URL_PATH);
  assert.deepEqual([late.status, late.headers["retry-after"]], [503, "1"]);
  assert.ok(host.proxy.stats().closing);
  await within(host.proxy.close(), "a second close");
});

test("closes although a browser accepts nothing", async (t) => {
  const upstream = await startUpstream(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const send = () => {
      while (response.write("data: x\n\n".repeat(1_000)));
      response.once("drain", send);
    };
    send();
  });
  const host = await startHost(t, { gateway: upstream.url });
  const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${URL_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await until("it streams", () => host.proxy.stats().streams === 1);
  await within(host.proxy.close(), "the drain");
  socket.destroy();
});

test("the longest maxAgeMs does not end streams at once", async (t) => {
  // The age varies, here upwards, where no timer could hold it.
  t.mock.method(Math, "random", () => 0.999);
  const upstream = await startCanned(t, `${HEAD}\r\ndata: first\n\n`);
  const host = await startHost(t, {
    gateway: upstream.url,
    maxAgeMs: 2 ** 31 - 1,
    heartbeatMs: 50,
  });
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`);
  assert.equal((await reader.next())?.data, "first");
  assert.equal((await reader.next())?.comment, "ping");
  assert.equal(host.proxy.stats().ended.age, 0);
});
