// The table that the page had before live logs: logs of earlier runs, with a Refresh button.

import React from "react";
import { useSelector, useStore } from "react-redux";
import { Button, Heading, StatusHint, Table } from "@innovaccer/design-system";
import { refresh } from "./store.js";

/** @import { Row } from "./history.js" */
/** @import { State } from "./store.js" */

const h = React.createElement;
/** @type {Record<string, string>} */
const APPEARANCES = { INFO: "info", WARN: "warning", ERROR: "alert" };
const SCHEMA = [
  { name: "date", displayName: "Date", width: "18%" },
  { name: "level", displayName: "Level", width: "10%", cellRenderer: level },
  { name: "pipeline", displayName: "Pipeline", width: "17%" },
  { name: "message", displayName: "Message", width: "44%" },
  { name: "duration", displayName: "Duration", width: "11%" },
];

export function ExistingLogs() {
  const store = useStore();
  const { logs, isReading, refreshes, workflowId } = useSelector(
    (/** @type {State} */ state) => state,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: refreshes when the workflow changes
  React.useEffect(() => {
    refresh(store);
  }, [store, workflowId]);
  return h(
    "section",
    { id: "logs", "data-refreshes": refreshes },
    h(
      "div",
      { className: "page-row" },
      h(Heading, { size: "s" }, "Logs of earlier runs"),
      h(Button, { icon: "refresh", onClick: () => refresh(store) }, "Refresh"),
    ),
    // This table accepts new rows only when loading ends.
    h(Table, {
      data: logs,
      loading: isReading,
      schema: SCHEMA,
      size: "compressed",
      showMenu: false,
    }),
  );
}

/** @param {{ data: Row }} cell */
function level({ data }) {
  return h(
    "div",
    { className: "page-level" },
    h(StatusHint, { appearance: APPEARANCES[data.level] || "default" }, data.level),
  );
}
