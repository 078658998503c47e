// Checks the options of a proxy; nothing else does. Every wrong option throws when the proxy is
// created: a server that starts with a wrong one would fail for its readers instead.

/** @import { LogsProxyOptions } from "../../types/proxy.d.ts" */

/**
 * Options with their defaults filled in.
 *
 * @typedef {typeof DEFAULTS & { deadlines: typeof DEADLINES }
 *   & Pick<LogsProxyOptions, "authorize" | "gateway" | "path" | "headers" | "tls" | "onError">
 * } Settings
 */

/** The default deadlines in milliseconds, those of the gateway's own proxy route. */
const DEADLINES = {
  connectMs: 3_000,
  // Shorter than the 15 s after which a page abandons an attempt.
  headMs: 10_000,
  // Backends in the field ping every 25 s, so none of them is silent for so long.
  idleMs: 45_000,
  authorizeMs: 10_000,
  // Node reports only that a whole chunk was accepted: at most 64 KiB, so 1 KiB/s suffices.
  writeMs: 60_000,
};

const DEFAULTS = {
  heartbeatMs: 25_000,
  maxStreamsPerUser: 32,
  /** Without a limit unless the host sets one. */
  maxAgeMs: Number.POSITIVE_INFINITY,
};

const OTHERS = ["gateway", "authorize", "path", "headers", "tls", "onError", "deadlines"];

/** The longest delay of a timer; a longer one would fire at once. */
export const MAX_MS = 2_147_483_647;

/** Headers that the proxy sets itself, or that would frame the request in another way. */
const RESERVED = [
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "last-event-id",
  "te",
  "transfer-encoding",
  "upgrade",
  "x-user-id",
  "x-workspace-id",
];

/**
 * @param {LogsProxyOptions} options
 * @returns {Settings}
 */
export function parseOptions(options) {
  if (typeof options !== "object" || options === null)
    throw wrong("options", options, "an object with gateway and authorize");
  refuseUnknown(options, [...OTHERS, ...Object.keys(DEFAULTS)], "");
  const { authorize, path, headers, tls, onError } = options;
  if (typeof authorize !== "function")
    throw wrong("authorize", authorize, "a function that returns { userId, workspaceIds } or null");
  if (path !== undefined && !(typeof path === "string" && /^\/[^\s?#]*$/.test(path)))
    throw wrong("path", path, 'a path such as "/logs/stream"');
  if (headers !== undefined && typeof headers !== "function") checkHeaders(headers);
  if (tls !== undefined && (typeof tls !== "object" || tls === null))
    throw wrong("tls", tls, "an object with options of tls.connect");
  if (onError !== undefined && typeof onError !== "function")
    throw wrong("onError", onError, "a function");
  return {
    gateway: parseGateway(options.gateway),
    authorize,
    path,
    headers,
    tls,
    onError,
    deadlines: numbers(options.deadlines ?? {}, DEADLINES, "deadlines."),
    ...numbers(pick(options), DEFAULTS, ""),
  };
}

/**
 * Returns the headers of a host if the proxy can send them.
 *
 * @param {unknown} headers
 * @returns {Record<string, string>}
 */
export function checkHeaders(headers) {
  if (typeof headers !== "object" || headers === null || Symbol.iterator in headers)
    throw wrong("headers", headers, "an object of names and strings");
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED.includes(name.toLowerCase()))
      throw new TypeError(`logs proxy: headers.${name}: the proxy sets this header itself`);
    // The value may be a secret, so no error repeats it.
    if (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new TypeError(`logs proxy: headers.${name}: expected a string of one line`);
  }
  return /** @type {Record<string, string>} */ (headers);
}

/**
 * Returns the gateway's URL without a trailing slash. No error repeats it: it may hold a password.
 *
 * @param {unknown} gateway
 */
function parseGateway(gateway) {
  const expected = "expected a URL such as http://127.0.0.1:8080";
  const refuse = (/** @type {string} */ what) => new TypeError(`logs proxy: gateway: ${what}`);
  if (typeof gateway !== "string" || /[\s\p{Cc}]/u.test(gateway)) throw refuse(expected);
  /** @type {URL} */
  let url;
  try {
    url = new URL(gateway);
  } catch {
    throw refuse(expected);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refuse(expected);
  if (/^[^/?#]*[/\\]*[^/\\?#]*@/.test(gateway))
    throw refuse("expected a URL without a user and password: use the option headers");
  if (/[?#]/.test(gateway))
    throw refuse("expected a URL without a query and a fragment: paths are appended to it");
  return url.href.replace(/\/+$/, "");
}

/**
 * @template {Record<string, number>} Defaults
 * @param {object} given
 * @param {Defaults} defaults
 * @param {string} prefix
 * @returns {Defaults}
 */
function numbers(given, defaults, prefix) {
  if (typeof given !== "object" || given === null) throw wrong("deadlines", given, "an object");
  refuseUnknown(given, Object.keys(defaults), prefix);
  const filled = Object.entries(defaults).map(([name, fallback]) => {
    const value = /** @type {Record<string, unknown>} */ (given)[name] ?? fallback;
    const isDefault = value === fallback;
    if (!isDefault && !(Number.isInteger(value) && 1 <= Number(value) && Number(value) <= MAX_MS))
      throw wrong(`${prefix}${name}`, value, `a whole number from 1 to ${MAX_MS}`);
    return [name, value];
  });
  return Object.fromEntries(filled);
}

/**
 * @param {object} given
 * @param {string[]} known
 * @param {string} prefix
 */
function refuseUnknown(given, known, prefix) {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new TypeError(
      `logs proxy: unknown option ${unknown.map((name) => prefix + name).join(", ")}: ` +
        `expected ${known.join(", ")}`,
    );
}

/** @param {LogsProxyOptions} options */
function pick({ heartbeatMs, maxStreamsPerUser, maxAgeMs }) {
  return { heartbeatMs, maxStreamsPerUser, maxAgeMs };
}

/**
 * @param {string} option
 * @param {unknown} value
 * @param {string} expected
 */
function wrong(option, value, expected) {
  const came = typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
  return new TypeError(`logs proxy: ${option} is ${came}: expected ${expected}`);
}
