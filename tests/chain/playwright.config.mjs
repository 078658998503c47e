// The whole chain, each part as it is released, in Chromium: `npm test -- chain`.

import { defineConfig } from "@playwright/test";
import { SHARED } from "../support/playwright.mjs";

export default defineConfig({
  ...SHARED,
  testDir: ".",
  testMatch: "*.spec.mjs",
  // Inside the folder of the end-to-end tests, which empties it on each run.
  outputDir: "../../test-results/chain",
  // A scenario starts and stops every part several times.
  timeout: 180_000,
  expect: { timeout: 20_000 },
});
