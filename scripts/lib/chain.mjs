// @ts-check

// Prepares and starts the parts of the chain: a Python job, a release gateway, the Datashop server,
// and its React page. For `npm run demo -- --chain` and the tests in tests/chain.

import { spawn } from "node:child_process";
import { cp, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { startGateway } from "./build.mjs";
import { installLocked } from "./npm_install.mjs";
import { installClient } from "./packed_client.mjs";
import { messageOf, ROOT, run, stop, UserError } from "./run.mjs";

/** @import { ChildProcess } from "node:child_process" */

const HERE = path.join(ROOT, "tests/chain");
const OUT = path.join(HERE, "out");
const SITE = path.join(OUT, "site");
const PYTHON_PACKAGES = path.join(OUT, "python");
const PYTHON_CLIENT = path.join(ROOT, "clients/python");
const CLIENT = path.join(HERE, "node_modules/@datashop/logs-sse-client");

/** The token of a demo. */
const TOKEN = "l5-etl-token";

/** The program of Python 3. */
const PYTHON = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");

/** Builds and installs all parts but the gateway, each as its user would. */
export async function prepareChain() {
  await installLocked(HERE, "chain: installing Express, its middleware and React, 15 MB (5 s)");
  await installClient(HERE);
  await rm(OUT, { recursive: true, force: true });
  await buildSite();
  await cp(path.join(ROOT, "tests/proxy/datashop/after/server"), path.join(OUT, "server"), {
    recursive: true,
  });
  await installPython();
}

/**
 * Starts the Datashop server in front of `gateway`, and returns its process and its address.
 *
 * @param {string} gateway
 * @param {string} [port]
 */
export function startServer(gateway, port = "0") {
  return startGateway(process.execPath, [path.join(HERE, "server.js"), port], {
    env: { LOGS_GATEWAY_URL: gateway },
    show: true,
  });
}

/**
 * Starts a Python program of tests/chain that publishes to `gateway`.
 *
 * @param {string} program
 * @param {string} gateway
 * @param {string[]} args
 */
export function startJob(program, gateway, args) {
  return spawn(PYTHON, [path.join(HERE, program), ...args], {
    env: {
      ...process.env,
      PYTHONPATH: PYTHON_PACKAGES,
      DATASHOP_LOGS_URL: gateway,
      DATASHOP_LOGS_TOKEN: TOKEN,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/**
 * Starts a part, and again two seconds after it ended. Returns a function that stops it for good.
 *
 * @param {string} name
 * @param {() => Promise<ChildProcess>} start
 */
export async function keepRunning(name, start) {
  let child = await start();
  let isWanted = true;
  const startAgain = async () => {
    await setTimeout(2_000);
    if (!isWanted) return;
    try {
      child = await start();
      child.once("exit", startAgain);
      console.log(`chain: ${name} had ended, and runs again as process ${child.pid}`);
    } catch (error) {
      console.error(`chain: ${name} does not start: ${messageOf(error)}`);
      await startAgain();
    }
  };
  child.once("exit", startAgain);
  console.log(`chain: ${name} is process ${child.pid}`);
  return () => {
    isWanted = false;
    return stop(child);
  };
}

/** Bundles the page, and copies the WebAssembly next to it (docs/migration.md). */
async function buildSite() {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [path.join(HERE, "page/main.js")],
    outdir: SITE,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await cp(path.join(HERE, "page/index.html"), path.join(SITE, "index.html"));
  const files = await readdir(path.join(CLIENT, "pkg"));
  for (const file of files.filter((file) => file.endsWith(".wasm")))
    await cp(path.join(CLIENT, "pkg", file), path.join(SITE, file));
}

async function installPython() {
  const quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  await must(
    run(PYTHON, ["-m", "pip", "install", ...quiet, "--target", PYTHON_PACKAGES, PYTHON_CLIENT]),
    `'${PYTHON} -m pip install ./clients/python' failed: are Python 3.8 and pip there? PYTHON names another program`,
  );
}

/**
 * @param {Promise<number>} exitCode
 * @param {string} problem
 */
async function must(exitCode, problem) {
  if ((await exitCode) !== 0) throw new UserError(`chain: ${problem}; see above`);
}
