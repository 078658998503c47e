// Loads a module once per page: as WebAssembly where the browser and the page's policy allow it,
// otherwise as JavaScript compiled from the same code. A module that panicked is never called
// again; the next request loads a new one.

/** @import { Backend, ConnectionOptions } from "../../types/index.d.ts" */
/** @import { Glue, ModuleAssets } from "./assets.js" */

import { LiveLogsError, messageOf } from "../errors.js";

/**
 * @template {Glue} G
 * @typedef {object} Module
 * @property {G} glue
 * @property {Backend} backend
 * @property {LiveLogsError | null} failure set once the module panicked
 * @property {Set<(error: LiveLogsError) => void>} listeners called when it panics
 * @property {WebAssembly.Exports} exports
 * @property {ModuleAssets<G>} assets
 */

/** @typedef {Pick<ConnectionOptions, "wasmUrl" | "backend" | "console">} LoadOptions */

/**
 * The modules of this page, one for each kind of assets.
 *
 * @type {Map<ModuleAssets<any>, Promise<Module<any>>>}
 */
const modules = new Map();

/** @type {Backend | null} */
let loadedBackend = null;
let isReported = false;

/** Returns what runs in this page, or `null` while nothing is loaded. */
export function backend() {
  return loadedBackend;
}

/**
 * Returns the page's module for `assets`, and loads it on the first call, which decides `wasmUrl`
 * and `backend`. A failure is not cached, so a later call tries again.
 *
 * @template {Glue} G
 * @param {ModuleAssets<G>} assets
 * @param {LoadOptions} options
 * @returns {Promise<Module<G>>}
 */
export function loadModule(assets, options) {
  const loaded = modules.get(assets);
  if (loaded) return loaded;
  const loading = start(assets, options);
  modules.set(assets, loading);
  loading.catch(() => modules.delete(assets));
  return loading;
}

/**
 * Calls into a module, and returns `undefined` if the module is dead. An exception ends it, since
 * its state may be inconsistent.
 *
 * @template {Glue} G
 * @template T
 * @param {Module<G>} module
 * @param {(glue: G) => T} call
 * @returns {T | undefined}
 */
export function guarded(module, call) {
  if (module.failure) return undefined;
  try {
    return call(module.glue);
  } catch (error) {
    fail(module, messageOf(error));
    return undefined;
  }
}

/**
 * @template {Glue} G
 * @param {ModuleAssets<G>} assets
 * @param {LoadOptions} options
 * @returns {Promise<Module<G>>}
 */
async function start(assets, options) {
  const glue = assets.createGlue();
  /** @type {Record<string, object>} */
  const imports = { [assets.imports]: glue };
  const { exports, backend, reason, laterUrl } = await instantiate(assets, imports, options);
  glue.__wbg_set_wasm(exports);
  glue.__wbg_init();
  /** @type {Module<G>} */
  const module = {
    glue,
    backend,
    failure: null,
    listeners: new Set(),
    exports,
    assets,
  };
  glue.start((panic) => fail(module, panic));
  loadedBackend = backend;
  if (options.console !== "off") report(backend, reason);
  // Not awaited: lines are shown without it.
  if (laterUrl) void loadLater(module, laterUrl, imports);
  else runLater(module);
  return module;
}

/**
 * Loads the rest of the WebAssembly. After a failure it tries again, less and less often, since the
 * page may have lost its network.
 *
 * @param {Module<any>} loaded
 * @param {URL} url
 * @param {Record<string, object>} imports
 */
async function loadLater(loaded, url, imports) {
  const { assets } = loaded;
  // After the view was mounted and its stream requested.
  for (let wait = 0; !loaded.failure; wait = Math.min(MAX_WAIT, 2 * wait || MIN_WAIT)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const first = { [assets.firstImports]: loaded.exports };
      const rest = await fetchWasm(url, { ...imports, ...first });
      if (loaded.failure) return;
      loaded.exports = { ...loaded.exports, ...rest };
      loaded.glue.__wbg_set_wasm(loaded.exports);
      runLater(loaded);
      return;
    } catch (error) {
      console.error(`[live logs] could not load search and the other tools: ${messageOf(error)}`);
    }
  }
}

/**
 * Lets a module use the rest of its code.
 *
 * @param {Module<Glue>} module
 */
function runLater(module) {
  guarded(module, (glue) => glue.set_later?.(() => guarded(module, () => glue.run_later?.())));
}

/** How long to wait before another attempt to load the rest, in milliseconds. */
const MIN_WAIT = 1_000;
const MAX_WAIT = 60_000;

/**
 * Instantiates WebAssembly, or the fallback. `reason` says why WebAssembly is not used.
 *
 * @param {ModuleAssets<Glue>} assets
 * @param {Record<string, object>} imports
 * @param {LoadOptions} options
 * @returns {Promise<{ exports: WebAssembly.Exports, backend: Backend, reason: string,
 *   laterUrl?: URL }>}
 */
async function instantiate(assets, imports, options) {
  const url = options.wasmUrl || assets.wasmUrl();
  let reason = "";
  if (options.backend !== "js" && url) {
    reason = wasmUnavailableReason();
    if (!reason) {
      try {
        const exports = await fetchWasm(url, imports);
        // The host's file has everything.
        const laterUrl = options.wasmUrl ? undefined : assets.laterUrl();
        return { backend: "wasm", exports, reason, laterUrl };
      } catch (error) {
        reason = messageOf(error);
      }
    }
    if (options.backend === "wasm")
      throw loadError(
        reason === POLICY
          ? "the page's policy forbids WebAssembly (script-src lacks 'wasm-unsafe-eval')"
          : reason,
      );
  }
  try {
    const fallback = await assets.loadFallback();
    return { backend: "js", exports: fallback.instantiate(imports), reason };
  } catch (error) {
    throw loadError([reason, messageOf(error)].filter(Boolean).join("; "), error);
  }
}

/**
 * @param {string} reason
 * @param {unknown} [cause]
 */
function loadError(reason, cause) {
  return new LiveLogsError("load", `could not load live logs: ${reason}`, { cause });
}

/** @type {string | null} */
let unavailableReason = null;

/**
 * Returns `POLICY` or a sentence if WebAssembly cannot run here, otherwise `""`. Checked once per
 * page, since browsers report each violation of a policy to the page's owner.
 */
function wasmUnavailableReason() {
  unavailableReason ??= findUnavailableReason();
  return unavailableReason;
}

/**
 * Instantiates the smallest module, since a policy may forbid that and still allow compiling
 * (docs/csp.md). SIMD is detected by validation, which no policy restricts.
 */
function findUnavailableReason() {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY_MODULE));
  } catch {
    return POLICY;
  }
  return WebAssembly.validate(SIMD_MODULE)
    ? ""
    : "this browser has no WebAssembly SIMD; Chrome and Edge 91, Firefox 89 and Safari 16.4 have";
}

const POLICY = "policy";

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** A module with the function `() => i8x16.splat(0)`. */
// biome-ignore format: one section per line
const SIMD_MODULE = Uint8Array.of(
  ...EMPTY_MODULE,
  1, 5, 1, 96, 0, 1, 123,
  3, 2, 1, 0,
  10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
);

/**
 * @param {string | URL} url
 * @param {Record<string, object>} imports
 * @returns {Promise<WebAssembly.Exports>}
 */
async function fetchWasm(url, imports) {
  const response = await fetch(url, { credentials: "same-origin" });
  const type = response.headers.get("Content-Type") || "no content type";
  const hint = "set the option wasmUrl to the address of the wasm file";
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}; ${hint}`);
  // The server of a single-page application answers any address with its page.
  if (type.startsWith("text/html"))
    throw new Error(`${response.url} is a web page (${type}); ${hint}`);
  const wasmImports = /** @type {WebAssembly.Imports} */ (imports);
  const { instance } = type.startsWith("application/wasm")
    ? await WebAssembly.instantiateStreaming(response, wasmImports)
    : await WebAssembly.instantiate(await response.arrayBuffer(), wasmImports);
  return instance.exports;
}

/**
 * Logs once per page what runs, and why.
 *
 * @param {Backend} backend
 * @param {string} reason
 */
function report(backend, reason) {
  if (isReported) return;
  isReported = true;
  if (backend === "wasm") console.info("[live logs] runs as WebAssembly");
  else if (reason === POLICY)
    console.info(
      "[live logs] runs as JavaScript; add 'wasm-unsafe-eval' to the page's script-src for speed",
    );
  else console.info(`[live logs] runs as JavaScript${reason ? `: ${reason}` : ""}`);
}

/**
 * Marks a module as dead, and notifies its listeners.
 *
 * @param {Module<any>} module
 * @param {string} panic
 */
function fail(module, panic) {
  if (module.failure) return;
  const failure = new LiveLogsError("internal", `live logs stopped: internal error: ${panic}`);
  module.failure = failure;
  modules.delete(module.assets);
  // Deferred until the failed call has left the module. Its remaining timers and listeners then
  // call exports that do nothing.
  queueMicrotask(() => {
    module.glue.__wbg_set_wasm(inertExports(module.exports));
    for (const listener of [...module.listeners]) listener(failure);
  });
}

/**
 * Returns `exports` with functions that do nothing. Its memory stays.
 *
 * @param {WebAssembly.Exports} exports
 */
function inertExports(exports) {
  const entries = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === "function" ? () => 0 : value,
  ]);
  return Object.fromEntries(entries);
}
