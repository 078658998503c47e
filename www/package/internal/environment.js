// Detects where the package runs: in a browser, or in a simulation such as jsdom or happy-dom in a
// host's tests. In a simulation the package mounts and unmounts without touching what is missing,
// and logs no warnings or errors that would fail those tests.

/** @import { ConnectionOptions } from "../types/index.d.ts" */

import { LiveLogsError } from "./errors.js";

/** What the module and its glue call; browsers have had all of it since 2020. */
const REQUIRED = /** @type {const} */ ([
  "TextEncoder",
  "TextDecoder",
  "MessageChannel",
  "AbortController",
  "fetch",
  "requestAnimationFrame",
]);

/** @type {LiveLogsError | null | undefined} `undefined` until the first look */
let unsupported;
let isReported = false;

/** Returns the error that explains why nothing can run here, or `null` in a browser. */
export function noBrowser() {
  if (unsupported === undefined) {
    const reason = unsupportedReason();
    unsupported = reason ? new LiveLogsError("load", `live logs need a browser: ${reason}`) : null;
  }
  return unsupported;
}

/**
 * Logs `error` once, at the level "info": tests of a host may fail on warnings and errors.
 *
 * @param {LiveLogsError} error
 * @param {Pick<ConnectionOptions, "console">} options
 */
export function reportNoBrowser(error, { console: level }) {
  if (isReported || level === "off") return;
  isReported = true;
  console.info(`[live logs] ${error.message}`);
}

function unsupportedReason() {
  if (typeof document === "undefined" || typeof navigator === "undefined")
    return "there is no page here";
  // Neither simulation has layout, even if a host polyfilled what else they lack.
  const [simulation] = /\b(jsdom|HappyDOM)\b/i.exec(navigator.userAgent ?? "") ?? [];
  if (simulation) return `this is ${simulation}`;
  const missing = REQUIRED.filter((name) => typeof globalThis[name] !== "function");
  return missing.length > 0
    ? `${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing`
    : null;
}
