// How each bundler builds a host: its minimal configuration, the alias that chooses a React, and
// the output folder.

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { HERE } from "./hosts.mjs";

/**
 * @import { Host } from "./hosts.mjs"
 *
 * @typedef {(error: Error | null, stats?: WebpackStats) => void} WebpackDone
 *
 * @typedef {object} WebpackStats
 * @property {() => boolean} hasErrors
 * @property {() => boolean} hasWarnings
 * @property {(options: object) => string} toString
 */

/**
 * Loads a CommonJS package that is installed in tests/hosts only.
 *
 * @param {string} name
 */
const load = (name) => createRequire(import.meta.url)(name);
const MODULES = path.join(HERE, "node_modules");
const CLIENT = "@datashop/logs-sse-client";

/**
 * Vite warns about chunks above 500 kB, as the JavaScript fallback is, which is loaded on demand.
 */
const FALLBACK_KB = 700;

/**
 * webpack 5. Style sheets become files, since a strict policy forbids those that a script inserts.
 *
 * @param {Host} host
 */
export function webpack(host) {
  const Extract = load("mini-css-extract-plugin");
  return compile(load(versionOf(host)), host, new Extract(), [Extract.loader, "css-loader"]);
}

/**
 * webpack 4, which supports neither `exports` nor `import.meta`, and uses `module`.
 *
 * @param {Host} host
 */
export function webpack4(host) {
  const Extract = load("mini-css-extract-plugin-1");
  return compile(load(versionOf(host)), host, new Extract(), [Extract.loader, "css-loader-5"]);
}

/**
 * @param {(config: object, done: WebpackDone) => void} webpack
 * @param {Host} host
 * @param {object} extract
 * @param {string[]} use
 * @returns {Promise<void>}
 */
function compile(webpack, host, extract, use) {
  const config = {
    mode: host.mode,
    // The default of development mode, `eval`, is forbidden by the policy.
    devtool: false,
    context: HERE,
    entry: path.join(source(host), "main.js"),
    output: { path: host.out },
    // The examples of README are outside of this folder, but use its packages.
    resolve: { alias: aliases(host), modules: [MODULES, "node_modules"] },
    module: { rules: [{ test: /\.css$/, use }] },
    plugins: [extract],
    performance: { hints: false },
    ...(host.minimize === false && { optimization: { minimize: false } }),
  };
  // webpack writes a classic script.
  copyPage(host, '<link rel="stylesheet" href="main.css" />', "defer");
  return new Promise((resolve, reject) => {
    webpack(config, (error, stats) => {
      if (error) return reject(error);
      if (stats?.hasErrors() || stats?.hasWarnings())
        return reject(new Error(stats.toString({ all: false, errors: true, warnings: true })));
      resolve();
    });
  });
}

/** @param {Host} host */
export async function vite(host) {
  const { build } = await import(versionOf(host));
  await build({
    ...viteConfig(host),
    build: { outDir: host.out, emptyOutDir: true, chunkSizeWarningLimit: FALLBACK_KB },
  });
}

/**
 * Starts the development server of Vite in front of a gateway; builds nothing.
 *
 * @param {Host} host
 * @param {string} gateway
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function viteDev(host, gateway) {
  const { createServer } = await import(versionOf(host));
  // Vite's cache depends on the version, which is the same for each packed client.
  const server = await createServer({
    ...viteConfig(host),
    optimizeDeps: { force: true },
    server: { host: "127.0.0.1", port: 0, proxy: { "/api": gateway, "/logs": gateway } },
  });
  await server.listen();
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

/** @param {Host} host */
function viteConfig(host) {
  return {
    root: source(host),
    configFile: false,
    logLevel: "warn",
    resolve: { alias: aliases(host) },
  };
}

/** @param {Host} host */
export function next(host) {
  rmSync(path.join(source(host), ".next"), { recursive: true, force: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const result = spawnSync(path.join(MODULES, ".bin/next"), ["build", ...(host.flags ?? [])], {
    cwd: source(host),
    env,
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(`next build: ${result.stdout}\n${result.stderr}`);
  cpSync(path.join(source(host), "out"), host.out, { recursive: true });
}

/**
 * esbuild keeps the address of the wasm file, so the file is copied next to the bundle.
 *
 * @param {Host} host
 */
export async function esbuild(host) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [path.join(source(host), "main.js")],
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    outdir: host.out,
    logLevel: "warning",
  });
  const client = path.join(MODULES, CLIENT);
  const files = readdirSync(client, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((file) => file.endsWith(".wasm"))) {
    cpSync(path.join(client, file), path.join(host.out, path.basename(file)));
  }
  copyPage(host, '<link rel="stylesheet" href="main.css" />');
}

/**
 * No bundler: the folder of the package, and relative addresses instead of names. The policy
 * forbids an inline import map.
 *
 * @param {Host} host
 */
export function none(host) {
  cpSync(path.join(MODULES, CLIENT), path.join(host.out, "node_modules", CLIENT), {
    recursive: true,
  });
  /** @param {string} name */
  const address = (name) => `./${path.relative(HERE, clientFile(name)).split(path.sep).join("/")}`;
  const script = readFileSync(path.join(source(host), "main.js"), "utf8").replace(
    /^import ".+\.css";\n/m,
    "",
  );
  writeFileSync(
    path.join(host.out, "main.js"),
    script.replaceAll(/"(@datashop\/[^"]+)"/g, (_, name) => JSON.stringify(address(name))),
  );
  copyPage(host, `<link rel="stylesheet" href="${address(`${CLIENT}/style.css`)}" />`);
}

/**
 * Resolves a name of the package by its `exports`.
 *
 * @param {string} name
 */
function clientFile(name) {
  return fileURLToPath(import.meta.resolve(name));
}

/**
 * @param {Host} host
 * @param {string} link
 */
function copyPage(host, link, kind = 'type="module"') {
  const page = readFileSync(path.join(HERE, host.html ?? host.folder, "index.html"), "utf8");
  writeFileSync(
    path.join(host.out, "index.html"),
    page.replace("</head>", `  ${link}\n  </head>`).replace('type="module"', kind),
  );
}

/** @param {Host} host */
function source(host) {
  return path.join(HERE, host.folder);
}

/**
 * The chosen React under the names that all modules import.
 *
 * @param {Host} host
 * @returns {Record<string, string>}
 */
function aliases({ react }) {
  if (!react || react === "react-19") return {};
  return { react, "react-dom": react.replace("react", "react-dom") };
}

/**
 * The package of a host's bundler.
 *
 * @param {Host} host
 */
function versionOf({ name, version }) {
  if (!version) throw new Error(`hosts: ${name} has no version of its bundler`);
  return version;
}
