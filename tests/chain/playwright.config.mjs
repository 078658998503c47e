// The whole chain, each part as it is released, in Chromium: `npm test -- chain`.

import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findBrowsers } from "../../scripts/lib/tools.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  // Inside the folder of the end-to-end tests, which empties it on each run.
  outputDir: "../../test-results/chain",
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A busy machine may be slow for a moment; a test that fails twice is broken.
  retries: process.env.CI ? 1 : 0,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: findBrowsers().chromium, args: CHROMIUM_FLAGS },
    trace: "retain-on-failure",
  },
});
