// The Logs page of Datashop: live logs above the logs that it has already.

import { LogsWithSSE } from "@datashop/logs-sse-client/react";
import "@datashop/logs-sse-client/style.css";
import { createElement as h } from "react";
import { createRoot } from "react-dom/client";
import "./page.css";

const EARLIER = ["Sep 25 2025 at 01:30 PM", "INFO", "ETL Running"];

function ExistingLogs() {
  const cells = EARLIER.map((text) => h("td", { key: text }, text));
  return h("table", { id: "logs" }, h("tbody", null, h("tr", null, cells)));
}

const ids = { workspaceId: "workspace123", workflowId: "workflow456" };

createRoot(document.getElementById("app")).render(
  h("main", null, h("h1", null, "Datashop Logs"), h(LogsWithSSE, ids, h(ExistingLogs))),
);
