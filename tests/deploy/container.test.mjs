// deploy/container: the Containerfile is sound, its context is complete, and the program does what
// the image relies on. No image is built, which needs a container engine and a registry.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { validate } from "dockerfile-utils";
import { capture, ROOT } from "../../scripts/lib/run.mjs";
import { required } from "../support/environment.mjs";
import { needs } from "./support.mjs";

const FILE = path.join(ROOT, "deploy/container/Containerfile");
const text = readFileSync(FILE, "utf8");

/** The lines of each instruction of the last stage, by its name. */
const last = text
  .slice(text.lastIndexOf("\nFROM ") + 1)
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => /^[A-Z]/.test(line))
  .map((line) => line.split(/\s+(.*)/s))
  .reduce(
    (all, [name, rest]) => all.set(name, rest),
    /** @type {Map<string, string>} */ (new Map()),
  );

/** @param {string} name */
function words(name) {
  const list = last.get(name)?.match(/\[.*\]$/)?.[0];
  assert.ok(list, `${name} runs a shell, which the image does not have`);
  return /** @type {string[]} */ (JSON.parse(list));
}

test("the linter finds nothing in the Containerfile", () => {
  assert.deepEqual(validate(text), []);
});

test("the image runs one program without rights, and nothing else", () => {
  assert.match(last.get("FROM") ?? "", /distroless\/static.*:nonroot$/);
  assert.match(last.get("USER") ?? "", /^[1-9]\d*:[1-9]\d*$/);
  assert.equal(last.has("RUN"), false);
  assert.equal(last.get("STOPSIGNAL"), "SIGTERM");
  assert.equal(words("HEALTHCHECK")[0], words("ENTRYPOINT")[0]);
});

test("the context has what cargo needs, and no secret of a checkout", (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "logs-gateway-context-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const patterns = readFileSync(path.join(ROOT, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(patterns.shift(), "*");
  const files = (capture("git", ["ls-files"]) ?? "").split("\n");
  const kept = patterns.map((pattern) => pattern.replace(/^!/, ""));
  const isKept = (/** @type {string} */ file) =>
    kept.some((name) => file === name || file.startsWith(`${name}/`) || matches(name, file));
  for (const file of files.filter(isKept)) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  const args = ["metadata", "--format-version=1", "--no-deps", "--locked", "--offline"];
  const { status, stderr } = spawnSync("cargo", args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

/**
 * @param {string} pattern
 * @param {string} file
 */
function matches(pattern, file) {
  const [folder, ending] = pattern.split("/*");
  return ending !== undefined && path.dirname(file) === folder && file.endsWith(ending);
}

test(
  "the program serves with a read-only root, as another user, without rights",
  needs("bwrap"),
  async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "logs-gateway-container-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "gateway.toml");
    writeFileSync(file, 'demo = true\nport = 0\nadmin = "127.0.0.1:0"\n');
    const program = required("LOGS_GATEWAY");
    const sandbox = [
      ...["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-user"],
      ...[
        "--uid",
        "65532",
        "--gid",
        "65532",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
        "--clearenv",
      ],
    ];
    const command = words("CMD").map((word) =>
      word.replace("/etc/logs-gateway/gateway.toml", file),
    );
    const child = spawn("bwrap", [...sandbox, program, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    let admin = "";
    for await (const line of createInterface({ input: child.stdout })) {
      admin = line.match(/for operators on (http:\S+)/)?.[1] ?? "";
      if (admin) break;
    }
    const [, ...health] = words("HEALTHCHECK");
    const args = health.map((word) => word.replace("http://127.0.0.1:9464", admin));
    const healthy = spawnSync("bwrap", [...sandbox, program, ...args], { encoding: "utf8" });
    assert.deepEqual([healthy.status, healthy.stderr], [0, ""]);
    child.kill("SIGTERM");
    await once(child, "exit");
    const ended = spawnSync("bwrap", [...sandbox, program, ...args], { encoding: "utf8" });
    assert.equal(ended.status, 1, "it reports a gateway that has ended as healthy");
  },
);
