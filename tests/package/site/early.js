// Runs before the element is defined, as a framework does that sets properties on what it made before the definition came.

const early = document.createElement("datashop-live-logs");
early.workspaceId = "workspace123";
early.workflowId = "early";
window.early = early;

window.heard = { status: [], log: [], error: [] };
for (const name of Object.keys(window.heard)) {
  document
    .querySelector("datashop-live-logs")
    .addEventListener(name, ({ detail }) => window.heard[name].push(detail));
}
