// @ts-check

// Trunk's hook after a release build: the generated JavaScript and the style sheets without comments and long names.

import { transform } from "esbuild";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const { TRUNK_PROFILE: profile, TRUNK_STAGING_DIR: folder } = process.env;

if (profile === "release") {
  for (const name of (await readdir(folder, { recursive: true })).filter((name) =>
    /\.(js|css)$/.test(name),
  )) {
    const file = path.join(folder, name);
    const loader = path.extname(name).slice(1);
    // As a module, its own names may be short too.
    const format = loader === "js" ? "esm" : undefined;
    const { code } = await transform(await readFile(file, "utf8"), {
      loader,
      format,
      minify: true,
      target: "es2022",
    });
    await writeFile(file, code);
  }
}
