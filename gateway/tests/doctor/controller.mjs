// A proxy as Datashop's controller was before the proxy module: it reads the two ids, answers 200
// before the backend does, and drops every other parameter and header.

import http from "node:http";

const [backend] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const ids = [searchParams.get("workspace_id"), searchParams.get("workflow_id")];
  const channel = ["logs", "etl", ...ids].join(":");
  response.writeHead(200, { "Content-Type": "text/event-stream", "X-Powered-By": "Express" });
  response.flushHeaders();
  http.get(`${backend}/api/logs/stream?channels=${encodeURIComponent(channel)}`, (upstream) =>
    upstream.pipe(response),
  );
});

server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`controller listening on http://127.0.0.1:${port}`);
});
