// Where the parts of the viewer are, for bundlers that do not know import.meta, and for require: takes the place of viewer_assets.js
// in pkg/legacy. Nothing finds the WebAssembly by itself there: the host names it by `wasmUrl`, or the fallback is what runs.

import { createGlue } from "../viewer_glue.js";

export const assets = {
  createGlue,
  // The name by which the WebAssembly asks for the glue.
  imports: "./viewer_bg.js",
  wasmUrl: () => undefined,
  makeWorker: () => undefined,
  loadFallback: () => import("../viewer_fallback.js"),
};
