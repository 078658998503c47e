// The header of the page: the current workspace and workflow.

import React from "react";
import { useDispatch, useSelector } from "react-redux";
import { Dropdown, Heading, Label } from "@innovaccer/design-system";
import { chooseWorkflow, chooseWorkspace, WORKSPACES } from "./store.js";

/** @import { State } from "./store.js" */

const h = React.createElement;

export function Choice() {
  const dispatch = useDispatch();
  const { workspaceId, workflowId } = useSelector((/** @type {State} */ state) => state);
  return h(
    "header",
    { className: "page-row" },
    h(Heading, { size: "l" }, "Datashop Logs"),
    h(
      "div",
      { className: "page-choices" },
      choice("Workspace", Object.keys(WORKSPACES), workspaceId, (id) =>
        dispatch(chooseWorkspace(id)),
      ),
      choice("Workflow", WORKSPACES[workspaceId], workflowId, (id) => dispatch(chooseWorkflow(id))),
    ),
  );
}

/**
 * @param {string} name
 * @param {string[]} ids
 * @param {string} chosen
 * @param {(id: string) => void} onChange
 */
function choice(name, ids, chosen, onChange) {
  // Keyed by its ids, so that the dropdown resets when the workspace has other workflows.
  const options = ids.map((id) => ({ label: id, value: id, selected: id === chosen }));
  return h(
    "div",
    { className: "page-choice", key: name },
    h(Label, null, name),
    h(Dropdown, { key: ids.join(), options, onChange, className: `choice-${name}` }),
  );
}
