// A host's tests in Jest: CommonJS and jsdom.

const React = require("react");
const ReactDOM = require("react-dom");
const { act } = require("react-dom/test-utils");
const client = require("@datashop/logs-sse-client");
const components = require("@datashop/logs-sse-client/react");
const headless = require("@datashop/logs-sse-client/headless");
require("@datashop/logs-sse-client/element");
const rules = require("./rules.cjs");

/** @param {import("react").ReactNode} element */
async function render(element) {
  const root = document.createElement("div");
  document.body.appendChild(root);
  act(() => void ReactDOM.render(element, root));
  return () => {
    act(() => void ReactDOM.unmountComponentAtNode(root));
    root.remove();
  };
}

rules({ test, expect, beforeEach, afterEach, React, client, components, headless, render });
