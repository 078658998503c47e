// The page of the matrix without the viewer: a list of its own, and a door for the tests.

import { backend, openLogs } from "./pkg/headless.js";

const SHOWN = 10;

const logs = openLogs({ workspaceId: "workspace123", workflowId: "workflow456" });
document.getElementById("connect").addEventListener("click", () => logs.connect());
logs.subscribe(() => {
  const { rows, status } = logs.getSnapshot();
  document.getElementById("word").textContent = status.word;
  document.getElementById("list").replaceChildren(...rows.slice(-SHOWN).map(item));
});

function item(row) {
  const item = document.createElement("li");
  item.textContent = row.text;
  return item;
}

window.cell = { backend, status: () => logs.status(), count: () => logs.getSnapshot().rows.length };
