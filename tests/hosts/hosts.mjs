// The hosts: which page each has, who bundles it, with which React, and what runs in it.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { Told } from "../../scripts/lib/run.mjs";

/** This folder, and where the built hosts go. */
export const HERE = path.dirname(fileURLToPath(import.meta.url));
export const OUT = path.join(HERE, "out");

/** Not by an alias: it requires itself by its own name, so it stands in a folder of its own, see there. */
const NEWEST_WEBPACK = "./webpack-5/node_modules/webpack";

const REACTS = ["react-16", "react-17", "react-18", "react-19"];

/**
 * `page` names the source, `bundler` the function in bundlers.mjs, `react` the alias in package.json.
 * `backend` is what runs under a policy that allows WebAssembly: JavaScript where the bundler does not find the wasm file.
 */
const HOSTS = [
  // One React is enough to see what a minimizer does to the client, which is most of a build's time.
  ...REACTS.flatMap((react) => [
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
  ]),
  // Only a development build of React runs each effect twice in StrictMode.
  ...["react-18", "react-19"].map((react) => ({
    name: `${react}-development`,
    page: "react",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react,
    mode: "development",
  })),
  // Hooks by the old contract, where StrictMode does its worst.
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
    name: "hooks-16",
    page: "hooks",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-16",
    mode: "development",
    folder: "hooks-page/legacy",
  },
  {
    name: "hooks-19",
    page: "hooks",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-19",
    mode: "development",
    folder: "hooks-page/modern",
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
  // Tests of hosts, in which there is no browser: nothing is built, and the runner takes the place of the bundler.
  { name: "jest-jsdom", page: "tests", bundler: "jest", folder: "host-tests" },
  { name: "vitest-happy-dom", page: "tests", bundler: "vitest", folder: "host-tests" },
  // The design system inserts style elements as it loads, so a page with it cannot have the strict style-src.
  ...["before", "after"].map((when) => ({
    name: when === "after" ? "datashop" : "datashop-before",
    page: "datashop",
    bundler: "webpack",
    version: NEWEST_WEBPACK,
    react: "react-16",
    folder: `datashop/${when}`,
    html: "datashop",
    styles: "'unsafe-inline'",
  })),
].map((host) => ({
  backend: "wasm",
  mode: "production",
  ...host,
  folder: host.folder ?? folderOf(host),
  out: path.join(OUT, host.name),
}));

/** What `npm test` builds: the likeliest host, the plainest, the page that this client is for, and the tests of a host. */
export const QUICK = [
  "react-16-webpack-5",
  "hooks-16",
  "plain-html",
  "examples",
  "datashop",
  "jest-jsdom",
  "vitest-happy-dom",
];

/** The named hosts, or all. */
export function chosen(names) {
  const unknown = names.filter((name) => !HOSTS.some((host) => host.name === name));
  if (unknown.length > 0)
    throw new Told(
      `hosts: no ${unknown.join(", ")}: expected some of ${HOSTS.map(({ name }) => name).join(", ")}`,
    );
  return names.length > 0 ? HOSTS.filter(({ name }) => names.includes(name)) : HOSTS;
}

function folderOf({ page, react, bundler }) {
  if (page === "plain") return "plain-page";
  if (bundler === "next") return "next-page";
  return ["react-16", "react-17"].includes(react) ? "react-page/legacy" : "react-page/modern";
}
