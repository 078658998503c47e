// The matrix in stock Firefox, through WebDriver: Playwright drives a Firefox of its own only. Chromium's half is policy.spec.mjs.
// Prints a line for each page and policy, and at the end how many passed and failed.

import { deepStrictEqual } from "node:assert";
import { Builder, By } from "selenium-webdriver";
import firefox from "selenium-webdriver/firefox.js";
import { entry, Told } from "../../scripts/lib/run.mjs";
import { findBrowsers } from "../../scripts/lib/tools.mjs";
import { Gateway } from "./gateway.mjs";
import { ENOUGH, expectedOn, POLICIES, readCell } from "./policies.mjs";

const PATIENCE = 30_000;

await entry(async () => {
  const driver = await start();
  const results = [];
  try {
    for (const [name, cell] of Object.entries(POLICIES)) {
      for (const file of ["index.html", "headless.html"])
        results.push(await report(`${file} under ${name}`, () => check(driver, file, cell)));
    }
  } finally {
    await driver.quit();
  }
  const passed = results.filter(Boolean).length;
  console.log(`\n${passed} passed, ${results.length - passed} failed`);
  return passed === results.length ? 0 : 1;
});

/** Both programs are named, so that the client looks for nothing and fetches nothing. */
function start() {
  const { firefox: browser, geckodriver } = findBrowsers();
  if (!browser || !geckodriver)
    throw new Told(
      `firefox: expected Firefox and geckodriver, found ${browser ?? "no Firefox"} and ${geckodriver ?? "no geckodriver"}: run \`npm run setup\``,
    );
  const options = new firefox.Options().setBinary(browser).addArguments("-headless");
  return new Builder()
    .forBrowser("firefox")
    .setFirefoxOptions(options)
    .setFirefoxService(new firefox.ServiceBuilder(geckodriver))
    .build();
}

async function report(name, act) {
  const start = Date.now();
  try {
    await act();
    console.log(`  ✓ ${name} (${Date.now() - start} ms)`);
    return true;
  } catch (error) {
    console.log(`  ✘ ${name}\n${error.stack ?? error}`);
    return false;
  }
}

async function check(driver, file, cell) {
  const gateway = await new Gateway(cell.policy).start("--job", "--rate", "200");
  try {
    await driver.get(`${gateway.url}/${file}`);
    await driver.wait(() => pressConnect(driver), PATIENCE, "the button never came");
    await driver.wait(
      async () => (await driver.executeScript(() => window.cell.count())) >= ENOUGH,
      PATIENCE,
      `fewer than ${ENOUGH} lines came`,
    );
    await driver.wait(
      async () => (await driver.findElements(By.css("li"))).length > 5,
      PATIENCE,
      "no rows are shown",
    );
    deepStrictEqual(await driver.executeScript(readCell), expectedOn(cell));
  } finally {
    await gateway.kill();
  }
}

/** Presses the button, if it is there. */
async function pressConnect(driver) {
  const [button] = await driver.findElements(
    By.xpath("//button[normalize-space()='Connect Live Logs']"),
  );
  await button?.click();
  return button !== undefined;
}
