// Options from a host: checked once, here, with errors that name the option. What passes is believed from here on.

import { LiveLogsError } from "./errors.js";

const MAX_LINES = 2_000_000;
const MAX_CHANNELS = 16;
const MAX_ID_BYTES = 128;

const boolean = (value) => (typeof value === "boolean" ? "" : "true or false");
const text = (value) => (typeof value === "string" ? "" : "a string");
const callback = (value) => (typeof value === "function" ? "" : "a function");
const oneOf = (...words) => (value) => (words.includes(value) ? "" : `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`);
const whole = (least, most) => (value) => (Number.isInteger(value) && least <= value && value <= most ? "" : `a whole number from ${least} to ${most}`);

// The gateway's own grammar (src/core/channel.rs): nothing that could break out of a channel name or a list of them.
const breaksOut = /[:,\u0000-\u001f\u007f-\u009f]/;

function id(value) {
  if (typeof value !== "string") return "a string";
  if (breaksOut.test(value)) return "an id without ':', ',' and control characters";
  return new TextEncoder().encode(value).length > MAX_ID_BYTES ? `an id of at most ${MAX_ID_BYTES} bytes` : "";
}

function address(value) {
  const plain = typeof value === "string" && !/[\s#\u0000-\u001f\u007f-\u009f]/.test(value);
  const scheme = plain && /^([^/?]*?):/.exec(value);
  return plain && (!scheme || /^https?$/i.test(scheme[1])) ? "" : "a path or an http(s) URL, without spaces and #";
}

function locale(value) {
  try {
    return typeof value === "string" && Intl.getCanonicalLocales(value).length === 1 ? "" : "a language tag such as \"de-DE\"";
  } catch {
    return "a language tag such as \"de-DE\"";
  }
}

function channelList(value) {
  if (!Array.isArray(value) || value.length > MAX_CHANNELS) return `an array of at most ${MAX_CHANNELS} channels`;
  return value.every(isChannel) ? "" : "channels such as \"logs:etl:workspace123:workflow456\"";
}

/** Whether a text is the name of a channel, `logs:{service}:{workspace}[:{resource}]`. */
export function isChannel(name) {
  const [head, ...parts] = typeof name === "string" ? name.split(":") : [];
  return head === "logs" && (parts.length === 2 || parts.length === 3) && parts.every((part) => part !== "" && id(part) === "");
}

const isObject = (value) => typeof value === "object" && !Array.isArray(value);

const connection = {
  workspaceId: id,
  workflowId: id,
  service: (value) => id(value) || (value === "" ? "a service such as \"etl\"" : ""),
  endpoint: (value) => address(value) || (value === "" ? "a path or an http(s) URL" : ""),
  autoConnect: boolean,
  capacity: whole(1, MAX_LINES),
  console: oneOf("off", "changes", "lines"),
  maxAttempts: whole(1, 1_000_000),
  connectTimeoutMs: whole(1, 600_000),
  silenceMs: whole(1, 86_400_000),
  hiddenMs: whole(0, 86_400_000),
  wasmUrl: (value) => (typeof value === "string" || value instanceof URL ? "" : "a string or a URL"),
  backend: oneOf("auto", "wasm", "js"),
  transport: oneOf("eventsource", "fetch"),
  headers: (value) => (typeof value === "function" || isObject(value) ? "" : "an object, or a function that gives one or a promise of one"),
  worker: boolean,
  onStatus: callback,
  onError: callback,
  onLog: callback,
};

/** What `mountLiveLogs` takes. */
export const VIEWER_OPTIONS = { ...connection, title: text, theme: oneOf("auto", "light", "dark"), locale };

/** What `openLogs` takes. */
export const HEADLESS_OPTIONS = { ...connection, gatewayUrl: address, channels: channelList };

/** What stands where a host says nothing. */
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
  worker: false,
  title: "Live logs",
  theme: "auto",
};

/**
 * The options of `given` that `known` has, each checked. `undefined` and `null` stand for the default.
 * An unknown one is told once in the console, with the nearest name that exists.
 */
export function checkOptions(given, known, caller) {
  if (given === null || typeof given !== "object" || Array.isArray(given)) throw new LiveLogsError("option", `${caller}: options: expected an object, got ${shown(given)}`, { option: "options" });
  const checked = {};
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      warnUnknown(name, known, caller);
      continue;
    }
    const expected = value === undefined || value === null ? "" : known[name](value);
    if (expected) throw new LiveLogsError("option", `${caller}: ${name}: expected ${expected}, got ${shown(value)}`, { option: name });
    checked[name] = value ?? DEFAULTS[name];
  }
  return checked;
}

const warned = new Set();

function warnUnknown(name, known, caller) {
  if (warned.has(`${caller} ${name}`)) return;
  warned.add(`${caller} ${name}`);
  const [nearest] = Object.keys(known)
    .map((other) => [other, distance(name.toLowerCase(), other.toLowerCase())])
    .sort((one, other) => one[1] - other[1])[0];
  console.warn(`[live logs] ${caller}: there is no option "${name}"; did you mean "${nearest}"?`);
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
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return value !== null && typeof value === "object" ? "an object" : String(value);
}

/** The numbers that an engine takes at its beginning; see src/js/policy.rs. */
export function policy(options) {
  const level = { off: 0, changes: 1, lines: 2 }[options.console ?? DEFAULTS.console];
  const number = (value) => value ?? Number.NaN;
  return Float64Array.of(level, number(options.maxAttempts), number(options.connectTimeoutMs), number(options.silenceMs), number(options.hiddenMs));
}
