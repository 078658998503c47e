import type { Words } from "../words.js";

/** The words of the viewer in German. */
export const german: Words;
