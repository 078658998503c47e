// Exports the page as files that the gateway can serve. The root is set because the source of the
// page is next to this folder, not in it.

import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export default { output: "export", turbopack: { root }, outputFileTracingRoot: root };
