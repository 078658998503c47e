// axe-core in a page under test.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** @import { Gateway } from "./gateway.mjs" */

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/**
 * Returns the accessibility violations of a page that axe rates serious or critical.
 *
 * @param {import("@playwright/test").Page} page
 */
export async function seriousViolations(page) {
  // Evaluated, since a script element would not pass the page's policy.
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    );
}

/**
 * Publishes a log of each level; the message of the last is "a AUDIT".
 *
 * @param {Gateway} gateway
 */
export async function publishAllLevels(gateway) {
  for (const level of ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "AUDIT"])
    await gateway.publish({ level, pipeline: "P", message: `a ${level}`, status: "failed" });
}
