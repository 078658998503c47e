// @ts-check

// Installs the npm packages of a folder of tests that has a lock file of its own.

import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { ROOT, run, UserError } from "./run.mjs";

/** No request that only informs, and no program of a package. */
export const QUIET = ["--no-audit", "--no-fund", "--ignore-scripts"];

/**
 * Installs what the lock file of `folder` names, unless that is done. npm writes the stamp at the
 * end.
 *
 * @param {string} folder
 * @param {string} what The packages, and how long they take.
 */
export async function npmInstall(folder, what) {
  const stamp = path.join(folder, "node_modules/.package-lock.json");
  const lock = path.join(folder, "package-lock.json");
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  const name = path.relative(ROOT, folder);
  console.log(`\n${name}: installing ${what} …`);
  if ((await run("npm", ["ci", ...QUIET], { cwd: folder })) !== 0)
    throw new UserError(`npm ci failed in ${name}: is the npm registry reachable from here?`);
}
