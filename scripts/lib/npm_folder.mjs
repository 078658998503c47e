// Stages the folder that `npm publish` sends: everything in it is generated, and the repository's
// root stays as it is.

import { cp, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ENTRIES, PKG } from "./package_files.mjs";
import { ROOT, run, UserError } from "./run.mjs";

/** The folder to publish. */
export const NPM_FOLDER = path.join(ROOT, "target/npm");

/** Fields of the root's package.json that concern the repository only. */
const REPOSITORY_FIELDS = ["private", "scripts", "devDependencies", "devEngines"];

const DOCUMENTS = ["README.md", "LICENSE", "CHANGELOG.md"];

/** Fills `NPM_FOLDER` from pkg/, the root's package.json and the documents. */
export async function stageNpmFolder() {
  await rm(NPM_FOLDER, { recursive: true, force: true });
  await mkdir(NPM_FOLDER, { recursive: true });
  await writeJson("package.json", await manifest());
  for (const name of DOCUMENTS) await copyFile(path.join(ROOT, name), path.join(NPM_FOLDER, name));
  await cp(PKG, path.join(NPM_FOLDER, "pkg"), { recursive: true });
  await writeStubs();
}

/** Packs `NPM_FOLDER` into `destination` and returns the path of the tarball. */
export async function packNpmFolder(/** @type {string} */ destination) {
  const args = ["pack", NPM_FOLDER, "--silent", "--pack-destination", destination];
  const code = await run("npm", args);
  if (code !== 0) throw new UserError(`package: 'npm pack' failed with ${code}; see above`);
  const tarball = (await readdir(destination)).find((file) => file.endsWith(".tgz"));
  if (!tarball) throw new UserError(`package: 'npm pack' wrote no tarball to ${destination}`);
  return path.join(destination, tarball);
}

/** Returns the package.json to publish. */
async function manifest() {
  const root = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
  const fields = Object.entries(root).filter(([name]) => !REPOSITORY_FIELDS.includes(name));
  return Object.fromEntries(fields);
}

/** Writes files for resolvers that do not read `exports`: webpack 4, old Jest and TypeScript. */
async function writeStubs() {
  for (const name of ENTRIES.filter((name) => name !== "index")) {
    await mkdir(path.join(NPM_FOLDER, name), { recursive: true });
    const pkg = `${name.replace(/[^/]+/g, "..")}/pkg`;
    await writeJson(path.join(name, "package.json"), {
      main: `${pkg}/legacy/${name}.cjs`,
      module: `${pkg}/legacy/${name}.js`,
      types: `${pkg}/types/${name}.d.ts`,
    });
  }
  await copyFile(path.join(PKG, "live-logs.css"), path.join(NPM_FOLDER, "style.css"));
}

/**
 * @param {string} name relative to `NPM_FOLDER`
 * @param {unknown} value
 */
async function writeJson(name, value) {
  await writeFile(path.join(NPM_FOLDER, name), `${JSON.stringify(value, null, 2)}\n`);
}
