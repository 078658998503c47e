// @ts-check

// What a page loads: sizes of the built client, and whether they keep the budget. Run `npm run demo` or `npm test` first, or build by trunk.
// After `npm run package`, the sizes of the npm package's parts too, and of what a host loads of them by each entry.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { DIST } from "./lib/build.mjs";
import { PKG } from "./lib/package_files.mjs";
import { entry, UserError } from "./lib/run.mjs";

/** WebAssembly, its JavaScript, and the component's style sheet; what wasm-bindgen took from www/package is in a folder of its own. */
const FILES = ["demo_bg.wasm", "demo.js", "live-logs.css"];
const SNIPPETS = "snippets";

/** Bytes after brotli: what was measured when it was set, and a little room. docs/benchmarks.md says where they are. */
const BUDGETS = { page: 147_000, viewer: 146_000, headless: 72_000 };

/** What a host loads by one import, besides the JavaScript, which its bundler makes one file of. */
const ENTRIES = {
  viewer: { first: "index.js", more: ["viewer_bg.wasm", "live-logs.css"] },
  headless: { first: "headless.js", more: ["headless_bg.wasm"] },
};

/** The parts that scripts/lib/wasm_modules.mjs makes; the other JavaScript is that of www/package. */
const GENERATED = /_(glue|fallback)\.js$/;

/** Prints the table and gives whether the budget is kept. */
export function size() {
  const rows = FILES.map((name) => {
    const file = path.join(DIST, name);
    if (!existsSync(file)) throw new UserError(`size: ${file} is missing: build the page first`);
    return weigh(name, readFileSync(file));
  });
  const snippets = readdirSync(path.join(DIST, SNIPPETS), { recursive: true }).filter((name) =>
    name.endsWith(".js"),
  );
  for (const name of snippets)
    rows.push(weigh(path.basename(name), readFileSync(path.join(DIST, SNIPPETS, name))));
  const sum = (kind) => rows.reduce((total, row) => total + row[kind], 0);
  show([...rows, { name: "all", raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }]);
  return isKept("page", sum("brotli"));
}

/** Prints what a host loads of the npm package by each of its entries, and gives whether the budgets are kept. */
export async function entrySizes() {
  let areKept = true;
  for (const [entry, { first, more }] of Object.entries(ENTRIES)) {
    const files = [await bundled(first), ...more.map((name) => readFileSync(path.join(PKG, name)))];
    areKept =
      isKept(
        entry,
        files.reduce((total, bytes) => total + weigh(entry, bytes).brotli, 0),
      ) && areKept;
  }
  return areKept;
}

/** A module of the package with those that it imports, as a bundler packs them; the fallback is loaded by pages without WebAssembly only. */
async function bundled(name) {
  const { build } = await import("esbuild");
  const external = Object.keys(ENTRIES).map((entry) => `./${entry}_fallback.js`);
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

function isKept(name, bytes) {
  const kept = bytes <= BUDGETS[name];
  console.log(
    `size: ${name}: ${bytes} of ${BUDGETS[name]} bytes (brotli)${kept ? "" : ": over the budget"}`,
  );
  return kept;
}

/** Prints the table of the npm package's parts, and gives whether they are there. */
export function packageSize() {
  if (!existsSync(path.join(PKG, "index.js"))) return false;
  const files = readdirSync(PKG).filter((name) => /\.(wasm|js|css)$/.test(name));
  const read = (name) => readFileSync(path.join(PKG, name));
  const own = files.filter((name) => name.endsWith(".js") && !GENERATED.test(name));
  const rows = files.filter((name) => !own.includes(name)).map((name) => weigh(name, read(name)));
  console.log("\nsize: the npm package; a page loads WebAssembly or fallback, never both");
  show([...rows, weigh("JavaScript around them", Buffer.concat(own.map(read)))]);
  return true;
}

function weigh(name, bytes) {
  return {
    name,
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

function show(rows) {
  console.table(Object.fromEntries(rows.map(({ name, ...sizes }) => [name, sizes])));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const isPacked = packageSize();
    return [size(), !isPacked || (await entrySizes())].every(Boolean) ? 0 : 1;
  });
}
