// End-to-end tests: the demo page as it is served, in Chromium, with a real gateway: `npm test --
// e2e`.

import { defineConfig } from "@playwright/test";
import { SHARED } from "../support/playwright.mjs";

export default defineConfig({ ...SHARED, testDir: ".", outputDir: "../../test-results" });
