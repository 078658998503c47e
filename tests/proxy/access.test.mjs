// Who may read: `authorize` decides, and whatever it does, no reader gets more than it allows.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  CHANNEL,
  HEAD,
  HISTORY,
  IDS,
  Reader,
  STREAM,
  startCanned,
  startHost,
  startUpstream,
  until,
} from "./support.mjs";

/** What `authorize` does, with the status and a part of the error that its reader receives. */
const REFUSED = {
  "returns null": [() => null, 401, "not logged in"],
  "resolves to null": [async () => null, 401, "not logged in"],
  "allows another workspace": [
    () => ({ userId: "jane", workspaceIds: ["workspace999"] }),
    403,
    'may not read workspace "workspace123"',
  ],
  "allows no workspace": [() => ({ userId: "jane", workspaceIds: [] }), 403, "may not read"],
  throws: [
    () => {
      throw new Error("secret of the database");
    },
    503,
    "cannot be checked",
  ],
  "throws undefined": [
    () => {
      throw undefined;
    },
    503,
    "cannot be checked",
  ],
  rejects: [() => Promise.reject(new Error("down")), 503, "cannot be checked"],
  "never settles": [() => new Promise(() => {}), 503, "cannot be checked"],
  "returns undefined": [() => undefined, 500, "faulty"],
  "returns true": [() => true, 500, "faulty"],
  "returns a string": [() => "jane", 500, "faulty"],
  "returns no user": [() => ({ workspaceIds: ["workspace123"] }), 500, "faulty"],
  "returns a number": [() => ({ userId: 7, workspaceIds: ["workspace123"] }), 500, "faulty"],
  "returns an empty user": [() => ({ userId: "", workspaceIds: ["workspace123"] }), 500, "faulty"],
  "returns a user of two lines": [
    () => ({ userId: "jane\r\nX-Workspace-Id: b", workspaceIds: ["workspace123"] }),
    500,
    "faulty",
  ],
  "returns two users": [
    () => ({ userId: "jane,root", workspaceIds: ["workspace123"] }),
    500,
    "faulty",
  ],
  "returns an overlong user": [
    () => ({ userId: "j".repeat(257), workspaceIds: ["workspace123"] }),
    500,
    "faulty",
  ],
  "returns no workspaces": [() => ({ userId: "jane" }), 500, "faulty"],
  "returns workspaces as text": [
    () => ({ userId: "jane", workspaceIds: "workspace123" }),
    500,
    "faulty",
  ],
  "returns workspaces as numbers": [() => ({ userId: "jane", workspaceIds: [1] }), 500, "faulty"],
  "returns an object that throws": [
    () => ({
      get userId() {
        throw new Error("trap");
      },
    }),
    500,
    "faulty",
  ],
};

for (const [name, [authorize, status, error]] of Object.entries(REFUSED)) {
  test(`refuses a reader if authorize ${name}`, async (t) => {
    const upstream = await startUpstream(t, (_, response) => response.end());
    /** @type {string[]} */
    const reported = [];
    const host = await startHost(t, {
      gateway: upstream.url,
      authorize: /** @type {any} */ (authorize),
      deadlines: { authorizeMs: name === "never settles" ? 50 : 20_000 },
      onError: ({ message }) => void reported.push(message),
    });
    for (const route of [STREAM, HISTORY]) {
      const answer = await ask(`${host.url}${route}?${IDS}`);
      assert.equal(answer.status, status);
      assert.match(answer.json.error, new RegExp(/** @type {string} */ (error)));
      assert.equal(answer.headers["content-type"], "application/json");
      assert.equal(answer.headers["retry-after"], status === 503 ? "5" : undefined);
      assert.ok(!answer.text.includes("secret"), "the host's own errors stay on the server");
    }
    assert.equal(reported.length, Number(status) >= 500 ? 2 : 0);
    assert.equal(upstream.requests.length, 0, "the gateway is not asked");
    assert.equal(host.proxy.stats().users, 0);
  });
}

/** Callbacks that fail. The rejection of a promise without a handler would end the process. */
const FAILING = {
  throws: () => {
    throw new Error("no disk");
  },
  rejects: async () => {
    throw new Error("no disk");
  },
  "rejects without an error": () => Promise.reject(Object.create(null)),
};

for (const [name, onError] of Object.entries(FAILING)) {
  test(`a host whose onError ${name} keeps running`, async (t) => {
    const warn = t.mock.method(console, "warn", () => {});
    const host = await startHost(t, {
      gateway: "http://127.0.0.1:9",
      authorize: () => Promise.reject(new Error("down")),
      onError: /** @type {any} */ (onError),
    });
    for (let time = 1; time <= 2; time++) {
      assert.equal((await ask(`${host.url}${STREAM}?${IDS}`)).status, 503);
      await until("the failure is reported", () => warn.mock.callCount() === time);
    }
    for (const { arguments: said } of warn.mock.calls)
      assert.match(String(said), /^logs proxy: onError failed: (no disk|a value that is no error)/);
  });
}

test("identifies the reader to the gateway, and forwards nothing else of the browser", async (t) => {
  const upstream = await startUpstream(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: first\n\n");
  });
  const host = await startHost(t, {
    gateway: upstream.url,
    authorize: (request, target) => {
      assert.equal(request.headers.cookie, "session=1");
      assert.deepEqual(target, {
        service: "etl",
        workspaceId: "workspace123",
        workflowId: "workflow456",
        channel: CHANNEL,
      });
      return { userId: "jane é", workspaceIds: new Set(["workspace123"]) };
    },
    headers: async () => ({ Authorization: "Bearer own" }),
  });
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`, {
    Cookie: "session=1",
    Authorization: "Bearer page",
    "X-User-Id": "root",
    "X-Workspace-Id": "workspace999",
    "X-Service-Token": "secret",
    "Last-Event-ID": "1.abcdef.7",
  });
  assert.equal((await reader.next())?.data, "first");
  const [{ headers, url }] = upstream.requests;
  assert.equal(url, `/logs/stream?channels=${encodeURIComponent(CHANNEL)}`);
  const { host: _, connection: __, ...received } = headers;
  assert.deepEqual(received, {
    accept: "text/event-stream",
    "accept-encoding": "identity",
    authorization: "Bearer own",
    "last-event-id": "1.abcdef.7",
    // UTF-8, as the gateway reads it.
    "x-user-id": Buffer.from("jane é").toString("latin1"),
    "x-workspace-id": "workspace123",
  });
});

test("bounds the streams of a user, and frees them when the user leaves", async (t) => {
  const upstream = await startCanned(t, `${HEAD}\r\ndata: first\n\n`);
  const host = await startHost(t, {
    gateway: upstream.url,
    maxStreamsPerUser: 2,
    authorize: ({ headers }) => ({
      userId: String(headers["x-login"]),
      workspaceIds: ["workspace123"],
    }),
  });
  const url = `${host.url}${STREAM}?${IDS}`;
  const open = async (login = "jane") => {
    const reader = await Reader.open(url, { "X-Login": login });
    return { reader, first: reader.status === 200 ? await reader.next() : undefined };
  };
  const [first] = [await open(), await open()];
  const refused = await ask(url, { "X-Login": "jane" });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers["retry-after"], "10");
  assert.match(refused.json.error, /more than 2 streams/);
  assert.equal((await open("john")).reader.status, 200, "another user has a limit of his own");
  first.reader.close();
  await until("the slot is free", () => host.proxy.stats().streams === 2);
  assert.equal((await open()).reader.status, 200);
  assert.deepEqual(host.proxy.stats().refused, { 429: 1 });
});
