// @ts-check

// Installs what one command needs and is missing: `node scripts/setup.mjs demo` or `… test`.
// May be run any number of times. Says what it does and how long that takes, before it does it.

import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { capture, entry, ROOT, run, runBeside, UserError } from "./lib/run.mjs";
import { CACHE, findBrowsers, findTool, pin, which } from "./lib/tools.mjs";

const NEEDS = {
  demo: { tools: ["wasm-bindgen-cli", "trunk"], browsers: false },
  package: { tools: ["wasm-bindgen-cli"], browsers: false },
  test: { tools: ["wasm-bindgen-cli", "trunk", "wasm-pack"], browsers: true },
};

/** Where the tools are compiled. One folder for all, so that what they share is compiled once. */
const TOOL_BUILDS = path.join(CACHE, "build");

/**
 * How the tools are compiled: quickly. They run for seconds and are compiled on every new machine, so optimisation
 * costs more than it returns. Debug information would only fill the disk.
 */
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256",
  CARGO_PROFILE_RELEASE_DEBUG: "0",
};

/**
 * Brings this machine to where `npm run demo` (`"demo"`) or `npm test` (`"test"`) can run.
 *
 * `beside(signal)` starts builds that need no tool but cargo; they run while the tools are compiled, since compilers
 * often keep only one core busy. Its `signal` aborts when set-up fails.
 */
export async function setup(purpose, { beside } = {}) {
  const needs = NEEDS[purpose];
  if (!needs)
    throw new UserError(`setup: "${purpose}" is not one of ${Object.keys(NEEDS).join(", ")}`);
  checkNode();
  checkRust();
  if (needs.browsers) checkComponents();
  await npmPackages();
  await wasmTarget();
  await together((signal) => cargoTools(needs.tools, signal), beside);
  if (needs.browsers) await browsers();
  rmSync(TOOL_BUILDS, { recursive: true, force: true });
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20)
    throw new UserError(
      `setup: Node ${process.versions.node} is too old: install Node 20 or newer`,
    );
}

function checkRust() {
  // rust-version in Cargo.toml is the promise; cargo itself names the mismatch, so here only presence counts.
  if (capture("cargo", ["--version"])) return;
  throw new UserError(
    which("rustup")
      ? "setup: rustup is here, but no toolchain: run 'rustup toolchain install stable' and try again"
      : "setup: cargo is missing: install Rust with rustup (https://rustup.rs), open a new shell and try again",
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

async function npmPackages() {
  // npm writes this file at the end of each install; older than the lock file means stale.
  const stamp = path.join(ROOT, "node_modules/.package-lock.json");
  const lock = path.join(ROOT, "package-lock.json");
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  say("npm packages (wasm-opt, Playwright without its browsers, axe-core)", "10 s");
  await must(
    run("npm", ["ci", "--no-audit", "--no-fund"]),
    "npm ci failed: is the npm registry reachable from here?",
  );
}

async function wasmTarget() {
  const target = "wasm32-unknown-unknown";
  const folder = capture("rustc", ["--print", "target-libdir", "--target", target]);
  if (folder && existsSync(folder)) return;
  if (!which("rustup"))
    throw new UserError(
      `setup: this Rust has no ${target} and there is no rustup to add it: install your distribution's package of the ${target} standard library`,
    );
  say(`Rust target ${target}`, "20 s");
  await must(
    run("rustup", ["target", "add", target]),
    `rustup could not add ${target}: add it by hand with 'rustup target add ${target}'`,
  );
}

/** Runs all of `tasks` at once; the first failure aborts the others. */
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

/** One after the other: they share a build folder, which cargo locks. */
async function cargoTools(names, signal) {
  for (const name of names) await cargoTool(name, signal);
}

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
    console.log(`setup: no prebuilt ${name} ${version} to be had from here; building it`);
  }
  say(
    `${name} ${version}, built from source into ${home} (with cargo-binstall on PATH it would be fetched prebuilt)`,
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
  // The build must not see flags meant for this project's own builds (undefined takes a variable away).
  const env = { RUSTFLAGS: undefined, CARGO_BUILD_TARGET: undefined, ...QUICK_BUILD };
  await must(
    runBeside(name, "cargo", args, { cwd: CACHE, env, signal }),
    `could not build ${name} ${version}: by hand, 'cargo install ${name} --version ${version}${locked ? " --locked" : ""}'`,
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
    !chromium && "chromium",
    !chromedriver && "chromium-driver",
    !firefox && "firefox-esr",
  ].filter(Boolean);
}

async function installPackages(packages) {
  const hand = `the tests need ${packages.join(", ")}: on Debian 'apt-get install ${packages.join(" ")}' as root; elsewhere install Chrome, its chromedriver and Firefox, and name them in CHROME, CHROMEDRIVER, FIREFOX if they are not on PATH`;
  const prefix = asRoot();
  if (!which("apt-get") || !prefix)
    throw new UserError(
      `setup: cannot install by itself (no apt-get, or neither root nor password-less sudo). By hand: ${hand}`,
    );
  say(`Debian packages ${packages.join(", ")}`, "1 min");
  const apt = (...args) =>
    run(prefix[0] ?? "apt-get", [...(prefix[0] ? [...prefix.slice(1), "apt-get"] : []), ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  await must(apt("update", "-qq"), `apt-get update failed. By hand: ${hand}`);
  await must(
    apt("install", "-y", "-qq", "--no-install-recommends", ...packages),
    `apt-get install failed. By hand: ${hand}`,
  );
  const left = missingPackages();
  if (left.length > 0)
    throw new UserError(`setup: still missing after apt-get: ${left.join(", ")}. By hand: ${hand}`);
}

/** How to become root without a question: `[]` when we are, `["sudo", "-n"]` when that works, else `undefined`. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  return capture("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

function say(what, duration) {
  console.log(`\nsetup: ${what} (${duration}) …`);
}

async function must(exitCode, otherwise) {
  if ((await exitCode) !== 0) throw new UserError(`setup: ${otherwise}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    await setup(process.argv[2] ?? "demo");
    console.log("setup: everything is in place");
  });
}
