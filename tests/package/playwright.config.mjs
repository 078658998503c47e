// The built npm package in Chromium, on pages of its own and with a real gateway: `npm test --
// package`.

import { defineConfig } from "@playwright/test";
import { CHROMIUM, SHARED } from "../support/playwright.mjs";
import { STRICT, WASM } from "./policies.mjs";

const MATRIX = "policy.spec.mjs";

export default defineConfig({
  ...SHARED,
  testDir: ".",
  outputDir: "../../test-results/package",
  projects: [
    { name: "policies", testMatch: MATRIX },
    // As under Lockdown Mode: no WebAssembly, whatever the policy says.
    {
      name: "policies, no JIT",
      testMatch: MATRIX,
      grep: /under script-src 'self'( 'wasm-unsafe-eval')?$/,
      use: {
        hasWasm: false,
        launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args, "--js-flags=--jitless"] },
      },
    },
    // As in a browser of 2020: WebAssembly without SIMD, which V8 supports only with SSE 4.1.
    {
      name: "policies, no SIMD",
      testMatch: MATRIX,
      grep: /under script-src 'self'( 'wasm-unsafe-eval')?$/,
      use: {
        hasSimd: false,
        launchOptions: { ...CHROMIUM, args: [...CHROMIUM.args, "--js-flags=--no-enable-sse4-1"] },
      },
    },
    // A host must not notice which of the two runs; what is independent of the module runs once.
    { name: "wasm", testIgnore: MATRIX, use: { policy: WASM, runs: "wasm" } },
    {
      name: "js",
      testIgnore: [MATRIX, "input.spec.mjs", "element.spec.mjs", "access.spec.mjs"],
      use: { policy: STRICT, runs: "js" },
    },
  ],
});
