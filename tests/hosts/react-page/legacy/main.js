// Entry for React 16 and 17.

import React from "react";
import ReactDOM from "react-dom";
import "@datashop/logs-sse-client/style.css";
import { App } from "../app.js";

ReactDOM.render(
  React.createElement(App),
  /** @type {HTMLElement} */ (document.getElementById("app")),
);
