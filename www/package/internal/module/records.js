// Converts the client's rows (crates/core/src/js_export.rs) to the objects that hosts receive.

/** @import { Log, Notice } from "../../types/index.d.ts" */
/** @import { ClientRows, NoticeReport } from "./assets.d.ts" */

/**
 * @typedef {[channel: string | null, id: string, seq: number | null, time: unknown, text: string,
 *   levelClass?: Log["levelClass"]]} LogRecord
 */

/** Grows over all sources of the page, so that logs of two connections never share a key. */
let lastKey = 0;

/**
 * Returns the rows that a client delivered, oldest first.
 *
 * @param {ClientRows} pieces
 * @returns {(Log | Notice)[]}
 */
export function toRows(pieces) {
  return pieces.flatMap(
    (piece) =>
      /** @type {(Log | Notice)[]} */ (
        typeof piece === "string"
          ? /** @type {LogRecord[]} */ (JSON.parse(piece)).map(toLog)
          : [toNotice(piece)]
      ),
  );
}

/**
 * Returns the log of a record. The fields of the entry become fields of the log, except those whose
 * names the log itself uses. `level` is what the producer wrote, otherwise what the client found.
 *
 * @param {LogRecord} record
 * @returns {Log}
 */
export function toLog([channel, id, seq, time, text, levelClass = "other"]) {
  const data = parseEntry(text);
  const isObject = data !== null && typeof data === "object" && !Array.isArray(data);
  const fields = isObject ? data : { message: typeof data === "string" ? data : text };
  const level = levelClass === "other" ? undefined : { level: levelClass.toUpperCase() };
  lastKey += 1;
  return {
    timestamp: time,
    ...level,
    ...fields,
    key: lastKey,
    channel,
    id,
    seq,
    levelClass,
    data,
    text,
  };
}

/**
 * Returns the record of a log, the inverse of `toLog`.
 *
 * @param {Log} log
 * @returns {LogRecord}
 */
export function toRecord({ channel, id, seq, timestamp, text, levelClass }) {
  return [channel, id, seq, timestamp, text, levelClass];
}

/**
 * Returns the notice for rows that a consumer missed because it fell behind.
 *
 * @param {number} count
 * @returns {Notice}
 */
export function droppedNotice(count) {
  lastKey += 1;
  const rows = count === 1 ? "row was" : "rows were";
  return {
    key: lastKey,
    notice: "gap",
    missing: count,
    channel: null,
    text: `${grouped(count)} ${rows} dropped because the consumer fell behind`,
  };
}

/**
 * Formats a number with thousands separators, as the client does.
 *
 * @param {number} number
 */
export function grouped(number) {
  return number.toLocaleString("en-US");
}

/**
 * Tells logs from notices. Not by the field `notice`, which an entry may have as well.
 *
 * @param {Log | Notice} row
 * @returns {row is Log}
 */
export function isLog(row) {
  return "levelClass" in row;
}

/**
 * @param {NoticeReport} report
 * @returns {Notice}
 */
function toNotice({ notice, missing, channel = null, text }) {
  lastKey += 1;
  return { key: lastKey, notice, missing, channel, text };
}

/**
 * Parses an entry, and returns `text` itself if it is not JSON. `NaN` and `Infinity`, which Python
 * writes, become strings.
 *
 * @param {string} text
 * @returns {unknown}
 */
function parseEntry(text) {
  const parsed =
    tryParse(text) ??
    (/NaN|Infinity/.test(text) ? tryParse(text.replace(STRING_OR_NAN, quoted)) : null);
  return parsed ? parsed.value : text;
}

/**
 * @param {string} text
 * @returns {{ value: unknown } | null}
 */
function tryParse(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** @param {string} part */
function quoted(part) {
  return part.startsWith('"') ? part : `"${part}"`;
}

/** Matches strings, so that their contents are skipped, and the words in the place of a value. */
const STRING_OR_NAN = /"(?:[^"\\]|\\.)*"|(?:NaN|-?Infinity)(?=\s*(?:[,\]}]|$))/gs;
