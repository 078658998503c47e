import type { HeadlessGlue, ModuleAssets } from "./assets.js";
export const assets: ModuleAssets<HeadlessGlue>;
