// A host's tests in Vitest: modules and happy-dom.

import React from "react";
import { createRoot } from "react-dom/client";
import * as client from "@datashop/logs-sse-client";
import * as components from "@datashop/logs-sse-client/react";
import * as headless from "@datashop/logs-sse-client/headless";
import "@datashop/logs-sse-client/element";
import { afterEach, beforeEach, expect, test } from "vitest";
import rules from "./rules.cjs";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** @param {React.ReactNode} element */
async function render(element) {
  const place = document.createElement("div");
  document.body.appendChild(place);
  const root = createRoot(place);
  await React.act(async () => root.render(element));
  return async () => {
    await React.act(async () => root.unmount());
    place.remove();
  };
}

rules({ test, expect, beforeEach, afterEach, React, client, components, headless, render });
