// A server that answers as the test says, byte for byte: for what no gateway of ours sends. Every page may read it.

import { createServer } from "node:http";

/** Starts a server on a free port that calls `answer(response, request)` for each request but preflights. */
export async function startRaw(answer) {
  const open = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" };
  const server = createServer((request, response) => {
    if (request.method === "OPTIONS") return response.writeHead(204, open).end();
    for (const [name, value] of Object.entries(open)) response.setHeader(name, value);
    return answer(response, request);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/stream`,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with these bytes of a stream, and leaves it open. */
export function stream(bytes, contentType = "text/event-stream") {
  return (response) => response.writeHead(200, { "Content-Type": contentType }).write(bytes);
}
