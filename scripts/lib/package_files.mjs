// The files of the npm package that surround the WebAssembly: the JavaScript that hosts import, for
// new and for old bundlers, the style sheet, and the types.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, UserError } from "./run.mjs";
import { bundleStyles } from "./styles.mjs";
import { FIRST_NAME } from "./split.mjs";
import { IMPORTS_NAME, MODULES, SPLIT } from "./wasm_modules.mjs";

/** The build folder, and its plain sources. */
export const PKG = path.join(ROOT, "pkg");
const SOURCES = path.join(ROOT, "www/package");

/** What hosts import: the package itself (`index`), and its subpaths. `proxy` is for servers. */
export const ENTRIES = ["index", "react", "headless", "element", "proxy", "words/de", "words/en"];

/**
 * Shared with the crate. It is not part of the package as a file: what is used of it is inlined.
 */
const TRANSPORT = /src\/browser\/transport\.js$/;

/**
 * Compiles www/package file by file, so that entries share modules, and a page that uses two
 * entries loads the shared ones once.
 */
export async function writeJavaScript() {
  const sources = await moduleNames();
  await compile(sources, { outdir: PKG, format: "esm", target: "es2022" });
  await bundleWorker();
  // For webpack 4 and Jest: no `?.`, no import.meta, and in the CommonJS form no import at all.
  const legacy = { outdir: path.join(PKG, "legacy"), target: "es2017" };
  await compile(sources, { ...legacy, format: "esm" });
  await compile(sources, {
    ...legacy,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    supported: { "dynamic-import": false },
  });
  await Promise.all(Object.keys(MODULES).map((name) => writeRequirable(name, legacy)));
  await checkAssets();
}

/** Writes the minified style sheet, and the types for both kinds of modules. */
export async function writeStylesAndTypes() {
  await writeFile(
    path.join(PKG, "live-logs.css"),
    await bundleStyles(path.join(ROOT, "www/live-logs.css"), { minify: true }),
  );
  const files = await readdir(path.join(SOURCES, "types"), { recursive: true });
  for (const file of files.filter((file) => file.endsWith(".d.ts"))) {
    await mkdir(path.dirname(path.join(PKG, "types", file)), { recursive: true });
    const text = await readFile(path.join(SOURCES, "types", file), "utf8");
    await writeFile(path.join(PKG, "types", file), text);
    // TypeScript derives a module's kind from its file name, and requires imports of the same kind.
    await writeFile(
      path.join(PKG, "types", file.replace(/\.d\.ts$/, ".d.cts")),
      text.replace(/(["'])(\.\.?\/[^"']+)\.js\1/g, "$1$2.cjs$1"),
    );
  }
}

/** Returns the modules to compile, without extension and relative to `SOURCES`. */
async function moduleNames() {
  const files = await readdir(SOURCES, { recursive: true });
  const names = files
    .filter((file) => file.endsWith(".js") && file !== "worker.js")
    .map((file) => file.slice(0, -".js".length));
  const missing = ENTRIES.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new UserError(
      `package: package.json exports ${missing.join(", ")}, but www/package has no such file`,
    );
  return names;
}

/**
 * @param {string[]} names
 * @param {{ outdir: string, format: "esm" | "cjs" } & import("esbuild").BuildOptions} options
 */
async function compile(names, options) {
  const { build } = await import("esbuild");
  const assets = Object.keys(MODULES).map((name) => ({
    in: `assets:${name}`,
    out: path.join(ASSETS_FOLDER, `${name}_assets`),
  }));
  await build({
    entryPoints: [
      ...names.map((name) => ({ in: path.join(SOURCES, `${name}.js`), out: name })),
      ...assets,
    ],
    bundle: true,
    plugins: [
      options.target === "es2022"
        ? assetsPlugin(modernAssets)
        : assetsPlugin(legacyAssets(options)),
      keepImports(options.format),
    ],
    // Neither "browser" nor "node": nothing must replace process.env.NODE_ENV.
    platform: "neutral",
    minify: true,
    sourcemap: true,
    logLevel: "warning",
    ...options,
  });
}

/** Bundles the Worker into one file, which hosts can serve themselves if their bundler does not. */
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

/** Where www/package/internal expects `viewer_assets.js` and `headless_assets.js`. */
const ASSETS_FOLDER = "internal/module";

/**
 * Supplies the modules `assets:viewer` and `assets:headless`.
 *
 * @param {(name: string) => string} contentsOf
 * @returns {import("esbuild").Plugin}
 */
function assetsPlugin(contentsOf) {
  return {
    name: "assets",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^assets:/ }, ({ path: name }) => ({
        path: name.slice("assets:".length),
        namespace: "assets",
      }));
      onLoad({ filter: /./, namespace: "assets" }, ({ path: name }) => ({
        contents: contentsOf(name),
      }));
    },
  };
}

/**
 * Bundlers follow an import or a URL only if it is written exactly like this; see `checkAssets`.
 *
 * @param {string} name
 */
function modernAssets(name) {
  return `
    import { createGlue } from "../../${name}_glue.js";
    export const assets = {
      createGlue,
      imports: "${IMPORTS_NAME}",
      firstImports: "${FIRST_NAME}",
      wasmUrl: () => new URL("../../${wasmFile(name)}", import.meta.url),
      laterUrl: () => ${SPLIT[name] === undefined ? "undefined" : `new URL("../../${name}_second.wasm", import.meta.url)`},
      makeWorker: () => new Worker(new URL("../../worker.js", import.meta.url), { type: "module" }),
      loadFallback: () => import("../../${name}_fallback.js"),
    };`;
}

/**
 * Returns the file that a page loads first, of a module that is also built in one.
 *
 * @param {string} name
 */
function wasmFile(name) {
  return SPLIT[name] === undefined ? `${name}_bg.wasm` : `${name}_first.wasm`;
}

/**
 * For bundlers without import.meta, and for require. Nothing locates the WebAssembly there: the
 * host passes `wasmUrl`, or the JavaScript fallback runs. `require` has a glue and a fallback of
 * its own.
 *
 * @param {{ format: "esm" | "cjs" }} options
 */
function legacyAssets({ format }) {
  const root = format === "cjs" ? "../.." : "../../..";
  return (/** @type {string} */ name) => `
    import { createGlue } from "${root}/${name}_glue.js";
    export const assets = {
      createGlue,
      imports: "${IMPORTS_NAME}",
      firstImports: "${FIRST_NAME}",
      wasmUrl: () => undefined,
      laterUrl: () => undefined,
      makeWorker: () => undefined,
      loadFallback: () => import("${root}/${name}_fallback.js"),
    };`;
}

/**
 * Leaves each import in place, except that of the crate's transport. CommonJS imports `.cjs` files.
 *
 * @param {"esm" | "cjs"} format
 * @returns {import("esbuild").Plugin}
 */
function keepImports(format) {
  const rename = (/** @type {string} */ name) =>
    format === "cjs" ? name.replace(/^(\.\.?\/.+)\.js$/, "$1.cjs") : name;
  return {
    name: "keep imports",
    setup: ({ onResolve }) =>
      onResolve({ filter: /./ }, ({ kind, path: name }) =>
        kind === "entry-point" || TRANSPORT.test(name)
          ? undefined
          : { path: rename(name), external: true },
      ),
  };
}

/**
 * Writes the glue and the fallback of one module for `require`. Both are ES2017 already, so the
 * import forms share one copy.
 *
 * @param {string} name
 * @param {{ outdir: string, target: string }} options
 */
async function writeRequirable(name, { outdir, target }) {
  const { transform } = await import("esbuild");
  for (const part of ["glue", "fallback"]) {
    const text = await readFile(path.join(PKG, `${name}_${part}.js`), "utf8");
    await writeFile(
      path.join(outdir, `${name}_${part}.cjs`),
      (await transform(text, { format: "cjs", minify: true, target })).code,
    );
  }
}

/** Throws if minification removed an expression by which bundlers find a file. */
async function checkAssets() {
  for (const name of Object.keys(MODULES)) {
    const file = path.join(ASSETS_FOLDER, `${name}_assets.js`);
    const text = await readFile(path.join(PKG, file), "utf8");
    const lost = [
      `new URL("../../${wasmFile(name)}",import.meta.url)`,
      `new Worker(new URL("../../worker.js",import.meta.url),{type:"module"})`,
      `import("../../${name}_fallback.js")`,
    ].filter((expression) => !text.includes(expression));
    if (lost.length > 0)
      throw new UserError(
        `package: pkg/${file} lacks ${lost.join(" and ")}, by which bundlers find the file`,
      );
  }
}
