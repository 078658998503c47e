// How each bundler builds a host: as little as its own documents ask for, the alias that chooses a React, and where to write.

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { HERE } from "./hosts.mjs";

const require = createRequire(import.meta.url);
const MODULES = path.join(HERE, "node_modules");
const CLIENT = "@datashop/logs-sse-client";

/** Vite warns of chunks above 500 kB, but the JavaScript that stands in for WebAssembly is one, and is loaded only where needed. */
const FALLBACK_KB = 700;

/** webpack 5. Style sheets become files: a strict policy forbids those that a script inserts. */
export function webpack(host) {
  const Extract = require("mini-css-extract-plugin");
  return compile(require(host.version), host, new Extract(), [Extract.loader, "css-loader"]);
}

/** webpack 4: knows neither `exports` nor `import.meta`, and takes what `module` names. */
export function webpack4(host) {
  const Extract = require("mini-css-extract-plugin-1");
  return compile(require(host.version), host, new Extract(), [Extract.loader, "css-loader-5"]);
}

function compile(webpack, host, extract, use) {
  const config = {
    mode: host.mode,
    // The one of development, `eval`, is forbidden by the policy.
    devtool: false,
    context: HERE,
    entry: path.join(source(host), "main.js"),
    output: { path: host.out },
    // The examples of README stand outside of this folder, and find the packages here all the same.
    resolve: { alias: aliases(host), modules: [MODULES, "node_modules"] },
    module: { rules: [{ test: /\.css$/, use }] },
    plugins: [extract],
    performance: { hints: false },
    ...(host.minimize === false && { optimization: { minimize: false } }),
  };
  // What webpack writes is a classic script.
  copyPage(host, '<link rel="stylesheet" href="main.css" />', "defer");
  return new Promise((resolve, reject) => {
    webpack(config, (error, stats) => {
      if (error) return reject(error);
      if (stats.hasErrors() || stats.hasWarnings())
        return reject(new Error(stats.toString({ all: false, errors: true, warnings: true })));
      resolve();
    });
  });
}

export async function vite(host) {
  const { build } = await import(host.version);
  await build({
    ...viteConfig(host),
    build: { outDir: host.out, emptyOutDir: true, chunkSizeWarningLimit: FALLBACK_KB },
  });
}

/** Vite's development server in front of a gateway; nothing is built. Gives its address and what ends it. */
export async function viteDev(host, gateway) {
  const { createServer } = await import(host.version);
  // Its cache goes by the version, and each packed client of a day has the same.
  const server = await createServer({
    ...viteConfig(host),
    optimizeDeps: { force: true },
    server: { host: "127.0.0.1", port: 0, proxy: { "/api": gateway, "/logs": gateway } },
  });
  await server.listen();
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

function viteConfig(host) {
  return {
    root: source(host),
    configFile: false,
    logLevel: "warn",
    resolve: { alias: aliases(host) },
  };
}

export function next(host) {
  rmSync(path.join(source(host), ".next"), { recursive: true, force: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const done = spawnSync(path.join(MODULES, ".bin/next"), ["build", ...(host.flags ?? [])], {
    cwd: source(host),
    env,
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`next build: ${done.stdout}\n${done.stderr}`);
  cpSync(path.join(source(host), "out"), host.out, { recursive: true });
}

/** esbuild leaves the address of the wasm file as it is, so the file is copied to where the bundle looks for it: beside itself. */
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
  for (const file of readdirSync(client, { recursive: true }).filter((file) =>
    file.endsWith(".wasm"),
  )) {
    cpSync(path.join(client, file), path.join(host.out, path.basename(file)));
  }
  copyPage(host, '<link rel="stylesheet" href="main.css" />');
}

/** No bundler: the package's folder as it is, and relative addresses instead of names. An inline import map would be against the policy. */
export function none(host) {
  cpSync(path.join(MODULES, CLIENT), path.join(host.out, "node_modules", CLIENT), {
    recursive: true,
  });
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

/** Where a name of the package leads, by its `exports`. */
function clientFile(name) {
  return fileURLToPath(import.meta.resolve(name));
}

function copyPage(host, link, kind = 'type="module"') {
  const page = readFileSync(path.join(HERE, host.html ?? host.folder, "index.html"), "utf8");
  writeFileSync(
    path.join(host.out, "index.html"),
    page.replace("</head>", `  ${link}\n  </head>`).replace('type="module"', kind),
  );
}

function source(host) {
  return path.join(HERE, host.folder);
}

/** The chosen React under the names that everybody imports. */
function aliases({ react }) {
  if (!react || react === "react-19") return {};
  return { react, "react-dom": react.replace("react", "react-dom") };
}
