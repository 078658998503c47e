// Options from a host, checked here and nowhere else. A wrong option that decides what is read, or with which rights, is an error;
// any other wrong option is reported once in the console and replaced by its default, so that it never prevents the stream.

import { LiveLogsError } from "./errors.js";

const MAX_LINES = 2_000_000;
const MAX_CHANNELS = 16;
const MAX_ID_BYTES = 128;

const boolean = (value) => (typeof value === "boolean" ? "" : "true or false");
const text = (value) => (typeof value === "string" ? "" : "a string");
const callback = (value) => (typeof value === "function" ? "" : "a function");
const oneOf =
  (...words) =>
  (value) =>
    words.includes(value) ? "" : `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`;
const whole = (least, most) => (value) =>
  Number.isInteger(value) && least <= value && value <= most
    ? ""
    : `a whole number from ${least} to ${most}`;

// The gateway's own grammar (crates/core/src/channel.rs): nothing that could break out of a channel name or a list of them, and no
// character that shows nothing or reorders others.
const breaksOut =
  /[:,\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
const hasWord = /[0-9A-Za-z]|[^\u0000-\u007f]/;
const isPadded = /^ | $/;

function id(value) {
  if (typeof value !== "string") return "a string";
  if (breaksOut.test(value)) return "an id without ':', ',' and control or invisible characters";
  if (value !== "" && (isPadded.test(value) || !hasWord.test(value)))
    return "an id with a letter or digit, and no space at either end";
  return byteLength(value) > MAX_ID_BYTES ? `an id of at most ${MAX_ID_BYTES} bytes` : "";
}

/** Returns the length of `text` in UTF-8. Without TextEncoder, which jsdom lacks. */
function byteLength(text) {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function address(value) {
  const plain = typeof value === "string" && !/[\s#\u0000-\u001f\u007f-\u009f]/.test(value);
  const scheme = plain && /^([^/?]*?):/.exec(value);
  return plain && (!scheme || /^https?$/i.test(scheme[1]))
    ? ""
    : "a path or an http(s) URL, without spaces and #";
}

function locale(value) {
  try {
    return value === "" ||
      (typeof value === "string" && Intl.getCanonicalLocales(value).length === 1)
      ? ""
      : 'a language tag such as "de-DE"';
  } catch {
    return 'a language tag such as "de-DE"';
  }
}

function channelList(value) {
  if (!Array.isArray(value) || value.length > MAX_CHANNELS)
    return `an array of at most ${MAX_CHANNELS} channels`;
  return value.every(isChannel) ? "" : 'channels such as "logs:etl:workspace123:workflow456"';
}

/** Whether a text is the name of a channel, `logs:{service}:{workspace}[:{resource}]`. */
export function isChannel(name) {
  const [head, ...parts] = typeof name === "string" ? name.split(":") : [];
  return (
    head === "logs" &&
    (parts.length === 2 || parts.length === 3) &&
    parts.every((part) => part !== "" && id(part) === "")
  );
}

function headers(value) {
  if (typeof value === "function") return "";
  const expected = "an object of headers, or a function that returns one or a promise of one";
  if (typeof value !== "object") return expected;
  try {
    // What fetch would refuse on each attempt is refused here. Test environments may lack the class.
    if (typeof Headers === "function") new Headers(value);
    return "";
  } catch {
    return `${expected}, with names and values that HTTP allows`;
  }
}

// Not `instanceof URL`: the URL of another window is one too.
const wasmUrl = (value) =>
  typeof value === "string" || (typeof value === "object" && typeof value.href === "string")
    ? ""
    : "a string or a URL";

const connection = {
  workspaceId: id,
  workflowId: id,
  service: (value) => id(value) || (value === "" ? 'a service such as "etl"' : ""),
  endpoint: (value) => address(value) || (value === "" ? "a path or an http(s) URL" : ""),
  autoConnect: boolean,
  capacity: whole(1, MAX_LINES),
  console: oneOf("off", "changes", "lines"),
  maxAttempts: whole(1, 1_000_000),
  connectTimeoutMs: whole(1, 600_000),
  silenceMs: whole(1, 86_400_000),
  hiddenMs: whole(0, 86_400_000),
  wasmUrl,
  backend: oneOf("auto", "wasm", "js"),
  transport: oneOf("eventsource", "fetch"),
  headers,
  withCredentials: boolean,
  worker: boolean,
  onStatus: callback,
  onError: callback,
  onLog: callback,
};

/** The options that `mountLiveLogs` accepts. */
export const VIEWER_OPTIONS = {
  ...connection,
  title: text,
  theme: oneOf("auto", "light", "dark"),
  locale,
};

/** The options that `openLogs` accepts. */
export const HEADLESS_OPTIONS = { ...connection, gatewayUrl: address, channels: channelList };

/** What is read, and with which rights: guessing here would show other logs, or ask for them without the host's token. */
const ESSENTIAL = new Set([
  "workspaceId",
  "workflowId",
  "service",
  "endpoint",
  "gatewayUrl",
  "channels",
  "headers",
]);

/** The values of options that a host leaves out. */
export const DEFAULTS = {
  workspaceId: "",
  workflowId: "",
  service: "etl",
  endpoint: "/api/dapadmin/l5-etl/sse/logs/stream",
  autoConnect: false,
  capacity: 10_000,
  console: "changes",
  backend: "auto",
  transport: "eventsource",
  withCredentials: false,
  worker: false,
  title: "Live logs",
  theme: "auto",
};

/**
 * Returns those options of `given` that are in `known`, each checked; `undefined` and `null` stand for the default.
 * A wrong essential option throws; another wrong one, and an unknown one, are reported once in the console.
 */
export function checkOptions(given, known, caller) {
  if (given === null || typeof given !== "object" || Array.isArray(given))
    throw new LiveLogsError(
      "option",
      `${caller}: options: expected an object, got ${shown(given)}`,
      { option: "options" },
    );
  const checked = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      warnUnknown(name, known, caller);
      continue;
    }
    const expected = value === undefined || value === null ? "" : known[name](value);
    checked[name] = expected ? refused(name, value, expected, caller) : (value ?? DEFAULTS[name]);
  }
  return checked;
}

/** Throws for a wrong essential option; warns of another one, and returns its default. */
function refused(name, value, expected, caller) {
  // Headers hold secrets, and this sentence may be logged.
  const sentence = `${caller}: ${name}: expected ${expected}, got ${name === "headers" ? `a ${typeof value}` : shown(value)}`;
  if (ESSENTIAL.has(name)) throw new LiveLogsError("option", sentence, { option: name });
  // By option and value: components pass all of their options again with each rendering.
  warnOnce(`${name} ${shown(value)}`, `${sentence}; the default is used instead`);
  return DEFAULTS[name];
}

/** Returns whether `value` is right for the option `name`. */
export function isRight(name, value, known) {
  return value === undefined || value === null || known[name](value) === "";
}

const warned = new Set();

/** Warns in the console, once for each `key`. */
export function warnOnce(key, sentence) {
  if (warned.has(key)) return;
  warned.add(key);
  console.warn(`[live logs] ${sentence}`);
}

function warnUnknown(name, known, caller) {
  const [nearest] = Object.keys(known)
    .map((other) => [other, distance(name.toLowerCase(), other.toLowerCase())])
    .sort((one, other) => one[1] - other[1])[0];
  warnOnce(
    `unknown ${name}`,
    `${caller}: there is no option "${name}"; did you mean "${nearest}"?`,
  );
}

/** How many letters must be added, removed or changed to come from `one` to `other`. */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = row[column - 1] + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(changed, row[column] + 1, next[column - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}

function shown(value) {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return value !== null && typeof value === "object" ? "an object" : String(value);
}

/** The numbers that an engine is made with; see src/js/policy.rs. */
export function policy(options) {
  const level = { off: 0, changes: 1, lines: 2 }[options.console ?? DEFAULTS.console];
  const number = (value) => value ?? Number.NaN;
  return Float64Array.of(
    level,
    number(options.maxAttempts),
    number(options.connectTimeoutMs),
    number(options.silenceMs),
    number(options.hiddenMs),
    Number(options.withCredentials ?? false),
  );
}
