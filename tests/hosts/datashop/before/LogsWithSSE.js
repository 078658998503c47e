// A stand-in for the wrapper that is replaced: a status line, a button, and a yellow section above
// the logs that the page had.

import React from "react";
import { useLogsSubscription } from "./LogsSSEClient.js";

/** @import { ReactNode } from "react" */

const h = React.createElement;

/**
 * @param {object} props
 * @param {string} props.workspaceId
 * @param {string} props.workflowId
 * @param {ReactNode} [props.children]
 */
export default function LogsWithSSE({ workspaceId, workflowId, children }) {
  const { logs, isOn, connectionStatus, connectToLogs, disconnect } = useLogsSubscription(
    workspaceId,
    workflowId,
  );
  const word = isOn ? connectionStatus.toUpperCase() : "DISCONNECTED";
  return h(
    "div",
    null,
    h(
      "p",
      null,
      `Status: ${word} ${word === "CONNECTED" ? "🔴 LIVE " : ""}`,
      h(
        "button",
        { onClick: isOn ? disconnect : connectToLogs },
        isOn ? "Disconnect" : "Connect Live Logs",
      ),
    ),
    isOn &&
      h(
        "div",
        {
          style: { background: "lightyellow", maxHeight: 300, marginBottom: 16, overflow: "auto" },
        },
        logs.map((log, index) =>
          h("div", { key: index }, `${log.level} ${log.pipeline} ${log.message} ${log.date}`),
        ),
      ),
    children,
  );
}
