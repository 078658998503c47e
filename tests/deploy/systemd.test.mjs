// deploy/systemd: systemd accepts the unit, and its sandbox is tight.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "../../scripts/lib/run.mjs";
import { required } from "../support/environment.mjs";
import { needs } from "./support.mjs";

/** @import { TestContext } from "node:test" */

const UNIT = path.join(ROOT, "deploy/systemd/logs-gateway.service");

/** From 0, nothing to exploit, to 10. Without a sandbox, a unit has 9.6. */
const MAX_EXPOSURE = 1.5;

/**
 * Returns the path of the unit with the program that was built, since systemd looks for it.
 *
 * @param {TestContext} t
 */
function unitWithProgram(t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "logs-gateway-systemd-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const unit = path.join(folder, "logs-gateway.service");
  const text = readFileSync(UNIT, "utf8");
  writeFileSync(unit, text.replaceAll("/usr/local/bin/logs-gateway", required("LOGS_GATEWAY")));
  return unit;
}

/** @param {string[]} args */
function analyze(...args) {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

test("systemd accepts the unit without a warning", needs("systemd-analyze"), (t) => {
  const { status, text } = analyze("verify", "--man=no", unitWithProgram(t));
  assert.deepEqual({ status, text }, { status: 0, text: "" });
});

test("the sandbox of the unit is tight", needs("systemd-analyze"), (t) => {
  const threshold = `--threshold=${MAX_EXPOSURE * 10}`;
  const { status, text } = analyze("security", "--offline=yes", threshold, unitWithProgram(t));
  assert.equal(status, 0, text);
  console.log(text.trim().split("\n").at(-1));
});

test("the unit waits longer than a drain of the documented length", () => {
  const unit = readFileSync(UNIT, "utf8");
  const seconds = Number(unit.match(/^TimeoutStopSec=(\d+)s$/m)?.[1]);
  assert.ok(seconds >= 40, `TimeoutStopSec is ${seconds} s`);
  assert.match(unit, /^KillSignal=SIGTERM$/m);
  assert.match(unit, /^ExecReload=.* -HUP /m);
});
