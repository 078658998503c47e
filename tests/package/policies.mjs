// The policies that a page may have, and what the package does under each. The same for both
// browsers.

const REST = "default-src 'self'; style-src 'self'; connect-src 'self'";

/**
 * The only violation that is allowed: the package asks once whether WebAssembly may run, and a
 * policy that forbids it reports that.
 */
export const WASM_PROBE = "script-src wasm-eval";

/** Allows WebAssembly, and nothing inline. */
export const WASM = `${REST}; script-src 'self' 'wasm-unsafe-eval'`;

/** Allows own files only: the package must run as JavaScript. */
export const STRICT = `${REST}; script-src 'self'`;

const TRUSTED_TYPES = "; require-trusted-types-for 'script'";

/**
 * A policy, and whether it allows WebAssembly.
 *
 * @typedef {{ policy: string, allowsWasm: boolean }} PolicyCase
 */

/** @type {Record<string, PolicyCase>} */
export const POLICIES = {
  "no policy": { policy: "", allowsWasm: true },
  "script-src 'self'": { policy: STRICT, allowsWasm: false },
  "script-src 'self' 'wasm-unsafe-eval'": { policy: WASM, allowsWasm: true },
  "script-src 'self' 'wasm-unsafe-eval', Trusted Types": {
    policy: WASM + TRUSTED_TYPES,
    allowsWasm: true,
  },
  "script-src 'self', Trusted Types": { policy: STRICT + TRUSTED_TYPES, allowsWasm: false },
};

/**
 * The policy for what the package runs as, with other origins of the loopback interface allowed, as
 * servers that a test starts are.
 *
 * @param {"wasm" | "js"} runs
 */
export function policyWithLoopback(runs) {
  const self = "connect-src 'self'";
  return policyFor(runs).replace(self, `${self} http://127.0.0.1:*`);
}

/**
 * The policy under which the package runs as WebAssembly or as JavaScript.
 *
 * @param {"wasm" | "js"} runs
 */
export function policyFor(runs) {
  return runs === "wasm" ? WASM : STRICT;
}

/**
 * What `readCell` must return on a page with this policy.
 *
 * @param {PolicyCase} policyCase
 */
export function expectedOn({ allowsWasm }, { hasWasm = true, hasSimd = true } = {}) {
  return {
    backend: allowsWasm && hasWasm && hasSimd ? "wasm" : "js",
    violations: !allowsWasm && hasWasm ? [WASM_PROBE] : [],
    errors: [],
    backendLines: 1,
    isHealthy: true,
  };
}

/** The number of lines after which the streams of the matrix count as working. */
export const ENOUGH = 200;

/**
 * Reads what `expectedOn` describes. Sent to the browser as text, so it must not use anything of
 * this file.
 */
export function readCell() {
  const { backend, status } = window.cell;
  const backendLines = probe.console.filter((line) =>
    /^\[live logs\] .*\b(WebAssembly|JavaScript)\b/.test(line),
  );
  const { state, backend: statusBackend, missing } = status();
  return {
    backend: backend(),
    violations: probe.violations,
    errors: probe.errors,
    backendLines: backendLines.length,
    isHealthy:
      state === "connected" &&
      statusBackend === backend() &&
      missing === 0 &&
      probe.streams.size === 1,
  };
}
