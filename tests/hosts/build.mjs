// Builds hosts into out/: `node build.mjs react-16-webpack-5 plain-html`, or all. Requires the
// packed client to be installed.

import { mkdirSync, rmSync } from "node:fs";
import { esbuild, next, none, vite, webpack, webpack4 } from "./bundlers.mjs";
import { chosen } from "./hosts.mjs";

/** @type {Map<string, (host: import("./hosts.mjs").Host) => unknown>} */
const BUILDERS = new Map(Object.entries({ webpack, webpack4, vite, next, esbuild, none }));

for (const host of chosen(process.argv.slice(2))) {
  // The tests start development servers and test runners, which build nothing beforehand.
  const build = BUILDERS.get(host.bundler);
  if (!build) continue;
  const start = Date.now();
  rmSync(host.out, { recursive: true, force: true });
  mkdirSync(host.out, { recursive: true });
  await build(host);
  console.log(`hosts: built ${host.name} (${((Date.now() - start) / 1_000).toFixed(1)} s)`);
}
