// Streams of another origin: cookies are sent there only if the host asks for it, by each transport
// and by the probe after a failure. The other origin is a server of this file, which allows CORS as
// a gateway with --cors-credentials does.

import { IDS } from "../support/environment.mjs";
import { startServer } from "../support/http_server.mjs";
import { TRANSPORTS } from "../support/transports.mjs";
import { policyWithLoopback } from "./policies.mjs";
import { expect, test } from "./support.mjs";

/**
 * Starts a stream on another port, whose cookie is the user's login.
 *
 * @param {number} [status] What the stream responds with.
 */
async function startOther(status = 200) {
  /** @type {{ cookie: string, authorization: string }[]} */
  const requests = [];
  const server = await startServer((request, response) => {
    const { origin = "*", cookie = "", authorization = "" } = request.headers;
    const headers = {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "",
      Vary: "Origin",
    };
    if (request.method === "OPTIONS") return void response.writeHead(204, headers).end();
    if (request.url === "/login")
      return void response
        .writeHead(200, { ...headers, "Set-Cookie": "session=of-the-user; Path=/" })
        .end();
    requests.push({ cookie, authorization });
    response.writeHead(status, {
      ...headers,
      "Content-Type": status === 200 ? "text/event-stream" : "text/plain",
    });
    if (status !== 200) return void response.end("no");
    response.write('id: 1\ndata: {"level":"INFO","message":"from the other origin"}\n\n');
  });
  return { ...server, requests };
}

/**
 * Sets the cookie of the other origin.
 *
 * @param {import("@playwright/test").Page} page
 * @param {{ origin: string }} other
 */
async function logIn(page, { origin }) {
  await page.evaluate((url) => fetch(url, { credentials: "include" }), `${origin}/login`);
}

test.use({
  policy: async ({ runs }, use) => use(policyWithLoopback(runs)),
});

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  for (const withCredentials of [true, false]) {
    const rule = withCredentials
      ? "sends cookies to another origin on request"
      : "sends no cookies to another origin by default";
    test(`${name}: ${rule}`, async ({ host, page }) => {
      const other = await startOther();
      await host.open();
      await logIn(page, other);
      const one = await host.mount("one", {
        endpoint: `${other.origin}/stream`,
        withCredentials,
        autoConnect: true,
        ...transport,
      });
      await expect
        .poll(async () => (await one.logs()).map(({ message }) => message))
        .toEqual(["from the other origin"]);
      expect(other.requests.map(({ cookie }) => cookie)).toEqual([
        withCredentials ? "session=of-the-user" : "",
      ]);
      await one.call("unmount");
      await other.close();
    });
  }
}

test("the probe after a failure sends the same cookies", async ({ host, page }) => {
  const other = await startOther(403);
  host.provoked.push(/./);
  await host.open();
  await logIn(page, other);
  const one = await host.mount("one", {
    endpoint: `${other.origin}/stream`,
    withCredentials: true,
    autoConnect: true,
  });
  await expect.poll(async () => (await one.status()).cause).toBe("not_allowed");
  expect(other.requests.map(({ cookie }) => cookie)).toEqual([
    "session=of-the-user",
    "session=of-the-user",
  ]);
  await other.close();
});

test("a change of withCredentials applies from the next attempt on", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await logIn(page, other);
  const one = await (await host.mount("one", { endpoint: `${other.origin}/stream` })).connect();
  await one.call("disconnect");
  await one.update({ withCredentials: true });
  await one.call("connect");
  await one.expectState("connected");
  expect(other.requests.map(({ cookie }) => cookie)).toEqual(["", "session=of-the-user"]);
  await other.close();
});

test("a source without a view sends cookies on request", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await logIn(page, other);
  const source = await host.source("one", {
    ...IDS,
    endpoint: `${other.origin}/stream`,
    autoConnect: true,
  });
  await source.expectState("connected");
  await source.call("disconnect");
  await source.update({ withCredentials: true });
  await source.call("connect");
  await source.expectState("connected");
  expect(other.requests.map(({ cookie }) => cookie)).toEqual(["", "session=of-the-user"]);
  await other.close();
});

test("fetch with Authorization passes the preflight of another origin", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await page.evaluate((endpoint) => {
    harness.mount("one", {
      endpoint,
      transport: "fetch",
      headers: { Authorization: "Bearer token" },
      autoConnect: true,
    });
  }, `${other.origin}/stream`);
  await expect
    .poll(() => other.requests.map(({ authorization }) => authorization))
    .toEqual(["Bearer token"]);
  await other.close();
});
