// The page as files, so that the gateway can serve it. The root is named because the page's source is beside this folder, not in it.

import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export default { output: "export", turbopack: { root }, outputFileTracingRoot: root };
