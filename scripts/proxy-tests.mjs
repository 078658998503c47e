// @ts-check

// Tests the proxy module in Node servers. To run these tests alone: `node scripts/proxy-tests.mjs`.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildFaultProxy, buildGateway } from "./lib/build.mjs";
import { NPM_FOLDER } from "./lib/npm_folder.mjs";
import { installLocked } from "./lib/npm_install.mjs";
import { entry, ROOT, runAndKeep } from "./lib/run.mjs";

const HERE = path.join(ROOT, "tests/proxy");

/** Where `require` of a server in `HERE` finds the module. */
const INSTALLED = path.join(HERE, "node_modules/@datashop/logs-sse-client");

/**
 * Runs the tests with the programs of a gateway and of a fault proxy.
 *
 * @param {string} gateway
 * @param {string} faultProxy
 */
export async function proxyTests(gateway, faultProxy) {
  await installLocked(HERE, "proxy: installing Express 4 and 5 and their middleware, 7 MB (5 s)");
  await installModule();
  const files = readdirSync(HERE).filter((file) => file.endsWith(".test.mjs"));
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=2"];
  return runAndKeep(process.execPath, [...options, ...files.map((file) => path.join(HERE, file))], {
    env: { LOGS_GATEWAY: gateway, LOGS_FAULT_PROXY: faultProxy },
  });
}

/**
 * Runs the tests of the module in the staged package, with the program of a gateway.
 *
 * @param {string} gateway
 */
export function packedProxyTests(gateway) {
  const args = ["--test", "--test-reporter=spec", path.join(HERE, "packed.mjs")];
  return runAndKeep(process.execPath, args, {
    env: { LOGS_GATEWAY: gateway, LOGS_NPM_FOLDER: NPM_FOLDER },
  });
}

/**
 * Builds the module alone, without the WebAssembly of the rest, as CommonJS. The tests of the
 * package load it from the packed form.
 */
async function installModule() {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [path.join(ROOT, "www/package/proxy.js")],
    outfile: path.join(INSTALLED, "proxy.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "warning",
  });
  mkdirSync(INSTALLED, { recursive: true });
  const manifest = { name: "@datashop/logs-sse-client", exports: { "./proxy": "./proxy.cjs" } };
  writeFileSync(path.join(INSTALLED, "package.json"), JSON.stringify(manifest));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => (await proxyTests(await buildGateway(), await buildFaultProxy())).code);
}
