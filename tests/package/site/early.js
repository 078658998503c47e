// Runs before the element is defined, as a framework that sets properties before the definition.

const early = document.createElement("datashop-live-logs");
early.workspaceId = "workspace123";
early.workflowId = "early";
window.early = early;

window.elementEvents = { status: [], log: [], error: [] };
for (const name of Object.keys(window.elementEvents)) {
  document
    .querySelector("datashop-live-logs")
    .addEventListener(name, ({ detail }) => window.elementEvents[name].push(detail));
}
