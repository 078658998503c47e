// Starts the page: the store around all, and one connection for live logs below it.

import React from "react";
import ReactDOM from "react-dom";
import { Provider } from "react-redux";
import "@innovaccer/design-system/css/dist/index.css";
import "../common/page.css";
import { openStore } from "../common/store.js";
import { LogsSSEProvider } from "@datashop/logs-sse-client/react";
import "@datashop/logs-sse-client/style.css";
import { LogsPage } from "./LogsPage.js";

const h = React.createElement;

ReactDOM.render(
  h(Provider, { store: openStore() }, h(LogsSSEProvider, { gatewayUrl: "" }, h(LogsPage))),
  /** @type {HTMLElement} */ (document.getElementById("app")),
);
