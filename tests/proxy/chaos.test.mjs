// Browsers that leave at any moment, before a gateway that breaks at any moment: nothing throws,
// nothing stays open. Any uncaught error fails the test.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { startFaultProxy } from "../support/fault_proxy.mjs";
import { Gateway } from "../support/gateway.mjs";
import { HISTORY, IDS, STREAM, startHost, until } from "./support.mjs";

/** @import { TestContext } from "node:test" */

const PLAN = [
  "pass",
  "cut after=10",
  "reset after=400",
  "refuse",
  "hang",
  "status code=500",
  "delay for=50ms",
  "split size=3",
  "html",
].join("; ");

/**
 * @param {TestContext} t
 * @param {string} framework
 */
async function survives(t, framework) {
  const gateway = await new Gateway().start("--job", "--rate", "200");
  const faults = await startFaultProxy(gateway.url, `${PLAN}; loop`);
  t.after(async () => {
    await faults.stop();
    await gateway.kill();
  });
  const options = {
    gateway: faults.url,
    maxStreamsPerUser: 20,
    heartbeatMs: 5,
    maxAgeMs: 100,
    deadlines: { headMs: 1_000, idleMs: 500 },
    authorize: async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      if (Math.random() < 0.1) throw new Error("down");
      return { userId: `user${Math.floor(Math.random() * 5)}`, workspaceIds: ["workspace123"] };
    },
  };
  const host = await startHost(t, options, framework);
  const port = Number(new URL(host.url).port);
  const visit = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      const leave = Math.random() < 0.5 ? () => socket.destroy() : () => socket.resetAndDestroy();
      socket.on("error", () => {});
      socket.on("close", resolve);
      const route = Math.random() < 0.2 ? HISTORY : STREAM;
      const head = `GET ${route}?${IDS}&batch=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      // Leaves at once, after some bytes, or when the server ends the response.
      const most = [-1, 0, 500, Number.POSITIVE_INFINITY][Math.floor(Math.random() * 4)];
      socket.write(head, () => most < 0 && leave());
      socket.on("data", () => socket.bytesRead > most && leave());
    });
  for (let round = 0; round < 5; round++) {
    const visits = Array.from({ length: 40 }, visit);
    if (round === 2) await gateway.restartWith("--job", "--rate", "200");
    await Promise.all(visits);
  }
  await until("every place is free", () => host.proxy.stats().users === 0);
  const { streams, opened, ended, refused } = host.proxy.stats();
  assert.equal(streams, 0);
  assert.equal(
    Object.values(ended).reduce((sum, count) => sum + count),
    opened,
  );
  assert.ok(opened > 20, `${opened} streams were opened`);
  assert.ok(Object.values(refused).reduce((sum, count) => sum + count, 0) > 20);
  assert.equal(refused[500], undefined);
}

for (const framework of ["plain http", "Express 4 with compression and helmet"])
  test(`${framework}: survives browsers and gateways that leave at any moment`, (t) =>
    survives(t, framework));
