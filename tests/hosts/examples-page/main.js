// Runs one of the examples in README, named by the hash: `#react`, `#react-hooks`, `#react-redux`,
// `#plain`, `#headless`.

import { createElement } from "react";
import ReactDOM from "react-dom";
import { Provider } from "react-redux";
import { createStore } from "redux";
import "@datashop/logs-sse-client/style.css";

const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };

/**
 * Returns an element of the page, which index.html has.
 *
 * @param {string} id
 */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {import("react").ReactNode} node */
function show(node) {
  ReactDOM.render(node, byId("app"));
}

/** @type {Record<string, () => Promise<void>>} */
const RUN = {
  async react() {
    const { LogsPage } = await import("../../../examples/react.js");
    const children = createElement("p", { id: "own" }, "existing logs");
    show(createElement(LogsPage, { ...IDS, children }));
  },
  async "react-hooks"() {
    const { OwnRows } = await import("../../../examples/react-hooks.js");
    show(createElement(OwnRows, { gatewayUrl: "", ...IDS }));
  },
  async "react-redux"() {
    const { LiveLogsOfChosen } = await import("../../../examples/react-redux.js");
    const store = createStore(
      (state, { workflowId }) => (workflowId ? { ...state, workflowId } : state),
      IDS,
    );
    const workflow = /** @type {HTMLSelectElement} */ (byId("workflow"));
    workflow.addEventListener("change", () =>
      store.dispatch({ type: "choose", workflowId: workflow.value }),
    );
    show(createElement(Provider, { store }, createElement(LiveLogsOfChosen)));
  },
  async plain() {
    await import("../../../examples/plain.js");
  },
  async headless() {
    await import("../../../examples/headless.js");
  },
};

RUN[location.hash.slice(1)]();
