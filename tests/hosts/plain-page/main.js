// The page of the hosts without React. Its hash selects the viewer, the element, or a list of its
// own with the headless client.

import { backend, mountLiveLogs } from "@datashop/logs-sse-client";
import "@datashop/logs-sse-client/element";
import { openLogs } from "@datashop/logs-sse-client/headless";
import "@datashop/logs-sse-client/style.css";

/** @import { Log, Notice } from "@datashop/logs-sse-client/headless" */

const WORKFLOW = { workspaceId: "workspace123", workflowId: "workflow456" };

/**
 * Each returns a function that ends it.
 *
 * @type {Record<string, (place: HTMLElement) => () => void>}
 */
const PAGES = { "#mount": mount, "#element": element, "#headless": headless };

window.liveLogsBackend = backend;
const close = PAGES[location.hash || "#mount"](byId("live-logs"));
byId("leave").addEventListener("click", close);

/**
 * Returns an element of the page, which index.html has.
 *
 * @param {string} id
 */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {HTMLElement} place */
function mount(place) {
  const handle = mountLiveLogs(place, WORKFLOW);
  return () => handle.unmount();
}

/** @param {HTMLElement} place */
function element(place) {
  const element = document.createElement("datashop-live-logs");
  element.setAttribute("workspace-id", WORKFLOW.workspaceId);
  element.setAttribute("workflow-id", WORKFLOW.workflowId);
  place.append(element);
  return () => element.remove();
}

/** @param {HTMLElement} place */
function headless(place) {
  const logs = openLogs({ ...WORKFLOW, capacity: 500 });
  const status = document.createElement("output");
  const list = document.createElement("ol");
  const button = document.createElement("button");
  button.textContent = "Connect Live Logs";
  button.addEventListener("click", () =>
    logs.status().state === "disconnected" ? logs.connect() : logs.disconnect(),
  );
  place.append(status, button, list);
  logs.subscribe(() => {
    const { rows, status: now } = logs.getSnapshot();
    status.textContent = now.word;
    button.textContent = now.state === "disconnected" ? "Connect Live Logs" : "Disconnect";
    list.replaceChildren(...rows.slice(-10).map(item));
  });
  return () => logs.close();
}

/** @param {Log | Notice} row */
function item(row) {
  const item = document.createElement("li");
  item.textContent = "notice" in row ? row.text : `${row.level} ${row.pipeline} ${row.message}`;
  return item;
}
