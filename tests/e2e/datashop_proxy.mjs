// The Datashop server's controller as it is in the field: it passes on the two ids and nothing else. Everything else goes through as it is.

import { createServer, request } from "node:http";

const ROUTE = "/api/dapadmin/l5-etl/sse/logs/stream";

/** Starts the proxy in front of the gateway at `to`. `cut()` breaks all streams. */
export async function startDatashopProxy(to) {
  const streams = new Set();

  function pass(path, headers, incoming, answer) {
    const upstream = request(`${to}${path}`, { method: incoming.method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
      reply.on("error", () => answer.destroy());
    });
    upstream.on("error", () => answer.destroy());
    answer.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url, to);
    if (url.pathname !== ROUTE)
      return pass(incoming.url, { ...incoming.headers, host: new URL(to).host }, incoming, answer);
    const [workspace, workflow] = ["workspace_id", "workflow_id"].map((name) =>
      url.searchParams.get(name),
    );
    streams.add(answer);
    answer.on("close", () => streams.delete(answer));
    const headers = {
      Accept: "text/event-stream",
      "X-User-Id": "user1",
      "X-Workspace-Id": workspace,
    };
    return pass(
      `/api/logs/stream?channels=${encodeURIComponent(`logs:etl:${workspace}:${workflow}`)}`,
      headers,
      incoming,
      answer,
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => streams.forEach((answer) => answer.destroy()),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
