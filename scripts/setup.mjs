// Installs missing prerequisites of a command: `node scripts/setup.mjs demo` or `… test`. Prints
// what it installs and how long that takes. Can be run any number of times.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installLocked } from "./lib/npm_install.mjs";
import { capture, entry, must, ROOT, run, runBeside, UserError } from "./lib/run.mjs";
import { CACHE, findBrowsers, findTool, pin, which } from "./lib/tools.mjs";

/** @type {Readonly<Record<string, { tools: string[], browsers: boolean }>>} */
const NEEDS = {
  demo: { tools: ["wasm-bindgen-cli", "trunk"], browsers: false },
  package: { tools: ["wasm-bindgen-cli"], browsers: false },
  test: { tools: ["wasm-bindgen-cli", "trunk", "wasm-pack"], browsers: true },
};

const NPM_NOTICE =
  "setup: npm packages (wasm-opt, Playwright without its browsers, axe-core) (10 s)";

/** The build folder of all tools, so that shared dependencies are compiled once. */
const TOOL_BUILDS = path.join(CACHE, "build");

/**
 * Compiles the tools quickly: they run for seconds and are compiled on every new machine, so
 * optimizing them costs more than it saves. Debug information would only fill the disk.
 */
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256",
  CARGO_PROFILE_RELEASE_DEBUG: "0",
};

/**
 * Installs the prerequisites of `npm run demo` (`"demo"`), `npm run package` (`"package"`) or
 * `npm test` (`"test"`).
 *
 * `beside(signal)` starts builds that need only cargo. They run while the tools are compiled, since
 * compilers often use a single core. `signal` aborts if setup fails.
 *
 * @param {string} purpose
 * @param {{ beside?: (signal: AbortSignal) => Promise<void> }} [options]
 */
export async function setup(purpose, { beside } = {}) {
  const needs = NEEDS[purpose];
  if (!needs)
    throw new UserError(`setup: expected ${Object.keys(NEEDS).join(", ")}, got "${purpose}"`);
  checkNode();
  checkRust();
  if (needs.browsers) checkComponents();
  await installLocked(ROOT, NPM_NOTICE, ["--no-audit", "--no-fund"]);
  await wasmTarget();
  await together((signal) => cargoTools(needs.tools, signal), beside);
  if (needs.browsers) await browsers();
  rmSync(TOOL_BUILDS, { recursive: true, force: true });
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20)
    throw new UserError(`setup: expected Node 20 or newer, found ${process.versions.node}`);
}

function checkRust() {
  // Only presence: cargo compares its version with rust-version in Cargo.toml.
  if (capture("cargo", ["--version"])) return;
  throw new UserError(
    which("rustup")
      ? "setup: rustup has no toolchain: run 'rustup toolchain install stable' and try again"
      : "setup: cargo is missing: install rustup (https://rustup.rs), open a new shell and try again",
  );
}

function checkComponents() {
  const missing = ["fmt", "clippy"].filter(
    (name) => capture("cargo", [name, "--version"]) === undefined,
  );
  if (missing.length > 0)
    throw new UserError(
      `setup: the lints need cargo ${missing.join(" and cargo ")}: run 'rustup component add rustfmt clippy'`,
    );
}

async function wasmTarget() {
  const target = "wasm32-unknown-unknown";
  const folder = capture("rustc", ["--print", "target-libdir", "--target", target]);
  if (folder && existsSync(folder)) return;
  if (!which("rustup"))
    throw new UserError(
      `setup: rustup is missing: install your distribution's package of the Rust standard library for ${target}`,
    );
  say(`Rust target ${target}`, "20 s");
  await must(
    run("rustup", ["target", "add", target]),
    `setup: 'rustup target add ${target}' failed; see above`,
  );
}

/**
 * Runs tasks concurrently. The first failure aborts the others.
 *
 * @param {(((signal: AbortSignal) => Promise<void>) | undefined)[]} tasks
 */
async function together(...tasks) {
  const abort = new AbortController();
  const running = tasks.map((task) => task?.(abort.signal));
  try {
    await Promise.all(running);
  } catch (error) {
    abort.abort();
    await Promise.allSettled(running);
    throw error;
  }
}

/**
 * Installs tools one after the other: they share a build folder, which cargo locks.
 *
 * @param {string[]} names
 * @param {AbortSignal} signal
 */
async function cargoTools(names, signal) {
  for (const name of names) await cargoTool(name, signal);
}

/**
 * @param {string} name
 * @param {AbortSignal} [signal]
 */
async function cargoTool(name, signal) {
  if (findTool(name)) return;
  const { version, home, locked, defaultFeatures = true, minutes } = pin(name);
  mkdirSync(CACHE, { recursive: true });
  if (which("cargo-binstall")) {
    say(`${name} ${version}, prebuilt`, "20 s");
    const args = [
      "binstall",
      "--no-confirm",
      "--disable-strategies",
      "compile",
      "--root",
      home,
      `${name}@${version}`,
    ];
    if ((await run("cargo", args)) === 0 && findTool(name)) return;
    console.log(`setup: no prebuilt ${name} ${version} is available; building it`);
  }
  say(
    `${name} ${version}, built from source into ${home} (cargo-binstall would fetch it prebuilt)`,
    `about ${minutes} min on 2 cores`,
  );
  const args = [
    "install",
    name,
    "--version",
    version,
    "--root",
    home,
    "--target-dir",
    TOOL_BUILDS,
    ...(locked ? ["--locked"] : []),
    ...(defaultFeatures ? [] : ["--no-default-features"]),
  ];
  // The build must not see flags that are meant for this project.
  const env = { RUSTFLAGS: undefined, CARGO_BUILD_TARGET: undefined, ...QUICK_BUILD };
  await must(
    runBeside(name, "cargo", args, { cwd: CACHE, env, signal }),
    `setup: could not build ${name} ${version}; try 'cargo ${args.slice(0, 4).join(" ")}'`,
  );
}

async function browsers() {
  const packages = missingPackages();
  if (packages.length > 0) await installPackages(packages);
  if (!findBrowsers().geckodriver) await cargoTool("geckodriver");
}

function missingPackages() {
  const { chromium, chromedriver, firefox } = findBrowsers();
  return [
    ...(chromium ? [] : ["chromium"]),
    ...(chromedriver ? [] : ["chromium-driver"]),
    ...(firefox ? [] : ["firefox-esr"]),
    // For the tests of deploy/. Elsewhere than in CI, those without their program are skipped.
    ...(process.env.CI && !which("bwrap") ? ["bubblewrap"] : []),
    ...(process.env.CI && !which("systemd-analyze") ? ["systemd"] : []),
    // For promtool, which checks the gateway's metrics and alerts. Elsewhere than in CI, those tests
    // are skipped.
    ...(process.env.CI && !which("promtool") ? ["prometheus"] : []),
    // In front of the gateway in tests, which are skipped without it elsewhere than in CI.
    ...(process.env.CI && !which("nginx") && !which("/usr/sbin/nginx") ? ["nginx-light"] : []),
  ];
}

/** @param {string[]} packages Debian packages */
async function installPackages(packages) {
  const manually = `install ${packages.join(", ")}: on Debian with 'apt-get install ${packages.join(" ")}' as root; elsewhere set CHROME, CHROMEDRIVER and FIREFOX if they are not on PATH`;
  const prefix = asRoot();
  if (!which("apt-get") || !prefix)
    throw new UserError(
      `setup: needs apt-get, and root or password-less sudo; otherwise ${manually}`,
    );
  say(`Debian packages ${packages.join(", ")}`, "1 min");
  const apt = (/** @type {string[]} */ ...args) =>
    run(prefix[0] ?? "apt-get", [...(prefix[0] ? [...prefix.slice(1), "apt-get"] : []), ...args], {
      // In this run level, Debian starts no service that a package contains.
      env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    });
  await must(apt("update", "-qq"), `setup: 'apt-get update' failed; ${manually}`);
  await must(
    apt("install", "-y", "-qq", "--no-install-recommends", ...packages),
    `setup: 'apt-get install' failed; ${manually}`,
  );
  const left = missingPackages();
  if (left.length > 0)
    throw new UserError(`setup: still missing after apt-get: ${left.join(", ")}; ${manually}`);
}

/**
 * Returns the command that runs another as root without a password, `undefined` if there is none.
 */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  return capture("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

/**
 * @param {string} what
 * @param {string} duration
 */
function say(what, duration) {
  console.log(`\nsetup: ${what} (${duration}) …`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    await setup(process.argv[2] ?? "demo");
    console.log("setup: everything is in place");
  });
}
