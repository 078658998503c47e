// The chosen workflow rests in the Redux store; another choice closes the old stream, empties the section and opens the new one.
import { createElement } from "react";
import { useSelector } from "react-redux";
import { LogsSSEClient } from "@datashop/logs-sse-client/react";

export function LiveLogsOfChosen() {
  const workspaceId = useSelector((state) => state.workspaceId);
  const workflowId = useSelector((state) => state.workflowId);
  return createElement(LogsSSEClient, { workspaceId, workflowId, autoConnect: true });
}
