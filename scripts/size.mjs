// What a page loads: sizes of the built client, and whether they keep the budget. Run `npm run demo` or `npm test` first, or build by trunk.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { DIST } from "./lib/build.mjs";
import { entry, Told } from "./lib/run.mjs";

/** WebAssembly, its JavaScript, and the component's style sheet. */
const FILES = ["demo_bg.wasm", "demo.js", "live-logs.css"];

/** Bytes of all three after brotli. */
const BUDGET = 100_000;

/** Prints the table and gives whether the budget is kept. */
export function size() {
  const rows = FILES.map((name) => {
    const file = path.join(DIST, name);
    if (!existsSync(file)) throw new Told(`size: ${file} is missing: build the page first`);
    const bytes = readFileSync(file);
    return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length };
  });
  const sum = (kind) => rows.reduce((total, row) => total + row[kind], 0);
  console.table(Object.fromEntries([...rows, { name: "all", raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }].map(({ name, ...sizes }) => [name, sizes])));
  const kept = sum("brotli") <= BUDGET;
  console.log(`size: ${sum("brotli")} of ${BUDGET} bytes (brotli)${kept ? "" : ": over the budget"}`);
  return kept;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await entry(async () => (size() ? 0 : 1));
