// Next takes global style sheets from this file only.

import React from "react";
import "@datashop/logs-sse-client/style.css";

export default function Shell({ Component, pageProps }) {
  return React.createElement(Component, pageProps);
}
