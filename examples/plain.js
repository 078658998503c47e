// A page without React.
import { mountLiveLogs } from "@datashop/logs-sse-client";

const live = mountLiveLogs(document.getElementById("live-logs"), {
  workspaceId: "workspace123",
  workflowId: "workflow456",
  onStatus: (status) => console.log(status.word, status.reason),
});

document
  .getElementById("workflow")
  .addEventListener("change", (event) => live.update({ workflowId: event.target.value }));
window.addEventListener("pagehide", () => live.disconnect());
