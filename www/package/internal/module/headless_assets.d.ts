import type { EngineAssets, HeadlessGlue } from "./assets.js";
export const assets: EngineAssets<HeadlessGlue>;
