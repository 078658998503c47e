// Where the parts of the viewer are, in words that a bundler reads: it follows the import and the URL only where they stand as they do here.
// For bundlers that do not know import.meta there is viewer_assets_legacy.js.

import { createGlue } from "./viewer_glue.js";

export const assets = {
  createGlue,
  // The name by which the WebAssembly asks for the glue.
  imports: "./viewer_bg.js",
  wasmUrl: () => new URL("./viewer_bg.wasm", import.meta.url),
  makeWorker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
  loadFallback: () => import("./viewer_fallback.js"),
};
