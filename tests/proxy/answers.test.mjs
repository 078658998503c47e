// What a gateway answers: only a readable stream passes, and nothing hangs.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  HEAD,
  HISTORY,
  IDS,
  Reader,
  STREAM,
  startCanned,
  startHost,
  startUpstream,
  unusedUrl,
} from "./support.mjs";

/** @import { TestContext } from "node:test" */

/**
 * Returns the response of the proxy when the gateway sends this head and a script.
 *
 * @param {TestContext} t
 * @param {string} head
 */
async function through(t, head) {
  const text = `HTTP/1.1 ${head}\nX-Upstream: 1\nSet-Cookie: a=b\n\n<script>alert(1)</script>`;
  const upstream = await startCanned(t, text.replaceAll("\n", "\r\n"), { closes: true });
  const host = await startHost(t, { gateway: upstream.url });
  return ask(`${host.url}${STREAM}?${IDS}`);
}

/** Heads that are no stream, each with a part of the error. */
const REPLACED = {
  "200 OK\nContent-Type: text/html": "text/html",
  "200 OK": 'Content-Type "" instead of text/event-stream',
  "200 OK\nContent-Type: text/event-streamhtml": "text/event-streamhtml",
  "200 OK\nContent-Type: text/event-stream\nContent-Type: text/html": "text/html",
  "200 OK\nContent-Type: text/event-stream, text/html": "text/html",
  "200 OK\nContent-Type: text/event-stream\nContent-Encoding: gzip": 'Content-Encoding "gzip"',
  "200 OK\nContent-Type: text/event-stream\nContent-Encoding: identity\nContent-Encoding: br": "br",
  "201 Created\nContent-Type: text/event-stream": "201",
  "204 No Content": "204",
  "302 Found\nLocation: https://evil.example/": "302",
  "307 Temporary Redirect\nLocation: /logs/stream": "307",
  "400 Bad Request\nContent-Type: text/html": "400",
  "407 Proxy Authentication Required\nProxy-Authenticate: Basic": "407",
  "410 Gone": "410",
  "500 Internal Server Error": "500",
  "999 What": "999",
};

for (const [head, expected] of Object.entries(REPLACED)) {
  test(`replaces ${JSON.stringify(head)} by a 502 of its own`, async (t) => {
    const answer = await through(t, head);
    assert.equal(answer.status, 502);
    assert.ok(answer.json.error.includes(expected), answer.text);
    assert.equal(answer.json.upstreamStatus, Number(head.slice(0, 3)));
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    for (const name of ["set-cookie", "location", "x-upstream", "proxy-authenticate"])
      assert.equal(answer.headers[name], undefined);
  });
}

test("replaces an upgrade by a 502", async (t) => {
  const answer = await through(t, "101 Switching Protocols\nUpgrade: x\nConnection: upgrade");
  assert.equal(answer.status, 502);
});

const UNREACHABLE = "the backend cannot be reached";

/** Returns an `onError`, and the messages that it received. */
function report() {
  /** @type {string[]} */
  const reported = [];
  return {
    reported,
    onError: (/** @type {Error} */ { message }) => void reported.push(message),
  };
}

/** Statuses by which a page decides how to continue, with the `Retry-After` that it receives. */
const KEPT = {
  "401 Unauthorized": undefined,
  "403 Forbidden": undefined,
  "404 Not Found": undefined,
  "429 Too Many Requests\nRetry-After: 999999999": "600",
  "429 Too Many Requests\nRetry-After: Sat, 28 Nov 2099 12:00:00 GMT": "600",
  "503 Service Unavailable\nRetry-After: 7": "7",
  "503 Service Unavailable\nRetry-After: Fri, 27 Nov 2020 12:00:30 GMT": "0",
  "503 Service Unavailable\nRetry-After: soon": undefined,
  "503 Service Unavailable\nRetry-After: -1": undefined,
  "503 Service Unavailable": undefined,
};

for (const [head, wait] of Object.entries(KEPT)) {
  test(`keeps ${JSON.stringify(head)}`, async (t) => {
    const answer = await through(t, `${head}\nContent-Type: text/html`);
    assert.equal(answer.status, Number(head.slice(0, 3)));
    assert.equal(answer.json.upstreamStatus, answer.status);
    assert.ok(answer.json.error.startsWith("the backend "), answer.text);
    assert.equal(answer.headers["retry-after"], wait);
    assert.equal(answer.headers["set-cookie"], undefined);
  });
}

test("accepts an event stream with parameters and forwards it without", async (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream ;charset=ISO-8859-1\r\n";
  const upstream = await startCanned(t, `${head}Content-Encoding: Identity\r\n\r\ndata: a\n\n`);
  const host = await startHost(t, { gateway: upstream.url });
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`);
  assert.equal(reader.headers["content-type"], "text/event-stream");
  assert.equal(reader.headers["cache-control"], "no-cache, no-transform");
  assert.equal((await reader.next())?.data, "a");
});

test("asks for the other path once, and remembers it", async (t) => {
  const upstream = await startUpstream(t, ({ url }, response) => {
    if (!url?.startsWith("/api/logs/stream")) response.writeHead(404).end("no such page");
    else response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: a\n\n");
  });
  const host = await startHost(t, { gateway: upstream.url });
  for (let time = 0; time < 3; time++)
    await (await Reader.open(`${host.url}${STREAM}?${IDS}`)).next();
  const paths = upstream.requests.map(({ url }) => url?.split("?")[0]);
  assert.deepEqual(paths, ["/logs/stream", ...Array(3).fill("/api/logs/stream")]);
});

test("names both paths if the gateway has neither, and the only one of the option", async (t) => {
  const upstream = await startUpstream(t, (_, response) => response.writeHead(404).end());
  for (const [options, expected] of /** @type {const} */ ([
    [{}, "neither /logs/stream nor /api/logs/stream is there"],
    [{ path: "/v2/logs/stream" }, "/v2/logs/stream is not there"],
  ])) {
    const host = await startHost(t, { gateway: upstream.url, ...options });
    const answer = await ask(`${host.url}${STREAM}?${IDS}`);
    assert.equal(answer.status, 404);
    assert.ok(answer.json.error.endsWith(expected), answer.text);
  }
  assert.deepEqual(
    upstream.requests.map(({ url }) => url?.split("?")[0]),
    ["/logs/stream", "/api/logs/stream", "/v2/logs/stream"],
  );
});

test("tells the host, and not the page, why a gateway that is down cannot be reached", async (t) => {
  for (const gateway of [await unusedUrl(), "http://gateway.invalid"]) {
    const { onError, reported } = report();
    const host = await startHost(t, { gateway, onError });
    const answer = await ask(`${host.url}${STREAM}?${IDS}`);
    assert.equal(answer.status, 502);
    assert.match(reported[0], /cannot be reached: .*(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)/);
    assert.ok(reported[0].includes(gateway) && answer.json.error.startsWith(UNREACHABLE));
    assert.ok(!answer.text.includes(new URL(gateway).host), answer.text);
  }
});

test("names the cause if the gateway speaks no HTTP, or closes before its head", async (t) => {
  for (const bytes of ["SSH-2.0-OpenSSH_9.9\r\n", "", "HTTP/1.1 200 OK\r\nContent-Ty"]) {
    const upstream = await startCanned(t, bytes, { closes: true });
    const { onError, reported } = report();
    const host = await startHost(t, { gateway: upstream.url, onError });
    const answer = await ask(`${host.url}${STREAM}?${IDS}`);
    assert.equal(answer.status, 502, answer.text);
    assert.ok(answer.json.error.startsWith(UNREACHABLE), answer.text);
    assert.match(reported[0], /cannot be reached: \S/);
  }
});

test("abandons a gateway that does not answer in time", async (t) => {
  for (const bytes of ["", "HTTP/1.1 200 OK\r\nContent-Type: te"]) {
    const upstream = await startCanned(t, bytes);
    const host = await startHost(t, { gateway: upstream.url, deadlines: { headMs: 100 } });
    const answer = await ask(`${host.url}${STREAM}?${IDS}`);
    assert.equal(answer.status, 504, answer.text);
    assert.match(answer.json.error, /did not answer within 0\.1 s/);
  }
});

test("abandons a gateway that accepts no connection", async (t) => {
  // TEST-NET-1 (RFC 5737), where no host is. A network that refuses it at once is a 502, too.
  const host = await startHost(t, {
    gateway: "http://192.0.2.1:9",
    deadlines: { connectMs: 100 },
  });
  const answer = await ask(`${host.url}${STREAM}?${IDS}`);
  assert.equal(answer.status, 502);
  assert.ok(answer.json.error.startsWith(UNREACHABLE), answer.text);
});

test("asks again if an idle connection was closed in the meantime", async (t) => {
  let resets = 0;
  const served = new WeakSet();
  const upstream = await startUpstream(t, ({ socket }, response) => {
    // As a gateway that ends idle connections: the next request on one crosses its end.
    if (served.has(socket)) {
      resets += 1;
      return void socket.resetAndDestroy();
    }
    served.add(socket);
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  const host = await startHost(t, { gateway: upstream.url });
  for (let time = 0; time < 5; time++) {
    const answer = await ask(`${host.url}${HISTORY}?${IDS}`);
    assert.equal(answer.status, 200, answer.text);
  }
  assert.equal(resets, 4);
});

/** Responses to the history route, with the status and the body that the reader receives. */
const HISTORIES = {
  '200 OK|application/json|{"logs":[]}': [200, '{"logs":[]}'],
  '400 Bad Request|application/json|{"error":"limit is 0"}': [400, '{"error":"limit is 0"}'],
  '409 Conflict|application/json|{"error":"x","epoch":"abcdef"}': [
    409,
    '{"error":"x","epoch":"abcdef"}',
  ],
  "200 OK|application/json|[]": [502, undefined],
  "200 OK|application/json|": [502, undefined],
  "409 Conflict|text/html|<script>": [502, undefined],
  "200 OK|text/html|<script>": [502, undefined],
  '403 Forbidden|application/json|{"error":"x"}': [403, undefined],
  "404 Not Found|text/html|<script>": [404, undefined],
};

for (const [text, [status, body]] of Object.entries(HISTORIES)) {
  test(`answers the history with ${status} after ${text}`, async (t) => {
    const [head, type, content] = text.split("|");
    const bytes = `HTTP/1.1 ${head}\r\nContent-Type: ${type}\r\n\r\n${content}`;
    const upstream = await startCanned(t, bytes, { closes: true });
    const host = await startHost(t, { gateway: upstream.url });
    const answer = await ask(`${host.url}${HISTORY}?${IDS}`);
    assert.equal(answer.status, status);
    if (body) assert.equal(answer.text, body);
    else assert.match(answer.json.error, /^the backend /);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["cache-control"], "no-store");
  });
}

test("refuses a history that is cut off, silent, or endless", async (t) => {
  const head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n";
  for (const [bytes, closes, status, error] of /** @type {const} */ ([
    [`${head}{"logs":`, true, 502, "ended its response early"],
    [`${head}{"logs":`, false, 504, "did not send its history within"],
    [head + "x".repeat(5 << 20), false, 502, "more than"],
  ])) {
    const upstream = await startCanned(t, bytes, { closes });
    const host = await startHost(t, { gateway: upstream.url, deadlines: { headMs: 500 } });
    const answer = await ask(`${host.url}${HISTORY}?${IDS}`);
    assert.equal(answer.status, status, answer.text);
    assert.ok(answer.json.error.includes(error), answer.text);
  }
});

test("the stream after a head that is a stream passes byte for byte", async (t) => {
  const body = "id: 1\r\ndata: é–𝄞\r\n\r\n:comment\n\nretry: 5\rdata: x\r\r";
  const upstream = await startCanned(t, `${HEAD}\r\n${Buffer.from(body).toString("latin1")}`, {
    closes: true,
  });
  const host = await startHost(t, { gateway: upstream.url });
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`);
  assert.equal(await reader.rest(), body);
});
