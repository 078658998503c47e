// `npm run hosts`: packs the client as it would be published, installs it into pages of many
// bundlers and Reacts, and tests each in a browser under a strict policy. `npm run hosts --
// plain-html datashop` runs only those; tests/hosts/hosts.mjs lists all.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./lib/build.mjs";
import { installLocked } from "./lib/npm_install.mjs";
import { installClient } from "./lib/packed_client.mjs";
import { entry, must, ROOT, run, runAndKeep } from "./lib/run.mjs";
import { setup } from "./setup.mjs";
import { chosen, HERE } from "../tests/hosts/hosts.mjs";

export { QUICK } from "../tests/hosts/hosts.mjs";

/** What the hosts need besides the client. */
const NPM_NOTICE = "hosts: installing bundlers, Reacts and a design system, 560 MB (1 min)";

/**
 * Packs, installs, builds and tests the hosts in `only`, or all. Returns the exit code and the
 * output of the tests.
 *
 * @param {string} program the gateway
 * @param {{ only?: string[] }} [options]
 */
export async function hosts(program, { only = [] } = {}) {
  await installLocked(HERE, NPM_NOTICE);
  await installClient(HERE);
  await must(
    run("node", ["build.mjs", ...only], { cwd: HERE }),
    "hosts: a bundler failed to build its host; see above",
  );
  const args = ["test", "--config", path.join(HERE, "playwright.config.mjs")];
  return runAndKeep(path.join(ROOT, "node_modules/.bin/playwright"), args, {
    env: { LOGS_GATEWAY: program, LOGS_HOSTS: only.join() },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const only = process.argv.slice(2);
    chosen(only);
    await setup("test");
    return (await hosts(await buildGateway(), { only })).code;
  });
}
