// Runs one of the examples in README, named by the hash: `#react`, `#react-hooks`, `#react-redux`,
// `#plain`, `#headless`.

import { createElement } from "react";
import ReactDOM from "react-dom";
import { Provider } from "react-redux";
import { createStore } from "redux";
import "@datashop/logs-sse-client/style.css";

const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };

function show(element) {
  ReactDOM.render(element, document.getElementById("app"));
}

const RUN = {
  async react() {
    const { LogsPage } = await import("../../../examples/react.js");
    show(createElement(LogsPage, IDS, createElement("p", { id: "own" }, "existing logs")));
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
    document
      .getElementById("workflow")
      .addEventListener("change", (event) =>
        store.dispatch({ type: "choose", workflowId: event.target.value }),
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
