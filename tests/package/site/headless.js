// The page of the policy matrix without the viewer: a list of its own, and access for the tests.

import { backend, openLogs } from "./pkg/headless.js";

const SHOWN_ROWS = 10;

const logs = openLogs({ workspaceId: "workspace123", workflowId: "workflow456" });
const status = element("word");
const list = element("list");

element("connect").addEventListener("click", () => logs.connect());
logs.subscribe(() => {
  const snapshot = logs.getSnapshot();
  status.textContent = snapshot.status.word;
  list.replaceChildren(...snapshot.rows.slice(-SHOWN_ROWS).map(item));
});

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {{ text: string }} row */
function item({ text }) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

window.cell = { backend, status: () => logs.status(), count: () => logs.getSnapshot().rows.length };
