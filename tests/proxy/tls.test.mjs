// A gateway behind TLS. Pre-shared keys need no certificate, and prove that the options arrive.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import { test } from "node:test";
import { ask, IDS, Reader, STREAM, startHost } from "./support.mjs";

/** @import { AddressInfo } from "node:net" */
/** @import { TestContext } from "node:test" */

const KEY = Buffer.from("0123456789abcdef0123456789abcdef", "hex");
const PSK = {
  ciphers: "PSK",
  maxVersion: /** @type {const} */ ("TLSv1.2"),
  minVersion: /** @type {const} */ ("TLSv1.2"),
};

/** @param {TestContext} t */
async function startSecureUpstream(t) {
  const server = createServer({ ...PSK, pskCallback: () => KEY }, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: a\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`;
}

test("passes the options of TLS on", async (t) => {
  const host = await startHost(t, {
    gateway: await startSecureUpstream(t),
    tls: {
      ...PSK,
      pskCallback: () => ({ psk: KEY, identity: "proxy" }),
      checkServerIdentity: () => undefined,
    },
  });
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`);
  assert.equal((await reader.next())?.data, "a");
});

test("names the cause if the handshake fails", async (t) => {
  /** @type {string[]} */
  const reported = [];
  const onError = (/** @type {Error} */ { message }) => void reported.push(message);
  const host = await startHost(t, { gateway: await startSecureUpstream(t), onError });
  const answer = await ask(`${host.url}${STREAM}?${IDS}`);
  assert.equal(answer.status, 502);
  assert.match(reported[0], /cannot be reached: .*(handshake|SSL|TLS)/i);
});
