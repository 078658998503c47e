// @ts-check

// Tests the Python package in a virtual environment of its own, with the real gateway. To run these
// tests alone: `node scripts/python-tests.mjs`; arguments go to pytest, such as `-k fork`.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildFaultProxy, buildGateway } from "./lib/build.mjs";
import { capture, entry, ROOT, run, runAndKeep, UserError } from "./lib/run.mjs";
import { which } from "./lib/tools.mjs";

const PACKAGE = path.join(ROOT, "clients/python");
const REQUIREMENTS = path.join(PACKAGE, "tests/requirements.txt");
const VENV = path.join(ROOT, "target/python-venv");

/** The oldest Python that the pinned test requirements support. The package supports 3.8. */
const OLDEST = "3.11";

/** The checks besides pytest, each a module with its arguments. */
const CHECKS = {
  "ruff, format": ["ruff", "format", "--quiet", "--check", "."],
  "ruff, lint": ["ruff", "check", "--quiet", "."],
  "mypy --strict": ["mypy", "--no-error-summary"],
};

/**
 * Runs the checks and tests of the Python package, and returns the checks by name with their
 * success, and the run of pytest.
 *
 * @param {{ gateway: string, faultProxy: string }} programs
 * @param {string[]} [args] arguments for pytest
 */
export async function pythonTests({ gateway, faultProxy }, args = []) {
  const python = await environment();
  /** @type {Record<string, boolean>} */
  const checks = {};
  for (const [name, check] of Object.entries(CHECKS)) {
    console.log(`python -m ${check.join(" ")}`);
    checks[name] = (await run(python, ["-m", ...check], { cwd: PACKAGE })) === 0;
  }
  const tests = await runAndKeep(python, ["-m", "pytest", "--quiet", ...args], {
    cwd: PACKAGE,
    env: { LOGS_GATEWAY: gateway, LOGS_FAULT_PROXY: faultProxy },
  });
  return { checks, tests };
}

/** Creates or updates the virtual environment, and returns its Python. */
async function environment() {
  const base = findPython();
  const windows = process.platform === "win32";
  const python = path.join(VENV, windows ? "Scripts/python.exe" : "bin/python");
  const version = capture(base, ["--version"]) ?? "";
  if (!isCurrent("base", version) || !existsSync(python)) {
    rmSync(VENV, { recursive: true, force: true });
    mkdirSync(path.dirname(VENV), { recursive: true });
    await must(run(base, ["-m", "venv", VENV]), `'${base} -m venv ${VENV}' failed; see above`);
    remember("base", version);
  }
  await install(
    python,
    "requirements",
    [readFileSync(REQUIREMENTS, "utf8")],
    ["--requirement", REQUIREMENTS],
  );
  await install(python, "package", sources(), ["--force-reinstall", "--no-deps", PACKAGE]);
  return python;
}

/**
 * Returns a Python that can run the tests: `PYTHON`, or `python3` on PATH. Fails with what to
 * install if there is none.
 */
export function findPython() {
  const python = which(process.env.PYTHON || "python3");
  if (!python)
    throw new UserError(
      `python tests: ${process.env.PYTHON || "python3"} is missing: install Python ${OLDEST} or newer with venv and pip (on Debian 'apt-get install python3-venv'), or set PYTHON`,
    );
  const check = `import sys; sys.exit(sys.version_info < (${OLDEST.replace(".", ", ")}))`;
  if (capture(python, ["-c", check]) === undefined)
    throw new UserError(
      `python tests: expected Python ${OLDEST} or newer, found ${capture(python, ["--version"])} (${python}): set PYTHON to another one`,
    );
  // Debian installs venv without what it needs.
  if (capture(python, ["-c", "import venv, ensurepip"]) === undefined)
    throw new UserError(
      `python tests: ${python} lacks venv or pip: on Debian 'apt-get install python3-venv' as root, or set PYTHON to another one`,
    );
  return python;
}

/**
 * Installs what `args` name, unless the environment has it from the same `contents`.
 *
 * @param {string} python
 * @param {string} what
 * @param {(string | Buffer)[]} contents
 * @param {string[]} args
 */
async function install(python, what, contents, args) {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  const digest = hash.digest("hex");
  if (isCurrent(what, digest)) return;
  console.log(`\nsetup: Python ${what} in ${path.relative(ROOT, VENV)} …`);
  await must(
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args]),
    `'pip install ${args.join(" ")}' failed: is the Python registry reachable from here?`,
  );
  remember(what, digest);
}

/** Returns the contents of the files that the installed package is made of. */
function sources() {
  const folder = path.join(PACKAGE, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return [
    path.join(PACKAGE, "pyproject.toml"),
    ...files.filter((file) => /\.(py|typed)$/.test(file)).map((file) => path.join(folder, file)),
  ]
    .sort()
    .flatMap((file) => [file, readFileSync(file)]);
}

/**
 * Returns whether the environment was last made with `value`.
 *
 * @param {string} what
 * @param {string} value
 */
function isCurrent(what, value) {
  const file = stamp(what);
  return existsSync(file) && readFileSync(file, "utf8") === value;
}

/**
 * @param {string} what
 * @param {string} value
 */
function remember(what, value) {
  writeFileSync(stamp(what), value);
}

/** @param {string} what */
function stamp(what) {
  return path.join(VENV, `.logs-${what}`);
}

/**
 * @param {Promise<number>} exitCode
 * @param {string} problem
 */
async function must(exitCode, problem) {
  if ((await exitCode) !== 0) throw new UserError(`python tests: ${problem}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    // Before the builds, which are slow.
    findPython();
    const programs = {
      gateway: process.env.LOGS_GATEWAY || (await buildGateway()),
      faultProxy: process.env.LOGS_FAULT_PROXY || (await buildFaultProxy()),
    };
    const { checks, tests } = await pythonTests(programs, process.argv.slice(2));
    const failed = Object.keys(checks).filter((name) => !checks[name]);
    if (failed.length > 0) console.error(`\nfailed: ${failed.join(", ")}`);
    return failed.length > 0 ? 1 : tests.code;
  });
}
