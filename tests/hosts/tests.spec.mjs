// The tests that a host has of its own pages: its runner, without a browser, with the packed client. host-tests/rules.cjs says what must hold.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { HERE } from "./hosts.mjs";
import { expect, test, WANTED } from "./support.mjs";

const RUNNERS = {
  jest: ["node_modules/jest/bin/jest.js", "--ci", "--config", "host-tests/jest.config.cjs"],
  vitest: ["node_modules/vitest/vitest.mjs", "run", "--root", "host-tests"],
};

for (const target of WANTED.filter(({ page }) => page === "tests")) {
  test(`${target.name}: imports, renders and unmounts, and says at most that it needs a browser`, () => {
    test.slow();
    const [program, ...args] = RUNNERS[target.bundler];
    const done = spawnSync(process.execPath, [path.join(HERE, program), ...args], {
      cwd: HERE,
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "test", NODE_OPTIONS: "" },
    });
    expect(done.status, `${done.stdout}\n${done.stderr}`).toBe(0);
  });
}
