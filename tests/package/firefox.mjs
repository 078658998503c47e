// The policy matrix in stock Firefox, through WebDriver: Playwright drives only a Firefox of its
// own. policy.spec.mjs runs it in Chromium. Prints a line for each page and policy, and the totals.

import { deepStrictEqual } from "node:assert";
import { Builder, By } from "selenium-webdriver";
import firefox from "selenium-webdriver/firefox.js";
import { entry, UserError } from "../../scripts/lib/run.mjs";
import { findBrowsers } from "../../scripts/lib/tools.mjs";
import { required } from "../support/environment.mjs";
import { Gateway } from "../support/gateway.mjs";
import { ENOUGH, expectedOn, POLICIES, readCell } from "./policies.mjs";

/** @import { WebDriver } from "selenium-webdriver" */

const TIMEOUT_MS = 30_000;

await entry(async () => {
  const driver = await openFirefox();
  const results = [];
  try {
    for (const [name, policyCase] of Object.entries(POLICIES)) {
      for (const file of ["index.html", "headless.html"])
        results.push(await report(`${file} under ${name}`, () => check(driver, file, policyCase)));
    }
  } finally {
    await driver.quit();
  }
  const passed = results.filter(Boolean).length;
  console.log(`\n${passed} passed, ${results.length - passed} failed`);
  return passed === results.length ? 0 : 1;
});

/** Both programs are named, so that Selenium neither searches nor downloads anything. */
function openFirefox() {
  const { firefox: browser, geckodriver } = findBrowsers();
  if (!browser || !geckodriver)
    throw new UserError(
      `firefox: expected Firefox and geckodriver, found ${browser ?? "no Firefox"} and ` +
        `${geckodriver ?? "no geckodriver"}: run \`npm run setup\``,
    );
  const options = new firefox.Options();
  options.setBinary(browser);
  options.addArguments("-headless");
  return new Builder()
    .forBrowser("firefox")
    .setFirefoxOptions(options)
    .setFirefoxService(new firefox.ServiceBuilder(geckodriver))
    .build();
}

/**
 * Runs a test, prints its result, and returns whether it passed.
 *
 * @param {string} name
 * @param {() => Promise<void>} run
 */
async function report(name, run) {
  const start = Date.now();
  try {
    await run();
    console.log(`  ✓ ${name} (${Date.now() - start} ms)`);
    return true;
  } catch (error) {
    console.log(`  ✘ ${name}\n${error instanceof Error ? error.stack : error}`);
    return false;
  }
}

/**
 * @param {WebDriver} driver
 * @param {string} file
 * @param {import("./policies.mjs").PolicyCase} policyCase
 */
async function check(driver, file, policyCase) {
  const site = { site: required("LOGS_PACKAGE_SITE"), csp: policyCase.policy };
  const gateway = await new Gateway(site).start("--job", "--rate", "200");
  try {
    await driver.get(`${gateway.url}/${file}`);
    await driver.wait(() => pressConnect(driver), TIMEOUT_MS, "the button did not appear");
    await driver.wait(
      async () => (await driver.executeScript(() => cell.count())) >= ENOUGH,
      TIMEOUT_MS,
      `fewer than ${ENOUGH} lines arrived`,
    );
    await driver.wait(
      async () => (await driver.findElements(By.css("li"))).length > 5,
      TIMEOUT_MS,
      "no rows are shown",
    );
    deepStrictEqual(await driver.executeScript(readCell), expectedOn(policyCase));
  } finally {
    await gateway.kill();
  }
}

/**
 * Presses the button if it exists, and returns whether it does.
 *
 * @param {WebDriver} driver
 */
async function pressConnect(driver) {
  const [button] = await driver.findElements(
    By.xpath("//button[normalize-space()='Connect Live Logs']"),
  );
  await button?.click();
  return button !== undefined;
}
