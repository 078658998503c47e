// The page "Datashop Logs": live logs of the chosen workflow above those of its earlier runs.

import React from "react";
import { useSelector } from "react-redux";
import { Text } from "@innovaccer/design-system";
import { Choice } from "../common/Choice.js";
import { ExistingLogs } from "../common/ExistingLogs.js";
import { useLogsSSE } from "./LogsSSEClient.js";
import LogsWithSSE from "./LogsWithSSE.js";

/** @import { State } from "../common/store.js" */
/** @import { Log } from "./LogsSSEClient.js" */

const h = React.createElement;

export function LogsPage() {
  const { workspaceId, workflowId } = useSelector((/** @type {State} */ state) => state);
  return h(
    "main",
    { className: "page" },
    h(Choice),
    h(Trouble, { workspaceId, workflowId }),
    h(LogsWithSSE, { workspaceId, workflowId }, h(ExistingLogs)),
  );
}

/**
 * Errors of the chosen workflow since the page was opened, seen without a click.
 *
 * @param {{ workspaceId: string, workflowId: string }} props
 */
function Trouble({ workspaceId, workflowId }) {
  const { logCount, lastLog } = useLogsSSE({
    service: "etl",
    workspace_id: workspaceId,
    workflow_id: workflowId,
    filter: isError,
  });
  const last = lastLog ? `; the last: ${lastLog.message}` : "";
  return h(
    Text,
    { appearance: "subtle" },
    h("span", { id: "trouble" }, `Errors since you came: ${logCount}${last}`),
  );
}

/** @param {Log} log */
function isError(log) {
  return log.level === "ERROR";
}
