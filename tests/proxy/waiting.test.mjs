// Functions of the host that never settle, and what a shutdown interrupts.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allowAll,
  ask,
  HISTORY,
  IDS,
  STREAM,
  startHost,
  startUpstream,
  until,
} from "./support.mjs";

const never = () => new Promise(() => {});

test("a request whose headers never settle is refused after a while", async (t) => {
  const upstream = await startUpstream(t, (_, response) => response.end());
  /** @type {string[]} */
  const reported = [];
  const host = await startHost(t, {
    gateway: upstream.url,
    headers: /** @type {any} */ (never),
    deadlines: { authorizeMs: 50 },
    onError: ({ message }) => void reported.push(message),
  });
  for (const route of [STREAM, HISTORY]) {
    const answer = await ask(`${host.url}${route}?${IDS}`);
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"]);
    assert.match(reported.pop() ?? "", /headers failed: no result within 0\.05 s$/);
  }
  assert.equal(upstream.requests.length, 0);
});

/** What a request waits for while the proxy is closed, as options of the proxy. */
const INTERRUPTED = {
  authorize: (/** @type {() => void} */ reached) => ({
    authorize: () => {
      reached();
      return never();
    },
  }),
  headers: (/** @type {() => void} */ reached) => ({
    headers: () => {
      reached();
      return never();
    },
  }),
};

for (const [name, options] of Object.entries(INTERRUPTED)) {
  test(`a request that waits for ${name} is refused by close`, async (t) => {
    let isReached = false;
    const reached = () => {
      isReached = true;
    };
    const host = await startHost(t, {
      gateway: "http://127.0.0.1:9",
      authorize: allowAll,
      .../** @type {any} */ (options(reached)),
    });
    const answer = ask(`${host.url}${STREAM}?${IDS}`);
    await until("the request waits", () => isReached);
    await host.proxy.close();
    const { status, json } = await answer;
    assert.deepEqual([status, json.error], [503, "this server is shutting down"]);
  });
}

test("a page of the history that is half received is refused by close with 503", async (t) => {
  const upstream = await startUpstream(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" }).write('{"logs":');
  });
  const host = await startHost(t, { gateway: upstream.url });
  const answer = ask(`${host.url}${HISTORY}?${IDS}`);
  await until("the gateway is asked", () => upstream.requests.length === 1);
  // Until the first half has arrived; before that, the response would be the same.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await host.proxy.close();
  const { status, headers, json } = await answer;
  assert.deepEqual([status, headers["retry-after"]], [503, "1"]);
  assert.equal(json.error, "this server is shutting down");
});
