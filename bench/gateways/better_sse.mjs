// A gateway made with better-sse, whose channels broadcast. `--port 0` chooses a port.

import http from "node:http";
import { parseArgs } from "node:util";

// By a name that the type checker does not follow: the package is installed for benchmarks only.
const { createChannel, createSession } = await import(String("better-sse"));

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

const channel = createChannel();

const server = http.createServer(async (request, response) => {
  if (request.method === "GET") {
    channel.register(await createSession(request, response));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  channel.broadcast(JSON.parse(Buffer.concat(chunks).toString()), "message");
  response.writeHead(200, { "Content-Type": "application/json" }).end('{"success":true}');
});

server.listen(Number(values.port), "127.0.0.1", 4_096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(`listening on http://127.0.0.1:${address.port}`);
});
