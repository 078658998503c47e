// Finds tools in the versions that the project needs; scripts/setup.mjs installs them. Tools built
// for this project are in a cache of their own, by version, so that a trunk or a Chrome that the
// user has is neither used by mistake nor replaced.

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { capture, ROOT, UserError } from "./run.mjs";

/**
 * How a tool is installed by cargo; see scripts/tools.json.
 *
 * @typedef {object} Pin
 * @property {string} name
 * @property {string} binary
 * @property {string} version
 * @property {string} home the folder of the project's own copy
 * @property {boolean} [locked]
 * @property {boolean} [defaultFeatures]
 * @property {number} minutes how long it takes to build
 */

/** @type {Record<string, { version?: string, binary?: string, minutes: number }>} */
const PINS = JSON.parse(readFileSync(path.join(ROOT, "scripts/tools.json"), "utf8"));

/** The folder of the tools that are built for this project, shared by all clones of a user. */
export const CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
  "logs-sse-client-tools",
);

/**
 * Returns how a tool is installed.
 *
 * @param {string} name
 * @returns {Pin}
 */
export function pin(name) {
  const wanted = PINS[name];
  const version = wanted.version ?? lockedVersion("wasm-bindgen");
  return { name, binary: name, ...wanted, version, home: path.join(CACHE, `${name}-${version}`) };
}

/**
 * Returns the path of a tool in the right version: the project's own copy, or the one on PATH.
 *
 * @param {string} name
 */
export function findTool(name) {
  const { binary, version, home } = pin(name);
  const own = path.join(home, "bin", binary);
  if (existsSync(own)) return own;
  const onPath = which(binary);
  const reported = onPath ? capture(onPath, ["--version"]) : undefined;
  return reported?.split(/\s+/).includes(version) ? onPath : undefined;
}

/**
 * Returns an environment in which the tools and the npm programs are first on PATH.
 *
 * @param {string[]} names
 */
export function toolEnv(...names) {
  const folders = names
    .map(findTool)
    .filter((file) => file !== undefined)
    .map((file) => path.dirname(file));
  const PATH = [...new Set(folders), path.join(ROOT, "node_modules/.bin"), process.env.PATH].join(
    path.delimiter,
  );
  return { PATH };
}

/** Returns the paths of the browsers and drivers of this machine, `undefined` for missing ones. */
export function findBrowsers() {
  const first = (/** @type {(string | undefined)[]} */ ...candidates) =>
    candidates.map((name) => (name ? which(name) : undefined)).find(Boolean);
  const mac = (/** @type {string} */ name) =>
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

/**
 * Returns the version of a crate in Cargo.lock.
 *
 * @param {string} crate
 */
function lockedVersion(crate) {
  const lock = readFileSync(path.join(ROOT, "Cargo.lock"), "utf8");
  const found = new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`).exec(lock);
  if (!found)
    throw new UserError(
      `Cargo.lock does not list ${crate}: run 'cargo generate-lockfile', or restore it from git`,
    );
  return found[1];
}

/**
 * Returns the path of a program as the shell would find it.
 *
 * @param {string} program
 */
export function which(program) {
  const candidates = program.includes("/")
    ? [program]
    : (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, program));
  return candidates.find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
