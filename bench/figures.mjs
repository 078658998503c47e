// Statistics of many runs, and how figures are formatted. Pure.

/** @typedef {number | null | undefined} Figure */

/** The start of the reason why a contender that broke has no figures. */
export const FAILED = "failed";

/**
 * What a table shows for a contender without figures.
 *
 * @param {string} absent
 */
export function missing(absent) {
  return absent.startsWith(FAILED) ? "failed" : "not there yet";
}

/**
 * The median of a list; `null` for an empty one.
 *
 * @param {Figure[]} list
 */
export function median(list) {
  const sorted = list
    .filter((value) => value !== null && value !== undefined)
    .sort((one, other) => one - other);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The value below which `share` of the list lies.
 *
 * @param {number[]} list
 * @param {number} share
 */
export function quantile(list, share) {
  const sorted = [...list].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

/**
 * The lines per second of one run.
 *
 * @param {{ lines: number, ms: number }} run
 */
export function rateOf({ lines, ms }) {
  return (lines / ms) * 1_000;
}

/**
 * Three significant digits: `1,180,000`, `38,200`, `390`.
 *
 * @param {Figure} number
 */
export function rough(number) {
  return isMissing(number) ? "" : Number(number.toPrecision(3)).toLocaleString("en-US");
}

/** @param {Figure} number */
export function whole(number) {
  return isMissing(number) ? "" : Math.round(number).toLocaleString("en-US");
}

/** @param {Figure} number */
export function ratio(number) {
  return isMissing(number) ? "" : number.toFixed(number < 0.1 ? 3 : 2);
}

/** @param {Figure} number */
export function ms(number) {
  if (isMissing(number)) return "";
  return number < 10 ? number.toFixed(1) : whole(number);
}

/** @param {Figure} bytes */
export function mb(bytes) {
  return isMissing(bytes) ? "" : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

/**
 * @param {Figure} value
 * @returns {value is null | undefined}
 */
function isMissing(value) {
  return value === null || value === undefined;
}
