// The Datashop server with its controller before or after the change, as a process of its own:
// `node datashop_program.cjs before PORT`. The login is a header instead of a session.

const express = require("express-4");

const [version, port] = process.argv.slice(2);
const router = require(`./datashop/${version}/server/routes/l5-etls/module`);
const controller = require(`./datashop/${version}/server/controllers/l5-etls/module`);

const app = express();
app.use((req, _, next) => {
  const login = req.get("X-Test-Login");
  if (login) req.user = { id: login, workspaceIds: ["workspace123"] };
  next();
});
app.use("/api/dapadmin/l5-etl", router);
const server = app.listen(Number(port), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once("SIGTERM", async () => {
  await controller.closeLogs?.();
  server.close();
});
