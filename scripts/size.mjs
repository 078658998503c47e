// `npm run size`: measures what a page loads, against a budget. Measures the demo page if it is
// built (`npm run demo`), and the parts and entry points of the npm package (`npm run package`).

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { DIST } from "./lib/build.mjs";
import { PKG } from "./lib/package_files.mjs";
import { entry, UserError } from "./lib/run.mjs";

/**
 * The demo page's WebAssembly, its JavaScript and the style sheet, and the folder of transport.js.
 */
const FILES = ["demo_bg.wasm", "demo.js", "live-logs.css"];
const SNIPPETS = "snippets";

/**
 * Bytes after brotli: what was measured when it was set, and a little room; see docs/benchmarks.md.
 *
 * @type {Readonly<Record<string, number>>}
 */
const BUDGETS = { page: 227_300, viewer: 146_200, headless: 74_600 };

/** What a host loads by one import: the bundled JavaScript of an entry, and more files. */
const ENTRIES = {
  viewer: { first: "index.js", more: ["viewer_first.wasm", "live-logs.css"] },
  headless: { first: "headless.js", more: ["headless_bg.wasm"] },
};

/** The files of scripts/lib/wasm_modules.mjs; the other JavaScript is that of www/package. */
const GENERATED = /_(glue|fallback)\.js$/;

/** Prints the sizes of the demo page and returns whether it keeps its budget. */
export function size() {
  const rows = FILES.map((name) => {
    const file = path.join(DIST, name);
    if (!existsSync(file))
      throw new UserError(`size: ${file} is missing: build the page first (npm run demo)`);
    return weigh(name, readFileSync(file));
  });
  const snippets = readdirSync(path.join(DIST, SNIPPETS), { recursive: true, encoding: "utf8" });
  for (const name of snippets.filter((name) => name.endsWith(".js")))
    rows.push(weigh(path.basename(name), readFileSync(path.join(DIST, SNIPPETS, name))));
  const sum = (/** @type {"raw" | "gzip" | "brotli"} */ kind) =>
    rows.reduce((total, row) => total + row[kind], 0);
  show([...rows, { name: "all", raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }]);
  return isKept("page", sum("brotli"));
}

/** Prints what a host loads by each entry point and returns whether they keep their budgets. */
export async function entrySizes() {
  let areKept = true;
  for (const [name, { first, more }] of Object.entries(ENTRIES)) {
    const files = [await bundled(first), ...more.map((file) => readFileSync(path.join(PKG, file)))];
    const bytes = files.reduce((total, content) => total + weigh(name, content).brotli, 0);
    areKept = isKept(name, bytes) && areKept;
  }
  return areKept;
}

/**
 * Bundles a module of the package as a host does. The fallback is not counted, since only pages
 * without WebAssembly load it, nor is what only pages with other words load.
 *
 * @param {string} name
 */
async function bundled(name) {
  const { build } = await import("esbuild");
  const fallbacks = Object.keys(ENTRIES).map((entry) => `*/${entry}_fallback.js`);
  const external = [...fallbacks, "./language.js"];
  const { outputFiles } = await build({
    entryPoints: [path.join(PKG, name)],
    bundle: true,
    minify: true,
    format: "esm",
    external,
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].contents;
}

/**
 * @param {string} name
 * @param {number} bytes
 */
function isKept(name, bytes) {
  const kept = bytes <= BUDGETS[name];
  console.log(
    `size: ${name}: ${bytes} of ${BUDGETS[name]} bytes (brotli)${kept ? "" : ": over the budget"}`,
  );
  return kept;
}

/** Prints the sizes of the npm package's parts and returns whether the package is built. */
export function packageSize() {
  if (!existsSync(path.join(PKG, "index.js"))) return false;
  const files = readdirSync(PKG, { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(wasm|js|css)$/.test(name) && !name.startsWith("legacy"),
  );
  const read = (/** @type {string} */ name) => readFileSync(path.join(PKG, name));
  const own = files.filter((name) => name.endsWith(".js") && !GENERATED.test(name));
  const rows = files.filter((name) => !own.includes(name)).map((name) => weigh(name, read(name)));
  console.log("\nsize: the npm package; a page loads either the WebAssembly or the fallback");
  show([...rows, weigh("JavaScript around them", Buffer.concat(own.map(read)))]);
  return true;
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 */
function weigh(name, bytes) {
  return {
    name,
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

/** @param {ReturnType<typeof weigh>[]} rows */
function show(rows) {
  console.table(Object.fromEntries(rows.map(({ name, ...sizes }) => [name, sizes])));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const isPacked = packageSize();
    return [size(), !isPacked || (await entrySizes())].every(Boolean) ? 0 : 1;
  });
}
