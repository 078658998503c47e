// The Datashop server: the page, a login, and the routes of docs/datashop.md below the path that
// the page requests. `node server.js PORT`, with the gateway in LOGS_GATEWAY_URL.

const path = require("node:path");
const compression = require("compression");
const express = require("express");
const helmet = require("helmet");
// Copies of tests/proxy/datashop/after, which docs/datashop.md shows.
const controller = require("./out/server/controllers/l5-etls/module");
const routes = require("./out/server/routes/l5-etls/module");

const app = express();
app.use(
  helmet({
    contentSecurityPolicy: {
      directives: {
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        // The server speaks http.
        "upgrade-insecure-requests": null,
      },
    },
  }),
);
app.use(compression({ threshold: 0 }));
app.use((req, res, next) => {
  if (req.path === "/") res.cookie("session", "jane", { httpOnly: true, sameSite: "strict" });
  const [, id] = /(?:^|; )session=(\w+)/.exec(req.get("cookie") ?? "") ?? [];
  if (id) req.user = { id, workspaceIds: ["workspace123"] };
  next();
});
app.use("/api/dapadmin/l5-etl", routes);
app.get("/stats", (_, res) => res.json(controller.logsStats()));
app.use(express.static(path.join(__dirname, "out/site")));

const server = app.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once("SIGTERM", async () => {
  await controller.closeLogs();
  server.close();
  server.closeIdleConnections();
});
