// Loads the engine, once per page: as WebAssembly where the browser and the page's policy allow it, else as JavaScript made of the same code.
// An engine that panicked is dead: nothing calls it any more, and the next one starts afresh.

import { LiveLogsError, words } from "../errors.js";

/** One promise for each kind of engine (viewer, headless). */
const engines = new Map();

let running = null;
let isTold = false;

/** What runs in this page, once something is loaded: `"wasm"`, `"js"` or `null`. */
export function backend() {
  return running;
}

/** The engine made of `assets`. Who asks first decides `wasmUrl` and `backend`; a failure is forgotten, so that a later one may try again. */
export function loadEngine(assets, wishes) {
  const known = engines.get(assets);
  if (known) return known;
  const loading = start(assets, wishes);
  engines.set(assets, loading);
  loading.catch(() => engines.delete(assets));
  return loading;
}

async function start(assets, wishes) {
  const glue = assets.createGlue();
  const {
    exports,
    backend: chosen,
    why,
  } = await instantiate(assets, { [assets.imports]: glue }, wishes);
  glue.__wbg_set_wasm(exports);
  if (exports.__wbindgen_start) exports.__wbindgen_start();
  const engine = {
    glue,
    backend: chosen,
    failure: null,
    listeners: new Set(),
    memory: exports.memory,
    assets,
  };
  glue.start((panic) => die(engine, panic));
  running = chosen;
  if (wishes.console !== "off") tell(chosen, why);
  return engine;
}

async function instantiate(assets, imports, wishes) {
  const url = wishes.wasmUrl || assets.wasmUrl();
  let why = "";
  if (wishes.backend !== "js" && url) {
    why = hindrance();
    if (!why) {
      try {
        return { backend: "wasm", exports: await fetchWasm(url, imports) };
      } catch (error) {
        why = words(error);
      }
    }
    if (wishes.backend === "wasm")
      throw cannotLoad(
        why === "policy"
          ? "the page's policy forbids WebAssembly (script-src lacks 'wasm-unsafe-eval')"
          : why,
      );
  }
  try {
    const { instantiate: fallback } = await assets.loadFallback();
    return { backend: "js", exports: fallback(imports), why };
  } catch (error) {
    throw cannotLoad([why, words(error)].filter(Boolean).join("; "), error);
  }
}

function cannotLoad(why, cause) {
  return new LiveLogsError("load", `the live logs could not be loaded: ${why}`, { cause });
}

/** Why WebAssembly of ours cannot run here: `"policy"`, other words, or `""` when it can. */
function hindrance() {
  hindering ??= findHindrance();
  return hindering;
}

/** Asked once per page and remembered: each time that it is forbidden is a violation that is reported to the page's owner. */
let hindering = null;

/**
 * A policy is asked by instantiating the smallest module: it may forbid that and still allow compiling (docs/csp.md). Browsers report one
 * violation when it is forbidden. Whether there is SIMD is asked without compiling anything, so no policy minds.
 */
function findHindrance() {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
  } catch {
    return "policy";
  }
  return WebAssembly.validate(SIMD)
    ? ""
    : "the WebAssembly of this browser has no SIMD, which Chrome and Edge have since 91, Firefox since 89, Safari since 16.4";
}

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** The same, with a function that needs SIMD: `() => i8x16.splat(0)`. */
const SIMD = Uint8Array.of(
  ...EMPTY,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  8,
  1,
  6,
  0,
  65,
  0,
  253,
  15,
  11,
);

async function fetchWasm(url, imports) {
  const response = await fetch(url, { credentials: "same-origin" });
  const type = response.headers.get("Content-Type") || "no type";
  if (!response.ok)
    throw new Error(
      `${response.url} answered ${response.status}; the option wasmUrl says where the wasm file is`,
    );
  // A server for pages of one application answers anything with its page.
  if (type.startsWith("text/html"))
    throw new Error(
      `${response.url} is a web page (${type}); the option wasmUrl says where the wasm file is`,
    );
  const { instance } = type.startsWith("application/wasm")
    ? await WebAssembly.instantiateStreaming(response, imports)
    : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
  return instance.exports;
}

function tell(chosen, why) {
  if (isTold) return;
  isTold = true;
  if (chosen === "wasm") console.info("[live logs] runs as WebAssembly");
  else if (why === "policy")
    console.info(
      "[live logs] runs as JavaScript; with 'wasm-unsafe-eval' in the script-src of the page's Content-Security-Policy it runs as WebAssembly, which is faster",
    );
  else console.info(`[live logs] runs as JavaScript${why ? `: ${why}` : ""}`);
}

/** Calls into an engine. What it throws is its end: a browser's exception that passes through it leaves it half-way. */
export function guarded(engine, call) {
  if (engine.failure) return undefined;
  try {
    return call(engine.glue);
  } catch (error) {
    die(engine, words(error));
    return undefined;
  }
}

function die(engine, panic) {
  if (engine.failure) return;
  engine.failure = new LiveLogsError(
    "internal",
    `the live logs stopped by a fault of their own: ${panic}`,
  );
  engines.delete(engine.assets);
  // After the call that died has left the engine. Timers and listeners that it still has then reach nothing.
  queueMicrotask(() => {
    engine.glue.__wbg_set_wasm(nothing(engine.memory));
    for (const listener of [...engine.listeners]) listener(engine.failure);
  });
}

/** Exports that do nothing. */
function nothing(memory) {
  return new Proxy({}, { get: (_, name) => (name === "memory" ? memory : () => 0) });
}
