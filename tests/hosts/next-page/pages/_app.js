// Next accepts global style sheets only in this file.

import React from "react";
import "@datashop/logs-sse-client/style.css";

/**
 * @template {import("react").Attributes} Props
 * @param {{ Component: import("react").FunctionComponent<Props>, pageProps: Props }} props
 */
export default function Shell({ Component, pageProps }) {
  return React.createElement(Component, pageProps);
}
