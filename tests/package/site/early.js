// Runs before the element is defined, as a framework that sets properties before the definition.

const early = document.createElement("datashop-live-logs");
early.workspaceId = "workspace123";
early.workflowId = "early";
window.early = early;

window.elementEvents = { status: [], log: [], error: [] };
for (const [name, details] of Object.entries(window.elementEvents)) {
  document
    .querySelector("datashop-live-logs")
    ?.addEventListener(name, (event) => details.push(/** @type {CustomEvent} */ (event).detail));
}
