// Tests the built npm package in Chromium and Firefox, under each policy. To run these tests alone:
// `node scripts/package-tests.mjs`.

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./lib/build.mjs";
import { entry, ROOT, runAndKeep, UserError } from "./lib/run.mjs";

const PACKAGE = path.join(ROOT, "pkg");
const PAGES = path.join(ROOT, "tests/package/site");
const SITE = path.join(ROOT, "test-results/package-site");

/**
 * Runs the tests of both browsers with the gateway `program`.
 *
 * @param {string} program
 */
export async function packageTests(program) {
  const env = { LOGS_GATEWAY: program, LOGS_PACKAGE_SITE: assemble() };
  const playwright = path.join(ROOT, "node_modules/.bin/playwright");
  const config = ["test", "--config", "tests/package/playwright.config.mjs"];
  const chromium = await runAndKeep(playwright, config, { env });
  const firefox = await runAndKeep(process.execPath, ["tests/package/firefox.mjs"], { env });
  return [
    { name: "package: Chromium", ...chromium },
    { name: "package: Firefox", ...firefox },
  ];
}

/** Copies the pages and the package into one folder, as a host's build would, and returns it. */
function assemble() {
  if (!existsSync(path.join(PACKAGE, "index.js")))
    throw new UserError(
      "package tests: pkg/index.js is missing: build the package first (npm run package)",
    );
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE, { recursive: true });
  cpSync(PAGES, SITE, { recursive: true });
  cpSync(PACKAGE, path.join(SITE, "pkg"), { recursive: true });
  // For tests/package/zone.spec.mjs: Angular loads it before everything else.
  cpSync(path.join(ROOT, "node_modules/zone.js/bundles/zone.umd.js"), path.join(SITE, "zone.js"));
  return SITE;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const results = await packageTests(await buildGateway());
    return results.some(({ code }) => code !== 0) ? 1 : 0;
  });
}
