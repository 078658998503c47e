import type { EngineAssets, ViewerGlue } from "./assets.js";
export const assets: EngineAssets<ViewerGlue>;
