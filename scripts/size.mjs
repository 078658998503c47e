// What a page loads: sizes of the built client, and whether they keep the budget. Run `npm run demo` or `npm test` first, or build by trunk.
// After `npm run package`, the sizes of the npm package's parts too, which have no budget: a page loads some of them.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { DIST } from "./lib/build.mjs";
import { PKG } from "./lib/package_files.mjs";
import { entry, Told } from "./lib/run.mjs";

/** WebAssembly, its JavaScript, and the component's style sheet. */
const FILES = ["demo_bg.wasm", "demo.js", "live-logs.css"];

/** Bytes of all three after brotli. */
const BUDGET = 100_000;

/** The parts that scripts/lib/wasm_modules.mjs makes; the other JavaScript is that of www/package. */
const GENERATED = /_(glue|fallback)\.js$/;

/** Prints the table and gives whether the budget is kept. */
export function size() {
  const rows = FILES.map((name) => {
    const file = path.join(DIST, name);
    if (!existsSync(file)) throw new Told(`size: ${file} is missing: build the page first`);
    return weigh(name, readFileSync(file));
  });
  const sum = (kind) => rows.reduce((total, row) => total + row[kind], 0);
  show([...rows, { name: "all", raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }]);
  const kept = sum("brotli") <= BUDGET;
  console.log(`size: ${sum("brotli")} of ${BUDGET} bytes (brotli)${kept ? "" : ": over the budget"}`);
  return kept;
}

/** Prints the table of the npm package's parts, when they are there. */
export function packageSize() {
  if (!existsSync(path.join(PKG, "index.js"))) return;
  const files = readdirSync(PKG).filter((name) => /\.(wasm|js|css)$/.test(name));
  const read = (name) => readFileSync(path.join(PKG, name));
  const own = files.filter((name) => name.endsWith(".js") && !GENERATED.test(name));
  const rows = files.filter((name) => !own.includes(name)).map((name) => weigh(name, read(name)));
  console.log("\nsize: the npm package; a page loads WebAssembly or fallback, never both");
  show([...rows, weigh("JavaScript around them", Buffer.concat(own.map(read)))]);
}

function weigh(name, bytes) {
  return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length };
}

function show(rows) {
  console.table(Object.fromEntries(rows.map(({ name, ...sizes }) => [name, sizes])));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    packageSize();
    return size() ? 0 : 1;
  });
}
