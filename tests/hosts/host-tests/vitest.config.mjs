// Vitest with happy-dom, and the newest React.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "happy-dom", include: ["vitest.test.mjs"], globals: true },
});
