// Where the parts of the headless are, in words that a bundler reads: it follows the import and the URL only where they stand as they do here.
// For bundlers that do not know import.meta there is headless_assets_legacy.js.

import { createGlue } from "./headless_glue.js";

export const assets = {
  createGlue,
  // The name by which the WebAssembly asks for the glue.
  imports: "./headless_bg.js",
  wasmUrl: () => new URL("./headless_bg.wasm", import.meta.url),
  makeWorker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
  loadFallback: () => import("./headless_fallback.js"),
};
