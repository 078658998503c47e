// @ts-check

// Tests the proxy module in Node servers. To run these tests alone: `node scripts/proxy-tests.mjs`.

import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildFaultProxy, buildGateway } from "./lib/build.mjs";
import { npmInstall } from "./lib/npm_install.mjs";
import { entry, ROOT, runAndKeep } from "./lib/run.mjs";

const HERE = path.join(ROOT, "tests/proxy");

/**
 * Runs the tests with the programs of a gateway and of a fault proxy.
 *
 * @param {string} gateway
 * @param {string} faultProxy
 */
export async function proxyTests(gateway, faultProxy) {
  await npmInstall(HERE, "Express 4 and 5 and their middleware, 7 MB (5 s)");
  const files = readdirSync(HERE).filter((file) => file.endsWith(".test.mjs"));
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=2"];
  return runAndKeep(process.execPath, [...options, ...files.map((file) => path.join(HERE, file))], {
    env: { LOGS_GATEWAY: gateway, LOGS_FAULT_PROXY: faultProxy },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => (await proxyTests(await buildGateway(), await buildFaultProxy())).code);
}
