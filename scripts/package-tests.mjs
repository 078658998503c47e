// @ts-check

// The built npm package in Chromium and Firefox, on pages as hosts write them, under each policy. Alone: `node scripts/package-tests.mjs`.

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./lib/build.mjs";
import { entry, ROOT, runAndKeep, UserError } from "./lib/run.mjs";

const PACKAGE = path.join(ROOT, "pkg");
const PAGES = path.join(ROOT, "tests/package/site");
const SITE = path.join(ROOT, "test-results/package-site");

/** Runs both halves with the gateway `program`. Gives what each printed: `{ name, code, output }`. */
export async function packageTests(program) {
  const env = { LOGS_GATEWAY: program, LOGS_PACKAGE_SITE: assemble() };
  const chromium = [
    path.join(ROOT, "node_modules/.bin/playwright"),
    ["test", "--config", "tests/package/playwright.config.mjs"],
  ];
  const firefox = [process.execPath, ["tests/package/firefox.mjs"]];
  const results = [];
  for (const [name, [command, args]] of Object.entries({ Chromium: chromium, Firefox: firefox })) {
    results.push({ name: `package: ${name}`, ...(await runAndKeep(command, args, { env })) });
  }
  return results;
}

/** Puts the pages and the package into one folder, as a host's build would. */
function assemble() {
  if (!existsSync(path.join(PACKAGE, "index.js")))
    throw new UserError(
      "package tests: there is no pkg/index.js: build the package first (npm run package)",
    );
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE, { recursive: true });
  cpSync(PAGES, SITE, { recursive: true });
  cpSync(PACKAGE, path.join(SITE, "pkg"), { recursive: true });
  // What Angular loads before all else; tests/package/zone.spec.mjs is about it.
  cpSync(path.join(ROOT, "node_modules/zone.js/bundles/zone.umd.js"), path.join(SITE, "zone.js"));
  return SITE;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const results = await packageTests(await buildGateway());
    return results.some(({ code }) => code !== 0) ? 1 : 0;
  });
}
