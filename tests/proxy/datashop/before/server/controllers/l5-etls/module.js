const http = require("node:http");

const GATEWAY = process.env.LOGS_GATEWAY_URL || "http://localhost:3000";

exports.streamLogs = (req, res) => {
  const { workspace_id, workflow_id } = req.query;
  res.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    Connection: "keep-alive",
  });
  const channel = `logs:etl:${workspace_id}:${workflow_id}`;
  http.get(
    `${GATEWAY}/api/logs/stream?channels=${encodeURIComponent(channel)}`,
    { headers: { "X-User-Id": req.user.id, "X-Workspace-Id": workspace_id } },
    (upstream) => upstream.pipe(res),
  );
};
