// Follows docs/operate.md literally: runs each of its shell blocks, in order and in one shell, and
// compares what they print with the block of text that follows.
//
// The blocks run as root in namespaces of their own, with their own network and a copy of the system's
// folders that is discarded. Only systemd is replaced, since it cannot run there: ./operate/bin/systemctl
// starts what the units say.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { which } from "../../scripts/lib/tools.mjs";

const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");
const HERE = path.join(ROOT, "tests/deploy/operate");
const PAGE = path.join(ROOT, "docs/operate.md");

/** How long all blocks may take, with a release build at the start. */
const PATIENCE_MS = 15 * 60_000;

/**
 * @typedef {object} Step
 * @property {number} line The line of the page at which the block begins.
 * @property {string} commands
 * @property {string[]} expected The lines of output, in which `…` stands for any text.
 */

const steps = read(readFileSync(PAGE, "utf8"));
/** In CI, nothing may be missing. */
const skip = process.env.CI ? false : missing();
const folder = mkdtempSync(path.join(tmpdir(), "operate-"));
const run = skip ? undefined : follow();

for (const [number, { line, expected }] of steps.entries())
  test(`docs/operate.md:${line}: the commands succeed and print what the page says`, {
    skip,
  }, () => {
    const output = outputOf(number);
    assert.ok(output?.isComplete, `it failed:\n${output?.text ?? run?.stderr}`);
    const left = output.text.split("\n").map((text) => text.trimEnd());
    for (const wanted of expected) {
      const at = left.findIndex((text) => isLike(text, wanted));
      assert.ok(at >= 0, `${wanted}\nis not in the rest of\n${output.text}`);
      left.splice(0, at + 1);
    }
  });

test("docs/operate.md has commands", () => {
  assert.ok(steps.length > 5);
  rmSync(folder, { recursive: true });
});

/**
 * Returns the shell blocks of a page, each with the block of text right after it.
 *
 * @param {string} page
 * @returns {Step[]}
 */
function read(page) {
  /** @type {Step[]} */
  const steps = [];
  /** @type {{ language: string, line: number, lines: string[] } | undefined} */
  let block;
  for (const [index, text] of page.split("\n").entries()) {
    const fence = /^```(\w*)/.exec(text);
    if (!fence) block?.lines.push(text);
    else if (!block) block = { language: fence[1], line: index + 1, lines: [] };
    else {
      if (block.language === "sh")
        steps.push({ line: block.line, commands: block.lines.join("\n"), expected: [] });
      if (block.language === "text") steps.at(-1)?.expected.push(...block.lines);
      block = undefined;
    }
  }
  return steps;
}

/** Returns what this machine lacks, or `false` if nothing. */
function missing() {
  if (process.getuid?.() !== 0) return "needs root, to make namespaces";
  const programs = ["unshare", "nginx", "prometheus", "promtool", "openssl", "curl", "cargo"];
  const lacking = programs.find((program) => !which(program) && !which(`/usr/sbin/${program}`));
  return lacking ? `needs ${lacking}` : false;
}

/** Runs all blocks. The first one that fails ends the run. */
function follow() {
  const script = steps.map(
    ({ commands }, number) =>
      `exec > "$OUT/${number}" 2>&1\n${commands}\ntouch "$OUT/${number}.done"`,
  );
  const file = path.join(folder, "blocks.sh");
  writeFileSync(file, script.join("\n"));
  const args = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  return spawnSync("unshare", [...args, "bash", path.join(HERE, "machine.sh"), file], {
    cwd: ROOT,
    env: { ...process.env, OUT: folder, HERE },
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
}

/** @param {number} number */
function outputOf(number) {
  try {
    const text = readFileSync(path.join(folder, String(number)), "utf8");
    let isComplete = true;
    try {
      readFileSync(path.join(folder, `${number}.done`));
    } catch {
      isComplete = false;
    }
    return { text, isComplete };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} text
 * @param {string} wanted
 */
function isLike(text, wanted) {
  let at = 0;
  const parts = wanted.trimEnd().split("…");
  for (const [index, part] of parts.entries()) {
    const found = text.indexOf(part, at);
    if (found < 0 || (index === 0 && found > 0)) return false;
    at = found + part.length;
  }
  return parts.at(-1) === "" || text.endsWith(parts.at(-1) ?? "");
}
