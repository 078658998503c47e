import type { ModuleAssets, ViewerGlue } from "./assets.js";
export const assets: ModuleAssets<ViewerGlue>;
