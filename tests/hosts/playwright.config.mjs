// The hosts, each built with the packed client, in Chromium, with a real gateway: `npm run hosts`.

import { defineConfig } from "@playwright/test";
import { SHARED } from "../support/playwright.mjs";

export default defineConfig({
  ...SHARED,
  testDir: ".",
  // host-tests is for the test runners of hosts.
  testMatch: "*.spec.mjs",
  // Inside the folder of the end-to-end tests, which empties it on each run.
  outputDir: "../../test-results/hosts",
});
