// Builds the demo page with trunk, and the gateway with cargo, and starts the gateway.

import path from "node:path";
import { capture, ROOT, run, runBeside, startUntil, UserError } from "./run.mjs";
import { toolEnv } from "./tools.mjs";

/** The folder that trunk fills. */
export const DIST = path.join(ROOT, "dist");

/** Returns the environment for trunk, which accepts only "true" and "false" in NO_COLOR. */
export function trunkEnv() {
  return {
    ...toolEnv("trunk", "wasm-bindgen-cli"),
    NO_COLOR: process.env.NO_COLOR ? "true" : undefined,
  };
}

/** Builds the demo page as it is served: optimized and minified. */
export async function buildPage() {
  const args = ["build", "--release", "--cargo-profile", "wasm"];
  if ((await run("trunk", args, { env: trunkEnv() })) !== 0)
    throw new UserError("trunk failed to build the page; see above");
}

/**
 * Compiles what the demo needs of cargo, for trunk and `buildGateway` to find.
 *
 * @param {AbortSignal} signal
 */
export async function precompile(signal) {
  const target = ["--target", "wasm32-unknown-unknown", "--profile", "wasm", "--bin", "demo"];
  const codes = await Promise.all([
    runBeside("gateway", "cargo", ["build", "--package", "logs-gateway"], { signal }),
    runBeside("page", "cargo", ["build", ...target], { signal }),
  ]);
  if (codes.some((code) => code !== 0))
    throw new UserError("cargo failed to build the gateway or the page; see above");
}

/**
 * Builds the gateway and returns the path of its program.
 *
 * @param {{ release?: boolean }} [options]
 */
export async function buildGateway({ release = false } = {}) {
  const args = ["build", "--package", "logs-gateway", ...(release ? ["--release"] : [])];
  if ((await run("cargo", args)) !== 0)
    throw new UserError("cargo failed to build the gateway; see above");
  return builtProgram("logs-gateway", release ? "release" : "debug");
}

/** Builds the fault proxy and returns the path of its program. */
export async function buildFaultProxy() {
  if ((await run("cargo", ["build", "--package", "logs-fault-proxy"])) !== 0)
    throw new UserError("cargo failed to build the fault proxy; see above");
  return builtProgram("logs-fault-proxy", "debug");
}

/** Returns the path of the gateway's program, which may not be built yet. */
export function gatewayProgram() {
  return builtProgram("logs-gateway", "debug");
}

/**
 * @param {string} program
 * @param {"debug" | "release"} profile
 */
function builtProgram(program, profile) {
  const metadata = capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  if (!metadata) throw new UserError("'cargo metadata' failed: run it to see why");
  const name = process.platform === "win32" ? `${program}.exe` : program;
  return path.join(JSON.parse(metadata).target_directory, profile, name);
}

/**
 * Starts a fault proxy in front of `url`, and returns its process and its address.
 *
 * @param {string} program
 * @param {string} url
 */
export function startFaultProxy(program, url) {
  return startGateway(program, ["--listen", "127.0.0.1:0", "--to", url, "--plan", "pass"]);
}

/**
 * Starts a gateway, and returns its process and its address once it listens.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {Parameters<typeof startUntil>[3]} [options]
 */
export async function startGateway(program, args, options = {}) {
  const { child, match } = await startUntil(
    program,
    args,
    /listening on (https?:\/\/\S+)/,
    options,
  );
  return { child, url: match[1] };
}
