// The Datashop server with the controller of its guide, as a process: `node guide_server.mjs
// GATEWAY PORT USER`. The controller reads two ids, answers 200 before it knows the gateway's status,
// handles no error and does not end the gateway's stream. Everything else is the gateway's page.

import http from "node:http";
import { PROXY_ROUTE } from "../support/environment.mjs";

const [gateway, port, user] = process.argv.slice(2);

/** @type {http.RequestListener} */
function streamLogs(request, response) {
  const { searchParams } = new URL(request.url ?? "/", gateway);
  const [workspace, workflow] = ["workspace_id", "workflow_id"].map((id) => searchParams.get(id));
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    Connection: "keep-alive",
  });
  const channel = encodeURIComponent(`logs:etl:${workspace}:${workflow}`);
  const headers = { "X-User-Id": user, "X-Workspace-Id": workspace ?? "" };
  http.get(`${gateway}/api/logs/stream?channels=${channel}`, { headers }, (upstream) =>
    upstream.pipe(response),
  );
}

const server = http.createServer((request, response) => {
  if (request.url?.startsWith(PROXY_ROUTE)) return streamLogs(request, response);
  const headers = { Accept: request.headers.accept ?? "*/*" };
  return http.get(`${gateway}${request.url}`, { headers }, (page) => {
    response.writeHead(page.statusCode ?? 502, page.headers);
    page.pipe(response);
  });
});

server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object")
    console.log(`listening on http://127.0.0.1:${address.port}`);
});
