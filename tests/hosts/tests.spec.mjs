// The tests that a host has of its own pages: its test runner, without a browser, with the packed
// client. host-tests/rules.cjs defines what they must show.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { HERE } from "./hosts.mjs";
import { expect, test, WANTED } from "./support.mjs";

/** @type {Record<string, string[]>} */
const RUNNERS = {
  jest: ["node_modules/jest/bin/jest.js", "--ci", "--config", "host-tests/jest.config.cjs"],
  vitest: ["node_modules/vitest/vitest.mjs", "run", "--root", "host-tests"],
};

for (const target of WANTED.filter(({ page }) => page === "tests")) {
  test(`${target.name}: imports, renders and unmounts without a browser`, () => {
    test.slow();
    const [program, ...args] = RUNNERS[target.bundler];
    const result = spawnSync(process.execPath, [path.join(HERE, program), ...args], {
      cwd: HERE,
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "test", NODE_OPTIONS: "" },
    });
    expect(result.status, `${result.stdout}\n${result.stderr}`).toBe(0);
  });
}
