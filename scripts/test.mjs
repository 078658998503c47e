// `npm test`: runs all tests, or the named parts: `npm test -- native e2e`. Ends with a summary.

import { readdirSync } from "node:fs";
import path from "node:path";
import {
  buildFaultProxy,
  buildGateway,
  buildPage,
  startFaultProxy,
  startGateway,
} from "./lib/build.mjs";
import { checkPackage } from "./lib/check_package.mjs";
import { entry, ROOT, run, runAndKeep, stop, UserError } from "./lib/run.mjs";
import { findBrowsers, toolEnv } from "./lib/tools.mjs";
import { buildPackage } from "./package.mjs";
import { findPython, pythonTests } from "./python-tests.mjs";
import { setup } from "./setup.mjs";
import { entrySizes, size } from "./size.mjs";
import { soak } from "./soak.mjs";

/** @typedef {{ name: string, passed: number, failed: number }} Result */

const WASM = ["--target", "wasm32-unknown-unknown"];

/**
 * How long one file of browser tests may take. The default is 20, but tests wait for real faults.
 */
const SECONDS_PER_FILE = "180";
const CLIENT = ["--no-default-features", "--package", "logs-sse-client"];
const GATEWAY = ["logs-gateway", "logs-fault-proxy", "logs-test-support"].flatMap((name) => [
  "--package",
  name,
]);
const CORE = [
  ...CLIENT,
  ...["logs-linear-regex", "logs-sse-wire", "logs-sse-core"].flatMap((name) => ["--package", name]),
  // What the headless module does without.
  ...["--features", "logs-sse-wire/view,logs-sse-core/view"],
];
const CORE_WITHOUT_VIEW = ["logs-sse-wire", "logs-sse-core"].flatMap((name) => ["--package", name]);

/**
 * The parts, cheapest first.
 *
 * @type {Readonly<Record<string, { about: string, run: () => Promise<Result[]> }>>}
 */
const PARTS = {
  lint: { about: "format, lints, types, features, documentation", run: lint },
  native: { about: "core and gateway, on this machine", run: native },
  python: { about: "the Python package: lints, types, tests on a real gateway", run: python },
  browser: { about: "component in Chromium and Firefox, on a real gateway", run: browser },
  e2e: { about: "demo page end to end, its size, a minute of cuts", run: endToEnd },
  package: { about: "the npm package, policy by policy, in Chromium and Firefox", run: npmPackage },
  proxy: { about: "the proxy module in Express 4 and 5, on a real gateway", run: proxyModule },
  deploy: { about: "nginx, systemd, Kubernetes and containers", run: deployment },
  hosts: { about: "the packed package in pages of several bundlers and Reacts", run: inHosts },
  chain: { about: "a Python job, a release gateway, Express, and the page", run: chain },
};

/** The checks of the JavaScript, each a program of node_modules with its arguments. */
const JAVASCRIPT_CHECKS = {
  "biome, format and lint": ["biome", "ci", "--error-on-warnings", "."],
  "tsc, pages": ["tsc", "--project", "tsconfig.json"],
  "tsc, proxy": ["tsc", "--project", "tsconfig.proxy.json"],
  "tsc, scripts": ["tsc", "--project", "tsconfig.scripts.json"],
  "tsc, tests": ["tsc", "--project", "tests/tsconfig.json"],
  "tsc, test pages": ["tsc", "--project", "tests/tsconfig.pages.json"],
  "tsc, examples": ["tsc", "--project", "tests/tsconfig.examples.json"],
  "tsc, bench": ["tsc", "--project", "bench/tsconfig.json"],
  "tsc, bench pages": ["tsc", "--project", "bench/tsconfig.pages.json"],
  "types, entry points": ["tsc", "--project", "tests/types/tsconfig.entries.json"],
  "types, proxy": ["tsc", "--project", "tests/types/tsconfig.server.json"],
  ...Object.fromEntries(
    [16, 17, 18, 19].map((version) => [
      `types, React ${version}`,
      ["tsc", "--project", `tests/types/tsconfig.react-${version}.json`],
    ]),
  ),
  knip: ["knip"],
};

await entry(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in PARTS));
  if (unknown.length > 0)
    throw new UserError(
      `test: ${unknown.join(", ")}: expected ${Object.keys(PARTS).join(", ")}, or nothing for all`,
    );
  const parts = named.length > 0 ? named : Object.keys(PARTS);
  // Before anything slow: the part itself comes late.
  if (parts.includes("python")) findPython();
  await setup("test");
  /** @type {Result[]} */
  const results = [];
  for (const name of parts) {
    console.log(`\n=== ${name}: ${PARTS[name].about}`);
    const start = Date.now();
    results.push(...(await PARTS[name].run()));
    console.log(`=== ${name}: ${Math.round((Date.now() - start) / 1000)} s`);
  }
  return summary(results);
});

async function lint() {
  return [...(await lintJavaScript()), ...(await lintRust())];
}

async function lintJavaScript() {
  const results = [];
  for (const [name, [program, ...args]] of Object.entries(JAVASCRIPT_CHECKS)) {
    console.log([program, ...args].join(" "));
    const code = await run(path.join(ROOT, "node_modules/.bin", program), args);
    results.push(one(`lint: ${name}`, code === 0));
  }
  return results;
}

async function lintRust() {
  // A newer compiler may have new lints. They fail the tests in CI only.
  const strict = process.env.CI ? ["--", "-D", "warnings"] : [];
  const checks = {
    rustfmt: ["fmt", "--all", "--check"],
    "clippy, core": ["clippy", "--quiet", ...CORE, "--all-targets", ...strict],
    "clippy, core without a view": [
      "clippy",
      "--quiet",
      "--no-default-features",
      ...CORE_WITHOUT_VIEW,
      "--lib",
      ...strict,
    ],
    "clippy, gateway": ["clippy", "--quiet", ...GATEWAY, "--all-targets", ...strict],
    "clippy, component": [
      "clippy",
      "--quiet",
      ...WASM,
      "--package",
      "logs-sse-client",
      "--all-targets",
      ...strict,
    ],
    "without Leptos": ["check", "--quiet", ...WASM, ...CLIENT, "--features", "browser", "--lib"],
    "clippy, headless": [
      "clippy",
      "--quiet",
      ...WASM,
      ...CLIENT,
      "--features",
      "js",
      "--lib",
      ...strict,
    ],
    "clippy, viewer": [
      "clippy",
      "--quiet",
      ...WASM,
      ...CLIENT,
      "--features",
      "js,ui",
      "--lib",
      ...strict,
    ],
    documentation: ["doc", "--quiet", "--no-deps", ...CORE, ...GATEWAY],
  };
  const results = [];
  for (const [name, args] of Object.entries(checks)) {
    console.log(`cargo ${args.join(" ")}`);
    results.push(
      one(
        `lint: ${name}`,
        (await run("cargo", args, { env: { RUSTDOCFLAGS: "-D warnings" } })) === 0,
      ),
    );
  }
  return results;
}

async function native() {
  return [
    counted("native: core", await runAndKeep("cargo", ["test", ...CORE])),
    counted("native: gateway", await runAndKeep("cargo", ["test", ...GATEWAY])),
  ];
}

async function python() {
  const programs = { gateway: await buildGateway(), faultProxy: await buildFaultProxy() };
  const { checks, tests } = await pythonTests(programs);
  return [
    ...Object.entries(checks).map(([name, hasPassed]) => one(`python: ${name}`, hasPassed)),
    counted("python: pytest", tests),
  ];
}

async function browser() {
  const { chromedriver, geckodriver } = findBrowsers();
  const files = readdirSync(`${ROOT}/tests`).filter((file) => /^web_.*\.rs$/.test(file));
  const tests = files.flatMap((file) => ["--test", file.replace(".rs", "")]);
  const program = await buildGateway();
  const gateway = await startGateway(program, [
    "--demo",
    "--port",
    "0",
    "--job",
    "--rate",
    "50",
    "--cors-origin",
    "*",
  ]);
  const faults = await startFaultProxy(await buildFaultProxy(), gateway.url);
  const env = {
    ...toolEnv("wasm-pack", "wasm-bindgen-cli"),
    LOGS_GATEWAY_URL: gateway.url,
    LOGS_FAULTS_URL: faults.url,
    WASM_BINDGEN_TEST_TIMEOUT: SECONDS_PER_FILE,
  };
  try {
    const results = [];
    for (const [name, driver] of Object.entries({
      chrome: ["--chromedriver", chromedriver ?? "chromedriver"],
      firefox: ["--geckodriver", geckodriver ?? "geckodriver"],
    })) {
      results.push(
        counted(
          `browser: ${name}`,
          await runAndKeep(
            "wasm-pack",
            ["test", "--headless", `--${name}`, ...driver, "--", ...tests],
            { env },
          ),
        ),
      );
    }
    return results;
  } finally {
    await stop(faults.child);
    await stop(gateway.child);
  }
}

async function endToEnd() {
  const program = await buildGateway();
  await buildPage();
  const kept = size();
  const args = ["test", "--config", "tests/e2e/playwright.config.mjs"];
  const done = await runAndKeep(`${ROOT}/node_modules/.bin/playwright`, args, {
    env: { LOGS_GATEWAY: program, LOGS_FAULT_PROXY: await buildFaultProxy() },
  });
  const whole = await soak(program, { minutes: 1, rate: 200, every: 7 });
  return [
    one("e2e: size", kept),
    counted("e2e: demo page", done),
    one("e2e: soak, one minute", whole),
  ];
}

async function npmPackage() {
  const program = await buildGateway();
  await buildPackage();
  await checkPackage();
  const { packageTests } = await import("./package-tests.mjs");
  const { packedProxyTests } = await import("./proxy-tests.mjs");
  const results = [
    one("package: publint and attw", true),
    one("package: size", await entrySizes()),
    counted("package: proxy module", await packedProxyTests(program)),
    ...(await packageTests(program)).map((done) => counted(done.name, done)),
  ];
  const { quickBench } = await import("./bench.mjs");
  return [...results, one("package: speed has not collapsed", await quickBench())];
}

async function proxyModule() {
  const { proxyTests } = await import("./proxy-tests.mjs");
  return [counted("proxy", await proxyTests(await buildGateway(), await buildFaultProxy()))];
}

async function deployment() {
  const { deployTests } = await import("./deploy-tests.mjs");
  return [counted("deploy", await deployTests(await buildGateway()))];
}

async function inHosts() {
  const { hosts, QUICK } = await import("./hosts.mjs");
  // All hosts in CI only: they take too long for each run.
  return [
    counted("hosts", await hosts(await buildGateway(), { only: process.env.CI ? [] : QUICK })),
  ];
}

async function chain() {
  const { chainTests } = await import("./chain-tests.mjs");
  return [counted("chain", await chainTests())];
}

/**
 * Returns the result of a single check.
 *
 * @param {string} name
 * @param {boolean} hasPassed
 * @returns {Result}
 */
function one(name, hasPassed) {
  return { name, passed: hasPassed ? 1 : 0, failed: hasPassed ? 0 : 1 };
}

/**
 * Counts the tests in the output of a runner: `test result: ok. 12 passed; 0 failed` of cargo and
 * wasm-bindgen, `24 passed (38s)` of Playwright, `24 passed in 38s` of pytest, `ℹ pass 12` of
 * Node.
 *
 * @param {string} name
 * @param {{ code: number, output: string }} run
 * @returns {Result}
 */
function counted(name, { code, output }) {
  const sum = (/** @type {RegExp} */ pattern) =>
    [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
  const passed = sum(/(\d+) passed/g) + sum(/^ℹ pass (\d+)$/gm);
  const failed = sum(/(\d+) failed/g) + sum(/^ℹ fail (\d+)$/gm);
  // A run without a failed test fails if its exit code says so (it did not compile, a browser
  // crashed), or if it ran nothing.
  return { name, passed, failed: code !== 0 || passed === 0 ? Math.max(failed, 1) : failed };
}

/**
 * Prints the summary and returns the exit code.
 *
 * @param {Result[]} results
 */
function summary(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log("\nSummary");
  for (const { name, passed, failed } of results) {
    console.log(
      `  ${failed ? "✘" : "✓"} ${name.padEnd(width)}  ${passed} passed${failed ? `, ${failed} failed` : ""}`,
    );
  }
  const total = (/** @type {"passed" | "failed"} */ kind) =>
    results.reduce((sum, result) => sum + result[kind], 0);
  console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
  return total("failed") === 0 ? 0 : 1;
}
