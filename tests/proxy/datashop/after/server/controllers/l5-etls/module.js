const { createLogsProxy } = require("@datashop/logs-sse-client/proxy");

const logs = createLogsProxy({
  gateway: process.env.LOGS_GATEWAY_URL || "http://localhost:3000",
  // What the login middleware of this server knows about a request.
  authorize: ({ user }) => (user ? { userId: user.id, workspaceIds: user.workspaceIds } : null),
});

exports.streamLogs = logs;
exports.readLogsHistory = logs.history;
exports.logsStats = logs.stats;
exports.closeLogs = logs.close;
