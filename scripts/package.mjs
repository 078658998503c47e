// `npm run package`: builds the npm package's files into pkg/. `npm pack` and `npm publish` call it by themselves ("prepack"),
// and have what only the package's root needs put there before, and taken away after ("postpack").

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage } from "./lib/check_package.mjs";
import {
  PKG,
  removeStubs,
  writeJavaScript,
  writeStubs,
  writeStylesAndTypes,
} from "./lib/package_files.mjs";
import { entry, Told } from "./lib/run.mjs";
import { buildModule, MODULES } from "./lib/wasm_modules.mjs";
import { setup } from "./setup.mjs";

const TASKS = { build, check, prepack, postpack: removeStubs };

/** Builds pkg/. */
export async function buildPackage() {
  const files = [];
  for (const name of Object.keys(MODULES)) {
    console.log(`\npackage: building the ${name} (first time about 2 min) …`);
    files.push(...(await buildModule(name)));
  }
  // Only now: what is there may be in use, and is better than nothing when a build fails.
  await rm(PKG, { recursive: true, force: true });
  await mkdir(PKG);
  for (const [name, content] of files) await writeFile(path.join(PKG, name), content);
  await writeJavaScript();
  await writeStylesAndTypes();
}

async function build() {
  await setup("package");
  await buildPackage();
  console.log(`\npackage: ${PKG}`);
}

async function check() {
  await build();
  await checkPackage();
}

async function prepack() {
  await build();
  await writeStubs();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const [name = "build", ...more] = process.argv.slice(2);
    const isTask = Object.hasOwn(TASKS, name) && more.length === 0;
    if (!isTask)
      throw new Told(
        `package: expected one of ${Object.keys(TASKS).join(", ")}, or nothing to build; got ${[name, ...more].join(" ")}`,
      );
    await TASKS[name]();
  });
}
