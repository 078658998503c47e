// The hosts, each as it was built from the packed client, in Chromium, on a real gateway. `npm run hosts` runs them.

import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findBrowsers } from "../../scripts/lib/tools.mjs";

export default defineConfig({
  testDir: ".",
  // host-tests is for the runners of hosts.
  testMatch: "*.spec.mjs",
  // Below the folder of the other end-to-end tests, which each of their runs empties.
  outputDir: "../../test-results/hosts",
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A machine that does other work beside may be slow for a moment; what fails twice is broken.
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
