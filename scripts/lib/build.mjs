// @ts-check

// Building the two halves: the demo page by trunk, the gateway by cargo.

import path from "node:path";
import { capture, ROOT, run, runBeside, startUntil, UserError } from "./run.mjs";
import { toolEnv } from "./tools.mjs";

/** The folder that trunk fills. */
export const DIST = path.join(ROOT, "dist");

/** The environment for trunk: pinned tools first, and no opinion of its own about NO_COLOR, which it takes only as true or false. */
export function trunkEnv() {
  return {
    ...toolEnv("trunk", "wasm-bindgen-cli"),
    NO_COLOR: process.env.NO_COLOR ? "true" : undefined,
  };
}

/** Builds the demo page as it is served: small, and through wasm-opt. */
export async function buildPage() {
  const args = ["build", "--release", "--cargo-profile", "wasm"];
  if ((await run("trunk", args, { env: trunkEnv() })) !== 0)
    throw new UserError("trunk could not build the page; what it says is above");
}

/** What a first build of the demo compiles by cargo alone. trunk and `buildGateway` then find it compiled. */
export async function precompile(signal) {
  const wasm = [
    "build",
    "--target",
    "wasm32-unknown-unknown",
    "--profile",
    "wasm",
    "--bin",
    "demo",
  ];
  const codes = await Promise.all([
    runBeside("gateway", "cargo", ["build", "--package", "logs-gateway"], { signal }),
    runBeside("page", "cargo", wasm, { signal }),
  ]);
  if (codes.some((code) => code !== 0))
    throw new UserError("cargo could not build the gateway or the page; what it says is above");
}

/** Builds the gateway and gives the path of its program. */
export async function buildGateway() {
  if ((await run("cargo", ["build", "--package", "logs-gateway"])) !== 0)
    throw new UserError("cargo could not build the gateway; what it says is above");
  const metadata = JSON.parse(capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]));
  return path.join(
    metadata.target_directory,
    "debug",
    process.platform === "win32" ? "logs-gateway.exe" : "logs-gateway",
  );
}

/** Starts a gateway and waits until it listens. Gives the child and its address. */
export async function startGateway(program, args, options = {}) {
  const { child, match } = await startUntil(program, args, /listening on (http:\/\/\S+)/, options);
  return { child, url: match[1] };
}
