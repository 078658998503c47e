// Rows from the engine (crates/core/src/report.rs) as the objects that hosts get.

/** Grows over all sources of the page, so that logs of two connections never share a key. */
let lastKey = 0;

/** The rows in `json`, oldest first. */
export function readRows(json) {
  return JSON.parse(json).map((row) => (row.length === 4 ? notice(row) : readLog(row.slice(1))));
}

/**
 * A log from `[channel, id, seq, time, text, levelClass]`. The entry's own fields stand on it, but for those whose names the log itself needs.
 * `level` is what the producer wrote under that name; where there is nothing, the level that was found otherwise.
 */
export function readLog([channel, id, seq, time, text, levelClass = "other"]) {
  const data = parsed(text);
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

/** What `readLog` reads, from a log. */
export function writeLog({ channel, id, seq, timestamp, text, levelClass }) {
  return [channel, id, seq, timestamp, text, levelClass];
}

/** A notice that lines are missing which this side let go. */
export function missed(count) {
  lastKey += 1;
  return {
    key: lastKey,
    notice: "gap",
    missing: count,
    text: `${grouped(count)} ${count === 1 ? "row was" : "rows were"} dropped before they were read`,
  };
}

/** A number with thousands set apart, as in the engine's own sentences. */
export function grouped(number) {
  return number.toLocaleString("en-US");
}

export function isLog(row) {
  return !("notice" in row);
}

function notice([, kind, missing, text]) {
  lastKey += 1;
  return { key: lastKey, notice: kind, missing, text };
}

/** What `text` says; the text itself where it is no JSON. `NaN` and `Infinity`, which Python writes, are read as strings. */
function parsed(text) {
  return (
    json(text) ??
    (/NaN|Infinity/.test(text) ? json(text.replace(STRINGS_AND_NAN, quoted)) : null) ?? {
      value: text,
    }
  ).value;
}

/** `{ value }`; `null` for what is no JSON. */
function json(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function quoted(part) {
  return part.startsWith('"') ? part : `"${part}"`;
}

/** Strings, so that what stands in them is left alone, and the words where a value may be. */
const STRINGS_AND_NAN = /"(?:[^"\\]|\\.)*"|(?:NaN|-?Infinity)(?=\s*(?:[,\]}]|$))/gs;
