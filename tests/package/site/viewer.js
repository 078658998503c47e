// The page of the policy matrix with the viewer: what a host writes, and access for the tests.

import { backend, mountLiveLogs } from "./pkg/index.js";

const handle = mountLiveLogs(/** @type {HTMLElement} */ (document.getElementById("live-logs")), {
  workspaceId: "workspace123",
  workflowId: "workflow456",
});

window.cell = { backend, status: () => handle.status(), count: () => handle.status().received };
