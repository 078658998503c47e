// A server with the module as a process of its own, which a test kills: `node host_program.mjs
// GATEWAY PORT`. Shuts down gracefully on SIGTERM, as docs/datashop.md shows.

import { createServer } from "node:http";
import { createLogsProxy } from "../../www/package/proxy.js";
import { allowAll, FRAMEWORKS } from "./support.mjs";

const [gateway, port] = process.argv.slice(2);
const proxy = createLogsProxy({ gateway, authorize: allowAll });
const server = createServer(FRAMEWORKS["Express 4 with compression and helmet"](proxy));
server.listen(Number(port), "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
process.once("SIGTERM", async () => {
  await proxy.close();
  server.close();
  server.closeIdleConnections();
});
