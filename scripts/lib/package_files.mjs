// What surrounds the WebAssembly in the npm package: the JavaScript that hosts import, for new and for old bundlers, the style sheet,
// the types, and what stands in the package's root for resolvers that do not read `exports`.

import { copyFile, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, Told } from "./run.mjs";
import { MODULES } from "./wasm_modules.mjs";

/** The folder that is packed, and where its plain sources are. */
export const PKG = path.join(ROOT, "pkg");
const SOURCES = path.join(ROOT, "www/package");

/** What a host may import: "@datashop/logs-sse-client" itself, and what comes after a slash. */
const ENTRIES = ["index", "react", "headless", "element"];
const SUBPATHS = ENTRIES.filter((name) => name !== "index");

const IS_LEGACY = /_legacy$/;

/** The Worker, which is a program of its own, and what it shares with the glue. */
const BUNDLED = ["worker", "transport"];

/** Compiles www/package, each file to a file: what two entries share is then the same module in both, and there once in a page. */
export async function writeJavaScript() {
  const names = (await readdir(SOURCES))
    .filter((file) => file.endsWith(".js"))
    .map((file) => path.basename(file, ".js"));
  const missing = [...ENTRIES, ...Object.keys(MODULES).map((name) => `${name}_assets`)].filter(
    (name) => !names.includes(name),
  );
  if (missing.length > 0)
    throw new Told(
      `package: www/package has no ${missing.map((name) => `${name}.js`).join(", ")}, which package.json promises`,
    );
  const old = names.filter((name) => !names.includes(`${name}_legacy`) && !BUNDLED.includes(name));
  await compile(
    names.filter((name) => !IS_LEGACY.test(name) && !BUNDLED.includes(name)),
    { outdir: PKG, format: "esm", target: "es2022" },
  );
  await bundleWorker();
  // As webpack 4 and Jest read it: no `?.`, no import.meta, and in the second form no import at all.
  const legacy = { outdir: path.join(PKG, "legacy"), target: "es2017" };
  await compile(old, { ...legacy, format: "esm" });
  await compile(old, {
    ...legacy,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    supported: { "dynamic-import": false },
  });
  await Promise.all(Object.keys(MODULES).map((name) => requirable(name, legacy)));
  await checkAssets();
}

/** The style sheet, small, and the types, for both kinds of modules. */
export async function writeStylesAndTypes() {
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { transform } = await import("esbuild");
  const css = await readFile(path.join(ROOT, "www/live-logs.css"), "utf8");
  await writeFile(
    path.join(PKG, "live-logs.css"),
    (await transform(css, { loader: "css", minify: true, target: "es2022" })).code,
  );
  await mkdir(path.join(PKG, "types"), { recursive: true });
  for (const file of (await readdir(path.join(SOURCES, "types"))).filter((file) =>
    file.endsWith(".d.ts"),
  )) {
    const text = await readFile(path.join(SOURCES, "types", file), "utf8");
    await writeFile(path.join(PKG, "types", file), text);
    // TypeScript takes a file's kind from its name, and a module of one kind may not speak of the other's files.
    await writeFile(
      path.join(PKG, "types", file.replace(/\.d\.ts$/, ".d.cts")),
      text.replace(/(["'])(\.\.?\/[^"']+)\.js\1/g, "$1$2.cjs$1"),
    );
  }
}

/**
 * Folders and a file in the repository's root, which stand where resolvers without `exports` look (webpack 4, old Jest and TypeScript).
 * They are there while the package is packed, and git does not see them.
 */
export async function writeStubs() {
  for (const name of SUBPATHS) {
    const stub = {
      main: `../pkg/legacy/${name}.cjs`,
      module: `../pkg/legacy/${name}.js`,
      types: `../pkg/types/${name}.d.ts`,
    };
    await mkdir(path.join(ROOT, name), { recursive: true });
    await writeFile(path.join(ROOT, name, "package.json"), `${JSON.stringify(stub, null, 2)}\n`);
  }
  await copyFile(path.join(PKG, "live-logs.css"), path.join(ROOT, "style.css"));
}

/** Takes away what `writeStubs` wrote, and leaves what else a person may have put there. */
export async function removeStubs() {
  for (const name of SUBPATHS) {
    await rm(path.join(ROOT, name, "package.json"), { force: true });
    await rmdir(path.join(ROOT, name)).catch(() => {});
  }
  await rm(path.join(ROOT, "style.css"), { force: true });
}

async function compile(names, options) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: names.map((name) => ({
      in: path.join(SOURCES, `${name}.js`),
      out: name.replace(IS_LEGACY, ""),
    })),
    bundle: true,
    plugins: [leaveImports(options.format)],
    // Neither a browser's nor Node's: nothing is put in the place of process.env.NODE_ENV.
    platform: "neutral",
    minify: true,
    sourcemap: true,
    logLevel: "warning",
    ...options,
  });
}

/** One file, so that a host whose bundler knows no Workers can put it somewhere. */
async function bundleWorker() {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [path.join(SOURCES, "worker.js")],
    outdir: PKG,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: true,
    logLevel: "warning",
  });
}

/** Each import stays one. Bundling is only what lets a plugin give them other names: of ours, the CommonJS form has its own. */
function leaveImports(format) {
  const rename = (name) =>
    format === "cjs" ? name.replace(/^\.\.?\/(.+)\.js$/, "./$1.cjs") : name;
  return {
    name: "leave imports",
    setup: (build) =>
      build.onResolve({ filter: /./ }, ({ kind, path: name }) =>
        kind === "entry-point" ? undefined : { path: rename(name), external: true },
      ),
  };
}

/** The glue and the fallback of one module for `require`. Both are ES2017 already, so that import shares one copy. */
async function requirable(name, { outdir, target }) {
  const { transform } = await import("esbuild");
  for (const part of ["glue", "fallback"]) {
    const text = await readFile(path.join(PKG, `${name}_${part}.js`), "utf8");
    await writeFile(
      path.join(outdir, `${name}_${part}.cjs`),
      (await transform(text, { format: "cjs", minify: true, target })).code,
    );
  }
}

/** Fails when minifying took away the words by which bundlers find the WebAssembly and the fallback. */
async function checkAssets() {
  for (const name of Object.keys(MODULES)) {
    const text = await readFile(path.join(PKG, `${name}_assets.js`), "utf8");
    const lost = [
      `new URL("./${name}_bg.wasm",import.meta.url)`,
      `new Worker(new URL("./worker.js",import.meta.url),{type:"module"})`,
      `import("./${name}_fallback.js")`,
    ].filter((words) => !text.includes(words));
    if (lost.length > 0)
      throw new Told(
        `package: pkg/${name}_assets.js does not say ${lost.join(" and ")} any more, by which bundlers find the file`,
      );
  }
}
