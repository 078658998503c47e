// Entry for React 18 and newer.

import React from "react";
import { createRoot } from "react-dom/client";
import "@datashop/logs-sse-client/style.css";
import { App } from "../app.js";

createRoot(/** @type {HTMLElement} */ (document.getElementById("app"))).render(
  React.createElement(App),
);
