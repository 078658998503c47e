// A Node gateway as teams write it: a set of responses for each channel, and one write for each of
// them. `--port 0` chooses a port. It keeps no history and requires one token.

import http from "node:http";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

/** @type {Map<string, Set<http.ServerResponse>>} */
const readers = new Map();

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://gateway");
  if (request.method === "GET" && url.pathname === "/api/logs/stream") subscribe(url, response);
  else if (request.method === "POST" && url.pathname === "/api/logs/publish")
    publish(request, response);
  else response.writeHead(404).end();
});

/**
 * @param {URL} url
 * @param {http.ServerResponse} response
 */
function subscribe(url, response) {
  const channels = (url.searchParams.get("channels") ?? "").split(",");
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  });
  response.write(`data: ${JSON.stringify({ type: "connection", channels })}\n\n`);
  const ping = setInterval(() => response.write(":ping\n\n"), 25_000);
  for (const channel of channels)
    readers.set(channel, (readers.get(channel) ?? new Set()).add(response));
  response.on("close", () => {
    clearInterval(ping);
    for (const channel of channels) readers.get(channel)?.delete(response);
  });
}

/**
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
async function publish(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.headers["x-service-token"] !== "l5-etl-token") {
    response.writeHead(403, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error: "Unauthorized log publisher" }));
    return;
  }
  const { service, workspace_id, workflow_id, logData } = JSON.parse(
    Buffer.concat(chunks).toString(),
  );
  const channel = `logs:${service}:${workspace_id}:${workflow_id}`;
  const timestamp = Date.now();
  const id = `log-${timestamp}-${Math.random().toString(36).slice(2, 11)}`;
  const event = `id: ${id}\ndata: ${JSON.stringify({ channel, data: logData, timestamp, id })}\n\n`;
  const open = readers.get(channel) ?? new Set();
  for (const reader of open) reader.write(event);
  const answer = { success: true, channel, delivered: open.size, timestamp };
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(answer));
}

server.listen(Number(values.port), "127.0.0.1", 4_096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(`listening on http://127.0.0.1:${address.port}`);
});
