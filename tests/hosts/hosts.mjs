// The hosts: the page, the bundler and the React of each, and what runs in it.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../scripts/lib/run.mjs";

/** This folder, and where the built hosts go. */
export const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUT = path.join(HERE, "out");

/** Not an alias: it requires itself by its own name, so it has a folder of its own. */
const NEWEST_WEBPACK = "./webpack-5/node_modules/webpack";

const REACTS = ["react-16", "react-17", "react-18", "react-19"];

/**
 * @typedef {object} HostPlan
 * @property {string} name
 * @property {"react" | "plain" | "hooks" | "examples" | "datashop" | "tests"} page The source.
 * @property {keyof typeof import("./bundlers.mjs") | "jest" | "vitest"} bundler
 *   The function in bundlers.mjs, or the test runner.
 * @property {string} [version] The package of the bundler.
 * @property {string} [react] The alias in package.json.
 * @property {boolean} [minimize]
 * @property {"production" | "development"} [mode]
 * @property {"wasm" | "js"} [backend]
 *   What runs under a policy that allows WebAssembly: JavaScript where the bundler does not find
 *   the wasm file.
 * @property {string} [folder] The folder of the source.
 * @property {string} [html] The folder of index.html, if it is another.
 * @property {string[]} [flags] Arguments of the bundler.
 * @property {string} [styles] What the policy must allow besides own style sheets.
 *
 * @typedef {Required<Pick<HostPlan, "mode" | "backend" | "folder">>} Defaults
 *
 * @typedef {HostPlan & Defaults & { out: string }} Host
 */

/** @type {HostPlan[]} */
const PLANS = [
  // Minimized with one React only: it is most of the build time, and React makes no difference.
  ...REACTS.flatMap(
    /** @returns {HostPlan[]} */
    (react) => [
      {
        name: `${react}-webpack-5-75`,
        page: "react",
        bundler: "webpack",
        version: "webpack-5-75",
        react,
        minimize: react === "react-16",
      },
      {
        name: `${react}-webpack-5`,
        page: "react",
        bundler: "webpack",
        version: NEWEST_WEBPACK,
        react,
        minimize: react === "react-16",
      },
      { name: `${react}-vite-8`, page: "react", bundler: "vite", version: "vite", react },
    ],
  ),
  // Only a development build of React runs each effect twice in StrictMode.
  ...["react-18", "react-19"].map(
    /** @returns {HostPlan} */
    (react) => ({
      name: `${react}-development`,
      page: "react",
      bundler: "webpack",
      version: NEWEST_WEBPACK,
      react,
      mode: "development",
    }),
  ),
  // The code that README shows.
  {
    name: "examples",
    page: "examples",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-16",
    mode: "development",
    folder: "examples-page",
  },
  {
    // The hooks of the old contract, in development mode, where StrictMode runs effects twice.
    name: "hooks-16",
    page: "hooks",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-16",
    mode: "development",
    folder: "hooks-page/legacy",
    html: "hooks-page",
  },
  {
    name: "hooks-19",
    page: "hooks",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-19",
    mode: "development",
    folder: "hooks-page/modern",
    html: "hooks-page",
  },
  {
    name: "react-16-webpack-4",
    page: "react",
    bundler: "webpack4",
    version: "webpack",
    react: "react-16",
    backend: "js",
  },
  { name: "react-18-vite-5", page: "react", bundler: "vite", version: "vite-5", react: "react-18" },
  // Its dependency cache moves the JavaScript away from the wasm file.
  {
    name: "react-18-vite-5-dev",
    page: "react",
    bundler: "viteDev",
    version: "vite-5",
    react: "react-18",
    backend: "js",
  },
  { name: "next-16", page: "react", bundler: "next", react: "react-19" },
  {
    name: "next-16-webpack",
    page: "react",
    bundler: "next",
    react: "react-19",
    flags: ["--webpack"],
  },
  { name: "plain-webpack-5", page: "plain", bundler: "webpack", version: NEWEST_WEBPACK },
  { name: "plain-vite-8", page: "plain", bundler: "vite", version: "vite" },
  { name: "esbuild", page: "plain", bundler: "esbuild" },
  { name: "plain-html", page: "plain", bundler: "none" },
  // Tests of hosts, without a browser: nothing is built, and `bundler` names the test runner.
  { name: "jest-jsdom", page: "tests", bundler: "jest", folder: "host-tests" },
  { name: "vitest-happy-dom", page: "tests", bundler: "vitest", folder: "host-tests" },
  // The design system inserts style elements, so a page with it cannot have the strict style-src.
  ...["before", "after"].map(
    /** @returns {HostPlan} */
    (when) => ({
      name: when === "after" ? "datashop" : "datashop-before",
      page: "datashop",
      bundler: "webpack",
      version: NEWEST_WEBPACK,
      react: "react-16",
      folder: `datashop/${when}`,
      html: "datashop",
      styles: "'unsafe-inline'",
    }),
  ),
];

/** @type {Host[]} */
const HOSTS = PLANS.map((plan) => ({
  backend: "wasm",
  mode: "production",
  ...plan,
  folder: plan.folder ?? folderOf(plan),
  out: path.join(OUT, plan.name),
}));

/**
 * What `npm test` builds: the most common host, the simplest, the page that this client is made
 * for, and the tests of a host.
 */
export const QUICK = [
  "react-16-webpack-5",
  "hooks-16",
  "plain-html",
  "examples",
  "datashop",
  "jest-jsdom",
  "vitest-happy-dom",
];

/**
 * Returns the named hosts, or all.
 *
 * @param {string[]} names
 */
export function chosen(names) {
  const unknown = names.filter((name) => !HOSTS.some((host) => host.name === name));
  if (unknown.length > 0)
    throw new UserError(
      `hosts: unknown host ${unknown.join(", ")}: ` +
        `expected one of ${HOSTS.map(({ name }) => name).join(", ")}`,
    );
  return names.length > 0 ? HOSTS.filter(({ name }) => names.includes(name)) : HOSTS;
}

/** @param {HostPlan} plan */
function folderOf({ page, react, bundler }) {
  if (page === "plain") return "plain-page";
  if (bundler === "next") return "next-page";
  return ["react-16", "react-17"].includes(react ?? "") ? "react-page/legacy" : "react-page/modern";
}
