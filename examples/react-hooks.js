// A page that draws its own rows: one connection for all hooks below the provider.
import { createElement } from "react";
import { LogsSSEProvider, useLogsSSE } from "@datashop/logs-sse-client/react";

function Rows({ workspaceId, workflowId }) {
  const { logs, connectionStatus, error } = useLogsSSE({
    workspace_id: workspaceId,
    workflow_id: workflowId,
    maxLogs: 500,
  });
  const rows = logs.map((log) =>
    createElement("li", { key: log.key }, `${log.level} ${log.message}`),
  );
  return createElement(
    "section",
    null,
    createElement("h2", null, error ? error.message : connectionStatus),
    createElement("ol", null, rows),
  );
}

export function OwnRows({ gatewayUrl, workspaceId, workflowId }) {
  return createElement(
    LogsSSEProvider,
    { gatewayUrl },
    createElement(Rows, { workspaceId, workflowId }),
  );
}
