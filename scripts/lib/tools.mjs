// @ts-check

// Where each tool is, and which version it must have. Looks, never installs: that is scripts/setup.mjs.
// Tools built for this project live in a cache of their own, named by version, so that a trunk or a
// Chrome which a person already has is neither used by mistake nor replaced.

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { capture, ROOT, UserError } from "./run.mjs";

const PINS = JSON.parse(readFileSync(path.join(ROOT, "scripts/tools.json"), "utf8"));

/** The folder that holds the tools built for this project, shared by all clones of one user. */
export const CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
  "logs-sse-client-tools",
);

/** What is known of a cargo-installed tool: its version, how it is built, where its own copy lives. */
export function pin(name) {
  const wanted = PINS[name];
  const version = wanted.version ?? lockedVersion("wasm-bindgen");
  return { name, binary: name, ...wanted, version, home: path.join(CACHE, `${name}-${version}`) };
}

/** The path of a pinned tool: the one on PATH if its version is right, else our own copy, else `undefined`. */
export function findTool(name) {
  const { binary, version, home } = pin(name);
  const own = path.join(home, "bin", binary);
  if (existsSync(own)) return own;
  const onPath = which(binary);
  const says = onPath && capture(onPath, ["--version"]);
  return says && says.split(/\s+/).includes(version) ? onPath : undefined;
}

/** An environment in which trunk and wasm-pack find the pinned tools and the npm programs first. */
export function toolEnv(...names) {
  const folders = names.map(findTool).filter(Boolean).map(path.dirname);
  const PATH = [...new Set(folders), path.join(ROOT, "node_modules/.bin"), process.env.PATH].join(
    path.delimiter,
  );
  return { PATH };
}

/** The browsers and drivers of this machine; each is a path or `undefined`. */
export function findBrowsers() {
  const first = (...candidates) => candidates.map((name) => name && which(name)).find(Boolean);
  const mac = (name) =>
    process.platform === "darwin" ? `/Applications/${name}.app/Contents/MacOS/${name}` : undefined;
  return {
    chromium: first(
      process.env.CHROME,
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
      mac("Google Chrome"),
    ),
    chromedriver: first(process.env.CHROMEDRIVER, "chromedriver"),
    firefox: first(process.env.FIREFOX, "firefox-esr", "firefox", mac("firefox")),
    geckodriver: process.env.GECKODRIVER || which("geckodriver") || findTool("geckodriver"),
  };
}

/** The flags that a headless Chromium needs to be quiet and, as root, to start at all. */
export const CHROMIUM_FLAGS = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The version of a crate in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(path.join(ROOT, "Cargo.lock"), "utf8");
  const found = new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`).exec(lock);
  if (!found)
    throw new UserError(
      `Cargo.lock names no ${crate}: run 'cargo generate-lockfile', or restore the file from git`,
    );
  return found[1];
}

/** The path of a program as the shell would find it, or `undefined`. */
export function which(program) {
  const places = program.includes("/")
    ? [program]
    : (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, program));
  return places.find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
