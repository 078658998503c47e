// Streams of another origin: cookies go there only where the host asks for it, by each transport and by the question after a failure's
// reason. The other origin is a server of this file, which answers CORS as a gateway with --cors-credentials does.

import http from "node:http";
import { STRICT, WASM } from "./policies.mjs";
import { expect, test } from "./support.mjs";

const WAYS = {
  EventSource: {},
  "EventSource, in a Worker": { worker: true },
  fetch: { transport: "fetch" },
  "fetch, in a Worker": { transport: "fetch", worker: true },
};

/** A stream on another port, whose cookie is the user's login. `status` is what it answers. Cookies do not mind ports, so the name has to be another. */
async function startOther() {
  const asked = [];
  const other = { status: 200, asked };
  const server = http.createServer((request, response) => {
    const { origin = "*", cookie = "", authorization = "" } = request.headers;
    const headers = {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "",
      Vary: "Origin",
    };
    if (request.method === "OPTIONS") return response.writeHead(204, headers).end();
    if (request.url === "/login")
      return response
        .writeHead(200, { ...headers, "Set-Cookie": "session=of-the-user; Path=/" })
        .end();
    asked.push({ cookie, authorization, accept: request.headers.accept });
    response.writeHead(other.status, {
      ...headers,
      "Content-Type": other.status === 200 ? "text/event-stream" : "text/plain",
    });
    if (other.status !== 200) return response.end("no");
    response.write('id: 1\ndata: {"level":"INFO","message":"from the other origin"}\n\n');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  other.origin = `http://127.0.0.1:${server.address().port}`;
  other.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return other;
}

test.use({
  policy: async ({ runs }, use) =>
    use(
      (runs === "wasm" ? WASM : STRICT).replace(
        "connect-src 'self'",
        "connect-src 'self' http://127.0.0.1:*",
      ),
    ),
});

for (const [name, way] of Object.entries(WAYS)) {
  for (const withCredentials of [true, false]) {
    test(`${name}: ${withCredentials ? "sends cookies to another origin where the host asks for it" : "sends no cookies to another origin unless the host asks for it"}`, async ({
      host,
      page,
    }) => {
      const other = await startOther();
      await host.open();
      await page.evaluate((url) => fetch(url, { credentials: "include" }), `${other.origin}/login`);
      const one = await host.mount("one", {
        endpoint: `${other.origin}/stream`,
        withCredentials,
        autoConnect: true,
        ...way,
      });
      await expect
        .poll(async () => (await one.logs()).map(({ message }) => message))
        .toEqual(["from the other origin"]);
      expect(other.asked.map(({ cookie }) => cookie)).toEqual([
        withCredentials ? "session=of-the-user" : "",
      ]);
      await one.do("unmount");
      await other.close();
    });
  }
}

test("the question after a failure's reason is asked with the same cookies", async ({
  host,
  page,
}) => {
  const other = await startOther();
  other.status = 403;
  host.allowed.push(/./);
  await host.open();
  await page.evaluate((url) => fetch(url, { credentials: "include" }), `${other.origin}/login`);
  const one = await host.mount("one", {
    endpoint: `${other.origin}/stream`,
    withCredentials: true,
    autoConnect: true,
  });
  await expect.poll(async () => (await one.status()).cause).toBe("not_allowed");
  expect(other.asked.map(({ cookie }) => cookie)).toEqual([
    "session=of-the-user",
    "session=of-the-user",
  ]);
  await other.close();
});

test("a change of it counts from the next attempt on", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await page.evaluate((url) => fetch(url, { credentials: "include" }), `${other.origin}/login`);
  const one = await (await host.mount("one", { endpoint: `${other.origin}/stream` })).connected();
  await one.do("disconnect");
  await one.do("update", { withCredentials: true });
  await one.do("connect");
  await one.is("connected");
  expect(other.asked.map(({ cookie }) => cookie)).toEqual(["", "session=of-the-user"]);
  await other.close();
});

test("a source without a view sends them too", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await page.evaluate((url) => fetch(url, { credentials: "include" }), `${other.origin}/login`);
  const source = await host.source("one", {
    workspaceId: "workspace123",
    workflowId: "workflow456",
    endpoint: `${other.origin}/stream`,
    autoConnect: true,
  });
  await source.is("connected");
  await source.do("disconnect");
  await source.do("update", { withCredentials: true });
  await source.do("connect");
  await source.is("connected");
  expect(other.asked.map(({ cookie }) => cookie)).toEqual(["", "session=of-the-user"]);
  await other.close();
});

test("fetch with Authorization passes the preflight of another origin", async ({ host, page }) => {
  const other = await startOther();
  await host.open();
  await page.evaluate((endpoint) => {
    host.mount("one", {
      endpoint,
      transport: "fetch",
      headers: { Authorization: "Bearer token" },
      autoConnect: true,
    });
  }, `${other.origin}/stream`);
  await expect
    .poll(() => other.asked.map(({ authorization }) => authorization))
    .toEqual(["Bearer token"]);
  await other.close();
});
