// End-to-end tests: the demo page as it is served, in Chromium, with a real gateway: `npm test --
// e2e`.

import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findBrowsers } from "../../scripts/lib/tools.mjs";

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results",
  // For two cores: more pages at once would only wait for each other.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A busy machine may be slow for a moment; a test that fails twice is broken.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: findBrowsers().chromium, args: CHROMIUM_FLAGS },
    trace: "retain-on-failure",
  },
});
