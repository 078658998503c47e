// Trunk's hook after a build: writes each style sheet as one file, since trunk copies only the file
// that the page names, and in a release build minifies the JavaScript and the style sheets.

import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { transform } from "esbuild";
import { bundleStyles } from "./lib/styles.mjs";

const {
  TRUNK_PROFILE: profile,
  TRUNK_SOURCE_DIR: sources,
  TRUNK_STAGING_DIR: folder,
} = process.env;
const minify = profile === "release";

if (sources && folder) {
  for (const name of await readdir(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if (name.endsWith(".css"))
      await writeFile(file, await bundleStyles(path.join(sources, name), { minify }));
    else if (name.endsWith(".js") && minify) await writeFile(file, await minified(file));
  }
}

/** @param {string} file */
async function minified(file) {
  const options = { format: /** @type {const} */ ("esm"), minify, target: "es2022" };
  // As a module, so that top-level names are shortened too.
  return (await transform(await readFile(file, "utf8"), options)).code;
}
