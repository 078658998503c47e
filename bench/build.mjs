// Collects the pages of the contenders, the built npm package and the plain Leptos client in one
// folder that a server can serve.

import { existsSync } from "node:fs";
import { cp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installLocked } from "../scripts/lib/npm_install.mjs";
import { must, ROOT, run, UserError } from "../scripts/lib/run.mjs";
import { findTool, toolEnv } from "../scripts/lib/tools.mjs";

/** @import { Contender } from "./types.js" */

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PACKAGE = path.join(ROOT, "pkg");
const LEPTOS = path.join(HERE, "leptos-plain");

/** The folder of the pages. */
export const SITE = path.join(ROOT, "test-results/bench-site");

/** The features that rustc uses and every browser supports. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "reference-types",
  "multivalue",
].map((name) => `--enable-${name}`);

/**
 * The workers that are bundled with a page.
 *
 * @type {Record<string, string[]>}
 */
const THREADS = { "bare-worker": ["bare-worker-thread"], "core-worker": ["core-worker-thread"] };

/** Installs the npm packages of the peers. */
export async function installPeers() {
  await installLocked(HERE, "bench: installing the peers, 295 MB (30 s)");
}

/**
 * Builds only what `contenders` need: peers are installed and Rust is compiled on demand.
 *
 * @param {Contender[]} contenders
 */
export async function buildSite(contenders) {
  if (contenders.some(({ isPeer }) => isPeer)) await installPeers();
  await rm(SITE, { recursive: true, force: true });
  await mkdir(SITE, { recursive: true });
  const pages = [...new Set(contenders.map(({ page }) => page))];
  await bundle(pages);
  for (const page of pages) await writePage(page);
  // The gateway does not accept a folder without one.
  await writeFile(
    path.join(SITE, "index.html"),
    `<!doctype html><title>Benchmark</title><ul><li>${pages.join("<li>")}</ul>\n`,
  );
  if (contenders.some(({ isOurs, hasPackage }) => isOurs || hasPackage)) await copyPackage();
  if (contenders.some(({ isRust }) => isRust)) await buildLeptos();
}

/** @param {string[]} pages */
async function bundle(pages) {
  // Not imported at the top: in a fresh clone the package is missing until set-up.
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
    // Our package is served as it is packed, and the Leptos client as wasm-bindgen created it.
    external: ["/pkg/*", "/leptos-plain/*"],
    // Fonts and images of a design system: no page needs them.
    loader: { ".woff2": "empty", ".ttf": "empty", ".svg": "empty" },
    logLevel: "warning",
  });
}

/** @param {string} page */
async function writePage(page) {
  const sheets = [
    existsSync(path.join(SITE, `${page}.css`)) && `/${page}.css`,
    page === "viewer" && "/pkg/live-logs.css",
  ].filter(Boolean);
  const html = [
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${page}</title>`,
    '<link rel="icon" href="data:,">',
    ...sheets.map((sheet) => `<link rel="stylesheet" href="${sheet}">`),
    `<script type="module" src="/${page}.js"></script><body></body></html>\n`,
  ].join("");
  await writeFile(path.join(SITE, `${page}.html`), html);
}

async function copyPackage() {
  if (!existsSync(path.join(PACKAGE, "index.js")))
    throw new UserError(
      "bench: there is no pkg/index.js: build the package first (npm run package)",
    );
  await cp(PACKAGE, path.join(SITE, "pkg"), { recursive: true });
}

async function buildLeptos() {
  const target = ["--target", "wasm32-unknown-unknown"];
  const wasm = path.join(LEPTOS, "target/wasm32-unknown-unknown/release/leptos_plain.wasm");
  if (!(await stat(wasm).catch(() => null)))
    console.log("\nbench: building the plain Leptos client (about 2 min the first time) …");
  await must(
    run("cargo", ["build", "--quiet", "--release", "--locked", ...target], { cwd: LEPTOS }),
    "bench: cargo could not build bench/leptos-plain; its output is above",
  );
  const out = path.join(SITE, "leptos-plain");
  const tool = findTool("wasm-bindgen-cli");
  if (!tool)
    throw new UserError(
      "bench: the wasm-bindgen program of Cargo.lock's version is missing: run 'npm run setup'",
    );
  await must(
    run(tool, ["--target", "web", "--no-typescript", "--out-dir", out, wasm]),
    "bench: wasm-bindgen failed on bench/leptos-plain; its version must be that of its Cargo.lock",
  );
  const file = path.join(out, "leptos_plain_bg.wasm");
  await must(
    run("wasm-opt", ["-O3", ...FEATURES, file, "-o", file], { env: toolEnv() }),
    "bench: wasm-opt failed on bench/leptos-plain",
  );
}
