// The files that docs/datashop.md shows: what the old controller does wrong, and that the new one
// does not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { PROXY_ROUTE } from "../support/environment.mjs";
import { Gateway } from "../support/gateway.mjs";
import { ask, IDS, Reader, unusedUrl, until } from "./support.mjs";

/** @import { TestContext } from "node:test" */

const PROGRAM = new URL("datashop_program.cjs", import.meta.url).pathname;
const LOGIN = { "X-Test-Login": "jane" };

/**
 * @param {TestContext} t
 * @param {"before" | "after"} version
 * @param {string} gateway
 */
async function startServer(t, version, gateway) {
  const { child, url } = await startGateway(process.execPath, [PROGRAM, version, "0"], {
    env: { LOGS_GATEWAY_URL: gateway },
  });
  t.after(() => stop(child, { signal: "SIGKILL" }));
  return { child, url: `${url}${PROXY_ROUTE}?${IDS}` };
}

/**
 * Returns the numbers that a reader receives who comes back after the first of five lines.
 *
 * @param {TestContext} t
 * @param {"before" | "after"} version
 */
async function numbersAfterResume(t, version) {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { url } = await startServer(t, version, gateway.url);
  const first = await Reader.open(url, LOGIN);
  await first.next();
  await gateway.publishNumbers(1, 1);
  const { id = "" } = (await first.nextNumber()) ?? {};
  first.close();
  await gateway.publishNumbers(2, 5);
  const second = await Reader.open(`${url}&last_event_id=${id}`, LOGIN);
  await second.next();
  await gateway.publishNumbers(6, 6);
  const numbers = [];
  while (numbers[numbers.length - 1] !== 6) numbers.push((await second.nextNumber())?.number);
  return numbers;
}

test("before: a reader that comes back loses what the gateway holds", async (t) => {
  assert.deepEqual(await numbersAfterResume(t, "before"), [6]);
});

test("after: a reader that comes back receives what it missed", async (t) => {
  assert.deepEqual(await numbersAfterResume(t, "after"), [2, 3, 4, 5, 6]);
});

test("before: a gateway that is down ends the whole server", async (t) => {
  const { child, url } = await startServer(t, "before", await unusedUrl());
  const ended = once(child, "exit");
  // The reader has its 200 before, or loses its connection: the response is not what matters.
  await Reader.open(url, LOGIN).catch(() => {});
  assert.deepEqual(await ended, [1, null]);
});

test("after: a gateway that is down is a 502 without its address", async (t) => {
  const { url } = await startServer(t, "after", await unusedUrl());
  for (let time = 0; time < 3; time++) {
    const answer = await ask(url, LOGIN);
    assert.equal(answer.status, 502);
    assert.match(answer.json.error, /^the backend cannot be reached/);
  }
});

test("before: the gateway keeps the streams of browsers that left", async (t) => {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { url } = await startServer(t, "before", gateway.url);
  const reader = await Reader.open(url, LOGIN);
  await reader.next();
  reader.close();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(await gateway.connections(), 1);
});

test("after: the gateway's stream ends when the browser leaves", async (t) => {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { url } = await startServer(t, "after", gateway.url);
  const reader = await Reader.open(url, LOGIN);
  await reader.next();
  reader.close();
  await until("the gateway's stream is closed", async () => (await gateway.connections()) === 0);
});

test("after: only a user of the workspace reads", async (t) => {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { url } = await startServer(t, "after", gateway.url);
  assert.equal((await ask(url)).status, 401);
  const foreign = url.replace("workspace123", "workspace999");
  assert.equal((await ask(foreign, LOGIN)).status, 403);
});

test("after: the server asks its readers to reconnect when it shuts down", async (t) => {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { child, url } = await startServer(t, "after", gateway.url);
  const reader = await Reader.open(url, LOGIN);
  await reader.next();
  await stop(child);
  let last = await reader.next();
  for (let frame = last; frame !== undefined; frame = await reader.next()) last = frame;
  assert.equal(last?.event, "bye");
  assert.equal(child.exitCode, 0);
});
