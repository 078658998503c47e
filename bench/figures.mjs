// Figures out of many runs, and how they are written for people. Pure.

/** How the reason begins when a contender is absent because it broke. */
export const FAILED = "failed";

/** What a table says of a contender that is absent. */
export function missing(absent) {
  return absent.startsWith(FAILED) ? "failed" : "not there yet";
}

/** The middle of a list; `null` of an empty one. */
export function median(list) {
  const sorted = list
    .filter((value) => value !== null && value !== undefined)
    .sort((one, other) => one - other);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which `share` of the list lies. */
export function quantile(list, share) {
  const sorted = [...list].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

/** Lines a second of one run. */
export function rateOf({ lines, ms }) {
  return (lines / ms) * 1_000;
}

/** Three digits that count: `1,180,000`, `38,200`, `390`. */
export function rough(number) {
  if (number === null || number === undefined) return "";
  return Number(number.toPrecision(3)).toLocaleString("en-US");
}

export function whole(number) {
  return number === null || number === undefined ? "" : Math.round(number).toLocaleString("en-US");
}

export function ratio(number) {
  return number === null || number === undefined ? "" : number.toFixed(number < 0.1 ? 3 : 2);
}

export function ms(number) {
  return number === null || number === undefined
    ? ""
    : number < 10
      ? number.toFixed(1)
      : whole(number);
}

export function mb(bytes) {
  return bytes === null || bytes === undefined ? "" : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
