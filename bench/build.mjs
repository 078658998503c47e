// Puts the pages of the contenders, the built npm package and the plain Leptos client into one folder that a server can serve.

import { cp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, run, Told } from "../scripts/lib/run.mjs";
import { findTool, toolEnv } from "../scripts/lib/tools.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PACKAGE = path.join(ROOT, "pkg");
const LEPTOS = path.join(HERE, "leptos-plain");

/** Where the pages go. */
export const SITE = path.join(ROOT, "test-results/bench-site");

/** What Rust's compiler uses, and every browser knows. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "reference-types",
  "multivalue",
].map((name) => `--enable-${name}`);

/** What is bundled beside the page of that name. */
const THREADS = { "bare-worker": ["bare-worker-thread"], "core-worker": ["core-worker-thread"] };

/** Builds what `contenders` need, and nothing else: peers are installed and Rust is compiled only for those who ask. */
export async function buildSite(contenders) {
  if (contenders.some(({ isPeer }) => isPeer)) await installPeers();
  await rm(SITE, { recursive: true, force: true });
  await mkdir(SITE, { recursive: true });
  const pages = [...new Set(contenders.map(({ page }) => page))];
  await bundle(pages);
  for (const page of pages) await writePage(page);
  // The gateway takes no folder without one.
  await writeFile(
    path.join(SITE, "index.html"),
    `<!doctype html><title>Pages of the benchmark</title><ul>${pages.map((page) => `<li>${page}`).join("")}</ul>\n`,
  );
  if (contenders.some(({ isOurs, hasPackage }) => isOurs || hasPackage)) await copyPackage();
  if (contenders.some(({ isRust }) => isRust)) await buildLeptos();
}

/** The file that npm writes last is older than the lock file only when that is stale. */
async function installPeers() {
  const stamp = path.join(HERE, "node_modules/.package-lock.json");
  if (
    existsSync(stamp) &&
    statSync(stamp).mtimeMs >= statSync(path.join(HERE, "package-lock.json")).mtimeMs
  )
    return;
  console.log("\nbench: the peers that are measured, 295 MB (30 s) …");
  await must(
    run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: HERE }),
    "npm ci failed in bench: is the npm registry reachable from here?",
  );
}

async function bundle(pages) {
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { build } = await import("esbuild");
  await build({
    entryPoints: pages
      .flatMap((page) => [page, ...(THREADS[page] ?? [])])
      .map((name) => path.join(HERE, "pages", `${name}.js`)),
    outdir: SITE,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    // Ours is served as it is packed, and the Leptos client as wasm-bindgen made it.
    external: ["/pkg/*", "/leptos-plain/*"],
    // A design system's fonts and pictures: none of the pages needs them.
    loader: { ".woff2": "empty", ".ttf": "empty", ".svg": "empty" },
    logLevel: "warning",
  });
}

async function writePage(page) {
  const sheets = [
    existsSync(path.join(SITE, `${page}.css`)) && `/${page}.css`,
    page === "viewer" && "/pkg/live-logs.css",
  ].filter(Boolean);
  const links = sheets.map((sheet) => `<link rel="stylesheet" href="${sheet}">`).join("");
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${page}</title><link rel="icon" href="data:,">${links}<script type="module" src="/${page}.js"></script><body></body></html>\n`;
  await writeFile(path.join(SITE, `${page}.html`), text);
}

async function copyPackage() {
  if (!existsSync(path.join(PACKAGE, "index.js")))
    throw new Told("bench: there is no pkg/index.js: build the package first (npm run package)");
  await cp(PACKAGE, path.join(SITE, "pkg"), { recursive: true });
}

async function buildLeptos() {
  const target = ["--target", "wasm32-unknown-unknown"];
  const wasm = path.join(LEPTOS, "target/wasm32-unknown-unknown/release/leptos_plain.wasm");
  if (!(await stat(wasm).catch(() => null)))
    console.log("\nbench: the plain Leptos client (first time about 2 min) …");
  await must(
    run("cargo", ["build", "--quiet", "--release", "--locked", ...target], { cwd: LEPTOS }),
    "cargo could not build bench/leptos-plain; what it says is above",
  );
  const out = path.join(SITE, "leptos-plain");
  const tool = findTool("wasm-bindgen-cli");
  if (!tool)
    throw new Told(
      "bench: the wasm-bindgen program of Cargo.lock's version is missing: run 'npm run setup'",
    );
  await must(
    run(tool, ["--target", "web", "--no-typescript", "--out-dir", out, wasm]),
    "wasm-bindgen failed on bench/leptos-plain; it must have the version of wasm-bindgen in its Cargo.lock",
  );
  const file = path.join(out, "leptos_plain_bg.wasm");
  await must(
    run("wasm-opt", ["-O3", ...FEATURES, file, "-o", file], { env: toolEnv() }),
    "wasm-opt failed on bench/leptos-plain",
  );
}

async function must(exitCode, otherwise) {
  if ((await exitCode) !== 0) throw new Told(`bench: ${otherwise}`);
}
