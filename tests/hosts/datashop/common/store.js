// The Redux store of the page: the current workspace and workflow, and the logs of earlier runs.

import { createStore } from "redux";
import { readLogs } from "./history.js";

/** @import { Row } from "./history.js" */

/**
 * @typedef {object} State
 * @property {string} workspaceId
 * @property {string} workflowId
 * @property {Row[]} logs
 * @property {boolean} isReading
 * @property {number} refreshes
 *
 * @typedef {{ type: "WORKSPACE_CHOSEN", workspaceId: string }
 *   | { type: "WORKFLOW_CHOSEN", workflowId: string }
 *   | { type: "LOGS_REQUESTED" }
 *   | { type: "LOGS_READ", workflowId: string, logs: Row[] }} Action
 */

/**
 * Workspaces and their workflows; the gateway's sample job writes to the first and the last.
 *
 * @type {Record<string, string[]>}
 */
export const WORKSPACES = {
  workspace123: ["workflow456", "workflow789"],
  prod_workspace: ["etl_job_789"],
};

/**
 * @param {string} workspaceId
 * @returns {Action}
 */
export const chooseWorkspace = (workspaceId) => ({ type: "WORKSPACE_CHOSEN", workspaceId });

/**
 * @param {string} workflowId
 * @returns {Action}
 */
export const chooseWorkflow = (workflowId) => ({ type: "WORKFLOW_CHOSEN", workflowId });

/**
 * Reads the logs of earlier runs, as the Refresh button and each choice do.
 *
 * @param {import("redux").Store<State, Action>} store
 */
export async function refresh(store) {
  const { workflowId } = store.getState();
  store.dispatch({ type: "LOGS_REQUESTED" });
  const logs = await readLogs(workflowId);
  store.dispatch({ type: "LOGS_READ", workflowId, logs });
}

export function openStore() {
  const [[workspaceId, [workflowId]]] = Object.entries(WORKSPACES);
  return createStore(reduce, { workspaceId, workflowId, logs: [], isReading: true, refreshes: 0 });
}

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
function reduce(state, action) {
  switch (action.type) {
    case "WORKSPACE_CHOSEN":
      return {
        ...state,
        workspaceId: action.workspaceId,
        workflowId: WORKSPACES[action.workspaceId][0],
        logs: [],
      };
    case "WORKFLOW_CHOSEN":
      return { ...state, workflowId: action.workflowId, logs: [] };
    case "LOGS_REQUESTED":
      return { ...state, isReading: true };
    case "LOGS_READ":
      // A response that arrives after another choice belongs to another workflow.
      return action.workflowId === state.workflowId
        ? { ...state, logs: action.logs, isReading: false, refreshes: state.refreshes + 1 }
        : state;
    default:
      return state;
  }
}
