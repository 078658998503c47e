// Checks the packed npm package with publint, for bundlers and Node, and attw, for TypeScript.

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { packNpmFolder } from "./npm_folder.mjs";
import { run, UserError } from "./run.mjs";
import { toolEnv } from "./tools.mjs";

/** Entry points that are not modules, and so have no types. */
const UNTYPED = ["style.css", "viewer_bg.wasm", "headless_bg.wasm"];

/**
 * No suggestions: the only one asks for engines.node, by which yarn would reject hosts whose old
 * Node merely bundles.
 */
const PUBLINT = ["--strict", "--level", "warning"];

/** Packs the staged folder, and throws on any finding. */
export async function checkPackage() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "logs-package-"));
  try {
    const tarball = await packNpmFolder(folder);
    await check("publint", ["run", tarball, ...PUBLINT]);
    await check("attw", [tarball, "--format", "table", "--exclude-entrypoints", ...UNTYPED]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function check(command, args) {
  const code = await run(command, args, { env: toolEnv() });
  if (code !== 0)
    throw new UserError(`package: ${command} found problems for some hosts; they are listed above`);
}
