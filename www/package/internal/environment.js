// Where the package runs: a browser, or something that only looks like one, such as jsdom or happy-dom in a host's tests.
// There the package mounts and unmounts without touching what is missing, and makes no errors that would fail those tests.

import { LiveLogsError } from "./errors.js";

/** What the engine and its glue call; browsers have had all of it since 2020. */
const NEEDED = [
  "TextEncoder",
  "TextDecoder",
  "MessageChannel",
  "AbortController",
  "fetch",
  "requestAnimationFrame",
];

let unable;
let isReported = false;

/** Returns the error that says that nothing can run here, or `null` in a browser. Looks once. */
export function noBrowser() {
  if (unable === undefined) {
    const why = reason();
    unable = why && new LiveLogsError("load", `live logs need a browser: ${why}`);
  }
  return unable;
}

/** Writes that to the console, once, and as information: tests of a host may fail on warnings and errors. */
export function reportNoBrowser({ console: level } = {}) {
  if (isReported || level === "off") return;
  isReported = true;
  console.info(`[live logs] ${noBrowser().message}`);
}

function reason() {
  if (typeof document === "undefined" || typeof navigator === "undefined")
    return "there is no page here";
  // Both lay nothing out, and a host may have added what they lack.
  const [simulation] = /\b(jsdom|HappyDOM)\b/i.exec(navigator.userAgent ?? "") ?? [];
  if (simulation) return `this is ${simulation}`;
  const missing = NEEDED.filter((name) => typeof globalThis[name] !== "function");
  return missing.length > 0
    ? `${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing`
    : null;
}
