// Checks the options of a host; nothing else does. A wrong option that decides what is read, or
// with which rights, is an error. Any other wrong option is reported once in the console and
// replaced by its default, so that it never prevents the stream.

/** @import { LiveLogsOptions } from "../types/index.d.ts" */
/** @import { ClientOptions } from "./module/assets.d.ts" */

import {
  CHANNEL_EXAMPLES,
  DEFAULT_SERVICE,
  idProblem,
  isChannel,
  MAX_CHANNELS,
} from "./channel.js";
import { LiveLogsError } from "./errors.js";

/**
 * A check returns what was expected, or `""` if the value is right.
 *
 * @typedef {(value: unknown) => string} Check
 * @typedef {LiveLogsOptions} HostOptions
 * @typedef {"workspaceId" | "workflowId" | "service" | "endpoint" | "autoConnect" | "capacity"
 *   | "console" | "backend" | "transport" | "withCredentials" | "worker" | "title" | "titleBadge"
 *   | "announceEvery" | "links" | "theme" | "remember"
 * } DefaultedName
 * @typedef {{ [Name in DefaultedName]-?: NonNullable<HostOptions[Name]> }} Defaults
 * @typedef {Omit<HostOptions, DefaultedName> & Defaults} Options Options with their defaults filled
 *   in.
 */

const MAX_LINES = 2_000_000;

/** The most lines that a gateway sends as a tail (docs/protocol.md). */
const MAX_TAIL = 10_000;

/** @type {Check} */
const boolean = (value) => (typeof value === "boolean" ? "" : "true or false");

/** @type {Check} */
const text = (value) => (typeof value === "string" ? "" : "a string");

/** @type {Check} */
const callback = (value) => (typeof value === "function" ? "" : "a function");

/**
 * @param {string[]} words
 * @returns {Check}
 */
function oneOf(...words) {
  const expected = `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`;
  return (value) => (words.some((word) => word === value) ? "" : expected);
}

/**
 * @param {number} min
 * @param {number} max
 * @returns {Check}
 */
function integer(min, max) {
  return (value) =>
    Number.isInteger(value) && min <= Number(value) && Number(value) <= max
      ? ""
      : `a whole number from ${min} to ${max}`;
}

/** @type {Check} */
function address(value) {
  const expected = "a path or an http(s) URL, without spaces and #";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
  if (typeof value !== "string" || /[\s#\u0000-\u001f\u007f-\u009f]/.test(value)) return expected;
  const scheme = /^([^/?]*?):/.exec(value);
  return !scheme || /^https?$/i.test(scheme[1]) ? "" : expected;
}

/** @type {Check} */
function locale(value) {
  const expected = 'a language tag such as "de-DE"';
  if (value === "") return "";
  try {
    return typeof value === "string" && Intl.getCanonicalLocales(value).length === 1
      ? ""
      : expected;
  } catch {
    return expected;
  }
}

/** @type {Check} */
function words(value) {
  return typeof value === "object" && !Array.isArray(value)
    ? ""
    : 'an object of words such as `german` of "./words/de"';
}

/** @type {Check} */
function channels(value) {
  if (!Array.isArray(value) || value.length > MAX_CHANNELS)
    return `an array of at most ${MAX_CHANNELS} channels`;
  return value.every(isChannel) ? "" : CHANNEL_EXAMPLES;
}

/** @type {Check} */
function headers(value) {
  if (typeof value === "function") return "";
  const expected = "an object of headers, or a function that returns one or a promise of one";
  if (typeof value !== "object") return expected;
  try {
    // Refuses what fetch would refuse on each attempt. Test environments may lack the class.
    if (typeof Headers === "function") new Headers(/** @type {HeadersInit} */ (value));
    return "";
  } catch {
    return `${expected}, with names and values that HTTP allows`;
  }
}

/** @type {Check} */
function wasmUrl(value) {
  // Not `instanceof URL`: the URL may come from another window.
  const isUrl = typeof value === "object" && value !== null && "href" in value;
  return typeof value === "string" || (isUrl && typeof value.href === "string")
    ? ""
    : "a string or a URL";
}

/** @type {Readonly<Record<string, Check>>} */
const CONNECTION_OPTIONS = {
  workspaceId: idProblem,
  workflowId: idProblem,
  service: (value) => idProblem(value) || (value === "" ? 'a service such as "etl"' : ""),
  endpoint: (value) => address(value) || (value === "" ? "a path or an http(s) URL" : ""),
  gatewayUrl: address,
  channels,
  autoConnect: boolean,
  capacity: integer(1, MAX_LINES),
  tail: integer(0, MAX_TAIL),
  console: oneOf("off", "changes", "lines"),
  maxAttempts: integer(1, 1_000_000),
  connectTimeoutMs: integer(1, 600_000),
  silenceMs: integer(1, 86_400_000),
  hiddenMs: integer(0, 86_400_000),
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

/** The options of `mountLiveLogs`, each with its check. */
export const VIEWER_OPTIONS = {
  ...CONNECTION_OPTIONS,
  title: text,
  titleBadge: boolean,
  announceEvery: integer(0, 3_600),
  links: boolean,
  link: text,
  onLinkChange: callback,
  theme: oneOf("auto", "light", "dark"),
  locale,
  words,
  wrap: boolean,
  order: oneOf("newest-first", "oldest-first"),
  remember: boolean,
  isKnown: callback,
};

/** The options of `openLogs`, each with its check. */
export const HEADLESS_OPTIONS = CONNECTION_OPTIONS;

/**
 * What is read, and with which rights: a default would show other logs, or request them without the
 * host's token.
 */
const ESSENTIAL = new Set([
  "workspaceId",
  "workflowId",
  "service",
  "endpoint",
  "gatewayUrl",
  "channels",
  "headers",
]);

/** @type {Readonly<Defaults>} */
export const DEFAULTS = {
  workspaceId: "",
  workflowId: "",
  service: DEFAULT_SERVICE,
  endpoint: "/api/dapadmin/l5-etl/sse/logs/stream",
  autoConnect: false,
  capacity: 10_000,
  console: "changes",
  backend: "auto",
  transport: "eventsource",
  withCredentials: false,
  worker: false,
  title: "Live logs",
  titleBadge: true,
  announceEvery: 15,
  links: false,
  theme: "auto",
  remember: true,
};

/** @type {Readonly<Record<string, unknown>>} */
const DEFAULT_OF = DEFAULTS;

/**
 * Returns the `known` options among `options`. `undefined` and `null` stand for the default.
 *
 * Reports an unknown option, and a wrong one that is not essential, once in the console.
 *
 * @param {unknown} options
 * @param {Readonly<Record<string, Check>>} known
 * @param {string} caller
 * @returns {Partial<Options>}
 * @throws {LiveLogsError} if `options` is not an object, or an essential option is wrong
 */
export function checkOptions(options, known, caller) {
  if (options === null || typeof options !== "object" || Array.isArray(options))
    throw new LiveLogsError(
      "option",
      `${caller}: options: expected an object, got ${shown(options)}`,
      { option: "options" },
    );
  /** @type {Record<string, unknown>} */
  const checked = {};
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      warnUnknown(name, known, caller);
      continue;
    }
    const expected = isUnset(value) ? "" : known[name](value);
    checked[name] = expected ? refuse(name, value, expected, caller) : (value ?? DEFAULT_OF[name]);
  }
  return checked;
}

/**
 * Returns whether `value` is right for the option `name`.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {Readonly<Record<string, Check>>} known
 */
export function isRight(name, value, known) {
  return isUnset(value) || known[name](value) === "";
}

/** @param {unknown} value */
function isUnset(value) {
  return value === undefined || value === null;
}

/**
 * Throws for an essential option. Otherwise warns, and returns the default.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} expected
 * @param {string} caller
 */
function refuse(name, value, expected, caller) {
  // Headers hold secrets, and this message may be logged.
  const got = name === "headers" ? `a ${typeof value}` : shown(value);
  const message = `${caller}: ${name}: expected ${expected}, got ${got}`;
  if (ESSENTIAL.has(name)) throw new LiveLogsError("option", message, { option: name });
  // Keyed by option and value: components pass all their options again with each render.
  warnOnce(`${name} ${shown(value)}`, `${message}; the default is used instead`);
  return DEFAULT_OF[name];
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, Check>>} known
 * @param {string} caller
 */
function warnUnknown(name, known, caller) {
  const names = Object.keys(known).join(", ");
  warnOnce(`unknown ${name}`, `${caller}: unknown option "${name}"; the options are ${names}`);
}

/** @type {Set<string>} */
const warned = new Set();

/**
 * Warns in the console, once for each `key`.
 *
 * @param {string} key
 * @param {string} message
 */
export function warnOnce(key, message) {
  if (warned.has(key)) return;
  warned.add(key);
  console.warn(`[live logs] ${message}`);
}

/** @param {unknown} value */
function shown(value) {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  return value !== null && typeof value === "object" ? "an object" : String(value);
}

/**
 * Returns the options that a client is created with (src/js/options.rs).
 *
 * @param {Options} options
 * @returns {ClientOptions}
 */
export function clientOptions(options) {
  const { console, maxAttempts, connectTimeoutMs, silenceMs, hiddenMs } = options;
  const { withCredentials, capacity, tail, remember } = options;
  return {
    console,
    maxAttempts,
    connectTimeoutMs,
    silenceMs,
    hiddenMs,
    withCredentials,
    capacity,
    tail,
    remember,
  };
}
