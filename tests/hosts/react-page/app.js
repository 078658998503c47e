// The React page of the hosts, independent of the bundler and the version of React. Without JSX, so
// that no host needs a transform.

import React from "react";
import { backend } from "@datashop/logs-sse-client";
import { LogsSSEProvider, LogsWithSSE, useLogsSSE } from "@datashop/logs-sse-client/react";

const h = React.createElement;
const WORKFLOW = { workspace_id: "workspace123", workflow_id: "workflow456" };

export function App() {
  const [isShown, show] = React.useState(true);
  // For the tests. In an effect, since this module is also loaded on servers.
  React.useEffect(() => {
    window.liveLogsBackend = backend;
  }, []);
  return h(
    React.StrictMode,
    null,
    h("button", { onClick: () => show(false) }, "Leave the page"),
    isShown && h(LogsSSEProvider, { gatewayUrl: "" }, h(Count), h(Logs)),
  );
}

function Count() {
  const { logCount, connectionStatus } = useLogsSSE(WORKFLOW);
  return h(
    "p",
    null,
    h("output", { id: "count" }, logCount),
    ` logs by the hook, ${connectionStatus}`,
  );
}

function Logs() {
  return h(
    LogsWithSSE,
    { workspaceId: WORKFLOW.workspace_id, workflowId: WORKFLOW.workflow_id },
    h(ExistingLogs),
  );
}

function ExistingLogs() {
  /**
   * @param {"th" | "td"} name
   * @param {string[]} texts
   */
  const cells = (name, texts) =>
    h("tr", null, ...texts.map((text) => h(name, { key: text }, text)));
  return h(
    "table",
    { id: "logs" },
    h("caption", null, "Logs of earlier runs"),
    h("thead", null, cells("th", ["Date", "Level", "Message"])),
    h("tbody", null, cells("td", ["Sep 25 2025 at 01:30 PM", "INFO", "ETL Running"])),
  );
}
