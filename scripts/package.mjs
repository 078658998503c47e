// `npm run package`: builds the npm package into pkg/ and stages the folder to publish, target/npm.
// With `check`, publint and attw check the result. docs/release.md says how to publish it.

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage } from "./lib/check_package.mjs";
import { NPM_FOLDER, stageNpmFolder } from "./lib/npm_folder.mjs";
import { PKG, writeJavaScript, writeStylesAndTypes } from "./lib/package_files.mjs";
import { entry, UserError } from "./lib/run.mjs";
import { buildModule, MODULES } from "./lib/wasm_modules.mjs";
import { setup } from "./setup.mjs";

/** @type {Readonly<Record<string, () => Promise<void>>>} */
const TASKS = { build, check };

/** @type {Promise<void> | undefined} */
let built;

/** Builds pkg/ and stages the folder to publish, once in this process. */
export function buildPackage() {
  built ??= buildAll();
  return built;
}

async function buildAll() {
  const files = [];
  for (const name of Object.keys(MODULES)) {
    console.log(`\npackage: building the ${name} module …`);
    files.push(...(await buildModule(name)));
  }
  // Replaced only now, so that a failed build leaves the previous package usable.
  await rm(PKG, { recursive: true, force: true });
  await mkdir(PKG);
  for (const [name, content] of files) await writeFile(path.join(PKG, name), content);
  await writeJavaScript();
  await writeStylesAndTypes();
  await stageNpmFolder();
}

async function build() {
  await setup("package");
  await buildPackage();
  console.log(`\npackage: built ${PKG}, staged ${NPM_FOLDER}`);
}

async function check() {
  await build();
  await checkPackage();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const [name = "build", ...more] = process.argv.slice(2);
    if (!Object.hasOwn(TASKS, name) || more.length > 0)
      throw new UserError(
        `package: expected ${Object.keys(TASKS).join(" or ")}; got ${[name, ...more].join(" ")}`,
      );
    await TASKS[name]();
  });
}
