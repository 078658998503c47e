// @ts-check

// Trunk's hook after a release build: minifies the generated JavaScript and the style sheets.

import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { transform } from "esbuild";

const { TRUNK_PROFILE: profile, TRUNK_STAGING_DIR: folder } = process.env;

if (profile === "release" && folder) {
  for (const name of await readdir(folder, { recursive: true })) {
    const loader = name.endsWith(".js") ? "js" : name.endsWith(".css") ? "css" : undefined;
    if (!loader) continue;
    const file = path.join(folder, name);
    const { code } = await transform(await readFile(file, "utf8"), {
      loader,
      // As a module, so that top-level names are shortened too.
      format: loader === "js" ? "esm" : undefined,
      minify: true,
      target: "es2022",
    });
    await writeFile(file, code);
  }
}
