// The hosts, each built with the packed client, in Chromium, with a real gateway: `npm run hosts`.

import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findBrowsers } from "../../scripts/lib/tools.mjs";

export default defineConfig({
  testDir: ".",
  // host-tests is for the test runners of hosts.
  testMatch: "*.spec.mjs",
  // Inside the folder of the end-to-end tests, which empties it on each run.
  outputDir: "../../test-results/hosts",
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
