// Where the parts of the headless are, for bundlers that do not know import.meta, and for require: takes the place of headless_assets.js
// in pkg/legacy. Nothing finds the WebAssembly by itself there: the host names it by `wasmUrl`, or the fallback is what runs.

import { createGlue } from "../headless_glue.js";

export const assets = {
  createGlue,
  // The name by which the WebAssembly asks for the glue.
  imports: "./headless_bg.js",
  wasmUrl: () => undefined,
  makeWorker: () => undefined,
  loadFallback: () => import("../headless_fallback.js"),
};
