// Refusals: a status and a sentence that names what is wrong, sent as JSON.

/** @import { OutgoingHttpHeaders, ServerResponse } from "node:http" */

/** Seconds until a page asks again after a function of the host did not settle. */
export const RETRY_AFTER = 5;

/** A refusal: `{"error": …}` under a 4xx or 5xx status. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {object} [details]
   * @param {number} [details.retryAfter] Seconds that the page waits at least.
   * @param {number} [details.upstreamStatus] The status of the gateway, if that is the reason.
   * @param {string} [details.allow] The method that the route accepts.
   * @param {unknown} [details.cause] The original error.
   * @param {string} [details.told] What a page reads instead of the message.
   */
  constructor(status, message, { retryAfter, upstreamStatus, allow, cause, told } = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.told = told ?? message;
    this.retryAfter = retryAfter;
    this.upstreamStatus = upstreamStatus;
    this.allow = allow;
    if (cause !== undefined) this.cause = cause;
  }
}

/**
 * Returns the refusal of a request that is malformed. `message` begins with the parameter.
 *
 * @param {string} message
 */
export function badRequest(message) {
  return new Refusal(400, message);
}

/**
 * Returns the refusal of what the gateway at `address` did. The host's log names that address, which
 * is an internal one, and a page reads the rest.
 *
 * @param {number} status
 * @param {string} address
 * @param {string} what
 * @param {ConstructorParameters<typeof Refusal>[2]} [details]
 */
export function refusalOfGateway(status, address, what, details) {
  return new Refusal(status, `upstream ${address} ${what}`, {
    told: `the backend ${what}`,
    ...details,
  });
}

/**
 * Sends a refusal, unless a response was sent already.
 *
 * @param {ServerResponse} response
 * @param {Refusal} refusal
 */
export function sendRefusal(response, { status, told, retryAfter, upstreamStatus, allow }) {
  const body = { error: told, ...(upstreamStatus === undefined ? {} : { upstreamStatus }) };
  sendJson(response, status, Buffer.from(JSON.stringify(body)), {
    ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
    ...(allow === undefined ? {} : { Allow: allow }),
  });
}

/**
 * Sends JSON that no cache may store: it is true for a moment, and of one reader.
 *
 * @param {ServerResponse} response
 * @param {number} status
 * @param {Buffer} body
 * @param {OutgoingHttpHeaders} [headers]
 */
export function sendJson(response, status, body, headers = {}) {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body);
}

/**
 * Returns hostile text for an error: quoted, no longer than a line, without invisible characters.
 *
 * @param {string} text
 */
export function shown(text) {
  return JSON.stringify(text.slice(0, 60).replace(/[^\x20-\x7e\p{L}\p{N}]/gu, "\ufffd"));
}

/**
 * Returns the message of a thrown value, which may be anything. Node reports a host with several
 * addresses as one error without a message of its own.
 *
 * @param {unknown} thrown
 */
export function causeOf(thrown) {
  try {
    const { message, code, errors } =
      /** @type {{ message?: unknown, code?: unknown, errors?: unknown }} */ (thrown ?? {});
    if (Array.isArray(errors) && errors.length > 0)
      return [...new Set(errors.map((error) => String(error?.message ?? error)))].join(", ");
    if (typeof message === "string" && message !== "") return message;
    return String(code ?? thrown);
  } catch {
    // An object without a prototype, or with a getter that throws.
    return "a value that is no error and has no text";
  }
}
