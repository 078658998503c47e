// Installs the packed client into a folder of tests, as a host does.

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildPackage } from "../package.mjs";
import { packNpmFolder } from "./npm_folder.mjs";
import { QUIET } from "./npm_install.mjs";
import { must, ROOT, run } from "./run.mjs";

/**
 * Installs the tarball that `npm publish` would send into `folder`. `LOGS_TARBALL` names one that
 * exists already.
 *
 * @param {string} folder
 */
export async function installClient(folder) {
  const packed = await mkdtemp(path.join(os.tmpdir(), "logs-client-"));
  try {
    const args = ["install", "--no-save", ...QUIET, await tarball(packed)];
    await must(
      run("npm", args, { cwd: folder }),
      `npm failed to install the packed client in ${path.relative(ROOT, folder)}; see above`,
    );
  } finally {
    await rm(packed, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function tarball(folder) {
  if (process.env.LOGS_TARBALL) return path.resolve(process.env.LOGS_TARBALL);
  await buildPackage();
  return packNpmFolder(folder);
}
