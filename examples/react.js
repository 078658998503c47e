// The Logs page of a React application: live logs above the logs that it has already.
import { createElement } from "react";
import { LogsWithSSE } from "@datashop/logs-sse-client/react";
import "@datashop/logs-sse-client/style.css";

export function LogsPage({ workspaceId, workflowId, children }) {
  return createElement(
    LogsWithSSE,
    { workspaceId, workflowId, onError: (error) => console.warn(error.type, error.message) },
    children,
  );
}
