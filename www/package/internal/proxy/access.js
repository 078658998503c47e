// Who reads, and what they may read: calls the host's `authorize`, and fails closed whatever it
// does.

/** @import { IncomingMessage } from "node:http" */
/** @import { LogsTarget } from "../../types/proxy.d.ts" */

import { hasHidden } from "../channel.js";
import { causeOf, Refusal, RETRY_AFTER, shown } from "./refusal.js";
import { settled } from "./waiting.js";

/** The size limit of identity headers, which the gateway enforces too. */
const MAX_BYTES = 256;

/** Half of a character, which no encoding can send. */
const BROKEN = /\p{Cs}/u;

/**
 * Returns the user who sent `request`, who may read `target`.
 *
 * @param {(request: any, target: LogsTarget) => unknown} authorize
 * @param {IncomingMessage} request
 * @param {LogsTarget} target
 * @param {AbortSignal} signal Ends the wait for `authorize`.
 * @param {number} deadline Milliseconds until `authorize` must have settled.
 * @returns {Promise<string>}
 */
export async function identify(authorize, request, target, signal, deadline) {
  const reader = await ask(authorize, request, target, signal, deadline);
  if (reader === null) throw new Refusal(401, "not logged in: log in to read logs");
  const { userId, workspaceIds } = parse(reader);
  if (!workspaceIds.has(target.workspaceId))
    throw new Refusal(403, `you may not read workspace ${shown(target.workspaceId)}`);
  return userId;
}

/**
 * @param {(request: any, target: LogsTarget) => unknown} authorize
 * @param {IncomingMessage} request
 * @param {LogsTarget} target
 * @param {AbortSignal} signal
 * @param {number} deadline
 */
async function ask(authorize, request, target, signal, deadline) {
  const late = new Error(`no result within ${deadline / 1_000} s`);
  try {
    return await settled(() => authorize(request, { ...target }), signal, deadline, late);
  } catch (error) {
    signal.throwIfAborted();
    throw new Refusal(503, "the login cannot be checked at the moment", {
      retryAfter: RETRY_AFTER,
      cause: new Error(`authorize failed: ${causeOf(error)}`),
    });
  }
}

/**
 * Parses what `authorize` returned. A mistake in it denies access to everyone.
 *
 * @param {unknown} reader
 * @returns {{ userId: string, workspaceIds: Set<unknown> }}
 */
function parse(reader) {
  try {
    const { userId, workspaceIds } =
      /** @type {{ userId: unknown, workspaceIds: Iterable<unknown> }} */ (reader);
    if (typeof userId !== "string")
      throw new TypeError(`userId is ${kind(userId)}: expected a string`);
    const expected = userProblem(userId);
    if (expected) throw new TypeError(`userId is ${shown(userId)}: expected ${expected}`);
    // A string is iterable too: "workspace1" would grant the workspaces "w", "o" and "r".
    if (typeof workspaceIds !== "object" || workspaceIds === null)
      throw new TypeError(`workspaceIds is ${kind(workspaceIds)}: expected an array or a Set`);
    const ids = new Set(workspaceIds);
    for (const id of ids)
      if (typeof id !== "string")
        throw new TypeError(`workspaceIds has ${kind(id)} in it: expected strings`);
    return { userId, workspaceIds: ids };
  } catch (error) {
    throw new Refusal(500, "the login check of this server is faulty", {
      cause: new Error(
        `authorize returned ${kind(reader)}: expected { userId, workspaceIds } or null: ` +
          causeOf(error),
      ),
    });
  }
}

/**
 * Returns what a user must be, as the gateway requires it (gateway/src/http/identity.rs), or `""`.
 *
 * @param {string} userId
 */
function userProblem(userId) {
  if (userId === "") return "a user, or null from authorize for no login";
  if (Buffer.byteLength(userId) > MAX_BYTES) return `at most ${MAX_BYTES} bytes`;
  if (userId.includes(",") || hasHidden(userId) || BROKEN.test(userId))
    return "no comma, control or invisible characters";
  return userId === userId.trim() ? "" : "no space at either end";
}

/** @param {unknown} value */
function kind(value) {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}
