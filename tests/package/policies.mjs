// The policies that a page may have, and what the package does under each. The same for both browsers.

/** What every page with a policy has besides. */
const REST = "default-src 'self'; style-src 'self'; connect-src 'self'";

/** The only thing that may violate a policy: the package asks once whether WebAssembly is allowed, and a policy that forbids it reports that. */
const PROBE = "script-src wasm-eval";

/** Allows WebAssembly, and nothing inline. */
export const WASM = `${REST}; script-src 'self' 'wasm-unsafe-eval'`;

/** Allows own files only: what runs must be JavaScript. */
export const STRICT = `${REST}; script-src 'self'`;

const TRUSTED_TYPES = "; require-trusted-types-for 'script'";

/** Each policy, whether it allows WebAssembly, by the name it has in reports. */
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

/** What must be seen on a page with this policy, in a browser that has WebAssembly or has not, with SIMD or without. */
export function expectedOn({ allowsWasm }, { hasWasm = true, hasSimd = true } = {}) {
  return {
    backend: allowsWasm && hasWasm && hasSimd ? "wasm" : "js",
    violations: !allowsWasm && hasWasm ? [PROBE] : [],
    errors: [],
    toldOfBackend: 1,
    isHealthy: true,
  };
}

/** Where the streams of the matrix begin to count as working. */
export const ENOUGH = 200;

/**
 * Read in the page, once enough has come: all that `expectedOn` speaks of. Sent to the browser as text, so it knows nothing of this file.
 * The console line is the one that names what runs.
 */
export function readCell() {
  const { backend, status } = window.cell;
  const told = window.eyes.console.filter((line) =>
    /^\[live logs\] .*\b(WebAssembly|JavaScript)\b/.test(line),
  );
  const { state, backend: ofStatus, missing } = status();
  return {
    backend: backend(),
    violations: window.eyes.violations,
    errors: window.eyes.errors,
    toldOfBackend: told.length,
    isHealthy:
      state === "connected" &&
      ofStatus === backend() &&
      missing === 0 &&
      window.eyes.streams.size === 1,
  };
}
