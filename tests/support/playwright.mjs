// What the Playwright configurations of all suites share.

import { CHROMIUM_FLAGS, findBrowsers } from "../../scripts/lib/tools.mjs";

export const CHROMIUM = { executablePath: findBrowsers().chromium, args: CHROMIUM_FLAGS };

/** @type {import("@playwright/test").PlaywrightTestConfig} */
export const SHARED = {
  // For two cores: more pages at once would only wait for each other.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A busy machine may be slow for a moment; a test that fails twice is broken.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions: CHROMIUM, trace: "retain-on-failure" },
};
