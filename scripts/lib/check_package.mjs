// Has the packed npm package judged by those who know how it will be read: publint for bundlers and Node, attw for TypeScript.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { removeStubs, writeStubs } from "./package_files.mjs";
import { run, Told } from "./run.mjs";
import { toolEnv } from "./tools.mjs";

/** What a host imports that is no module, and so has no types. */
const UNTYPED = ["style.css", "viewer_bg.wasm", "headless_bg.wasm"];

/** Not suggestions: the one there is asks for engines.node, by which yarn would keep hosts out whose old Node only bundles. */
const PUBLINT = ["--strict", "--level", "warning"];

/** Packs what is in pkg/, and fails on what either of the two finds. */
export async function checkPackage() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "logs-package-"));
  try {
    const file = await pack(folder);
    await judge("publint", ["run", file, ...PUBLINT]);
    await judge("attw", [file, "--format", "table", "--exclude-entrypoints", ...UNTYPED]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Packs into `folder`, without building, and gives the path of the file. */
async function pack(folder) {
  await writeStubs();
  try {
    const code = await run("npm", [
      "pack",
      "--ignore-scripts",
      "--silent",
      "--pack-destination",
      folder,
    ]);
    if (code !== 0)
      throw new Told(`package: 'npm pack' failed with ${code}; what it says is above`);
  } finally {
    await removeStubs();
  }
  return path.join(folder, (await readdir(folder))[0]);
}

async function judge(command, args) {
  const code = await run(command, args, { env: toolEnv() });
  if (code !== 0)
    throw new Told(
      `package: ${command} has found what will not work for some host; it is named above`,
    );
}
