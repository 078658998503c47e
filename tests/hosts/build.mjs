// Builds hosts into out/: `node build.mjs react-16-webpack-5 plain-html`, or all. The packed client must be installed before.

import { mkdirSync, rmSync } from "node:fs";
import * as bundlers from "./bundlers.mjs";
import { chosen } from "./hosts.mjs";

for (const host of chosen(process.argv.slice(2))) {
  // A development server builds as it serves, and a runner of tests as it runs; the tests start both.
  if (host.bundler === "viteDev" || host.page === "tests") continue;
  const start = Date.now();
  rmSync(host.out, { recursive: true, force: true });
  mkdirSync(host.out, { recursive: true });
  await bundlers[host.bundler](host);
  console.log(`hosts: built ${host.name} (${((Date.now() - start) / 1_000).toFixed(1)} s)`);
}
