// @ts-check

// Tests the whole chain, from a Python job to the page, with a release gateway. To run these tests
// alone: `node scripts/chain-tests.mjs`.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildFaultProxy, buildGateway } from "./lib/build.mjs";
import { prepareChain } from "./lib/chain.mjs";
import { entry, ROOT, runAndKeep } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/** Builds all parts and runs the tests. */
export async function chainTests() {
  const env = {
    LOGS_GATEWAY: await buildGateway({ release: true }),
    LOGS_FAULT_PROXY: await buildFaultProxy(),
  };
  await prepareChain();
  const args = ["test", "--config", "tests/chain/playwright.config.mjs"];
  return runAndKeep(path.join(ROOT, "node_modules/.bin/playwright"), args, { env });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    await setup("test");
    return (await chainTests()).code;
  });
}
