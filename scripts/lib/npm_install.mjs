// Installs the npm packages of a folder as its lock file says.

import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { must, run } from "./run.mjs";

/** Ends quickly, and runs no script of a package. */
export const QUIET = ["--no-audit", "--no-fund", "--ignore-scripts"];

/**
 * Runs `npm ci` in a folder, unless the file that npm writes at the end of each install is newer
 * than the lock file. Prints `notice` before.
 *
 * @param {string} folder
 * @param {string} notice
 * @param {string[]} [flags]
 */
export async function installLocked(folder, notice, flags = QUIET) {
  const stamp = path.join(folder, "node_modules/.package-lock.json");
  const lock = path.join(folder, "package-lock.json");
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`\n${notice} …`);
  await must(
    run("npm", ["ci", ...flags], { cwd: folder }),
    `npm ci failed in ${folder}: is the npm registry reachable from here?`,
  );
}
