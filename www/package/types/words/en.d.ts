import type { Words } from "../words.js";

/** The words of the viewer in English, to translate them from. */
export const english: Words;
