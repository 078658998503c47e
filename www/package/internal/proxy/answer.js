// The head of a gateway's response: accepts only a readable stream, or JSON. Anything else becomes
// a refusal in this proxy's own words, so that no script, cookie or redirect of the gateway is
// served under the host's origin. Decides as gateway/src/http/upstream.rs does.

/** @import { IncomingMessage } from "node:http" */

import { refusalOfGateway } from "./refusal.js";

/**
 * Statuses that are kept, since a page reacts differently to each (docs/connection.md): it stops
 * after 401 and 403, reports the address after 404, and waits after 429 and 503.
 */
const KEPT = [401, 403, 404];
const KEPT_WITH_WAIT = [429, 503];

/** Long enough for a restart or a rate limit, short enough for a page that is watched. */
const LONGEST_WAIT_S = 600;

/** An HTTP date. Date.parse accepts much more, including "-1". */
const DATE = /^[A-Z][a-z]{2}, \d/;

/**
 * Returns why a response is not what was asked for, or `undefined` if it is.
 *
 * @param {IncomingMessage} answer
 * @param {string} type The content type that was asked for.
 * @param {string} upstream The gateway's address, for the message.
 */
export function refusalOf(answer, type, upstream) {
  const { statusCode: status = 0 } = answer;
  const refuse = (/** @type {string} */ what, as = 502, retryAfter = wait(answer, as)) =>
    refusalOfGateway(as, upstream, what, { upstreamStatus: status, retryAfter });
  if (KEPT.includes(status) || KEPT_WITH_WAIT.includes(status))
    return refuse(`answered ${status}`, status);
  if (status !== 200) return refuse(`answered ${status} instead of ${WHAT[type]}`);
  const encodings = valuesOf(answer, "content-encoding").join(", ");
  if (encodings !== "" && encodings.toLowerCase() !== "identity")
    return refuse(
      `sent Content-Encoding ${JSON.stringify(encodings.slice(0, 60))}, although asked for identity`,
    );
  if (!isOfType(answer, type)) {
    const came = JSON.stringify(valuesOf(answer, "content-type").join(", ").slice(0, 60));
    return refuse(`answered with Content-Type ${came} instead of ${type}`);
  }
  return undefined;
}

/** @type {Readonly<Record<string, string>>} */
const WHAT = { "text/event-stream": "a stream", "application/json": "JSON" };

/**
 * Returns whether there is exactly one `Content-Type`, `type` with or without parameters.
 *
 * @param {IncomingMessage} answer
 * @param {string} type
 */
export function isOfType(answer, type) {
  const kinds = valuesOf(answer, "content-type");
  return kinds.length === 1 && kinds[0].split(";")[0].trim().toLowerCase() === type;
}

/**
 * Returns all values of a header. `headers` of Node has only the first of some.
 *
 * @param {IncomingMessage} answer
 * @param {string} name In lower case.
 */
function valuesOf({ rawHeaders }, name) {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1].toLowerCase() === name,
  );
}

/**
 * @param {IncomingMessage} answer
 * @param {number} status
 */
function wait(answer, status) {
  if (!KEPT_WITH_WAIT.includes(status)) return undefined;
  const [value = ""] = valuesOf(answer, "retry-after");
  return retryAfter(value, Date.now());
}

/**
 * Returns the seconds of a `Retry-After`, which may be a date, or `undefined`. Bounded, so that a
 * gateway cannot send a page away for a day.
 *
 * @param {string} value
 * @param {number} now
 */
export function retryAfter(value, now) {
  const text = value.trim();
  const seconds = /^\d+$/.test(text)
    ? Number(text)
    : DATE.test(text)
      ? Math.max(0, Math.floor((Date.parse(text) - now) / 1_000))
      : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(seconds, LONGEST_WAIT_S);
}
