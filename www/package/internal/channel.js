// Channel names, `logs:{service}:{workspace}[:{workflow}]`: the same grammar as the gateway's
// (crates/core/src/channel.rs). The only place that composes them or takes them apart.

/** @typedef {{ service: string, workspaceId: string, workflowId: string }} Workflow */

/** The most channels that one connection reads. */
export const MAX_CHANNELS = 16;

/** What an error about channels says was expected. */
export const CHANNEL_EXAMPLES = 'channels such as "logs:etl:workspace123:workflow456"';

/** The service whose logs are read unless the host names another. */
export const DEFAULT_SERVICE = "etl";

const PREFIX = "logs";
const MAX_ID_BYTES = 128;

// Separators of channel names and of lists of them.
const SEPARATOR = /[:,]/;
// Control characters, and characters that are invisible or reorder others.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: joiners are refused one by one
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, to find what is outside
const HAS_LETTER_OR_DIGIT = /[0-9A-Za-z]|[^\u0000-\u007f]/;
const IS_PADDED = /^ | $/;

/**
 * Returns what an id must be, or `""` if `value` is one. An empty id is valid: it is not known yet.
 *
 * @param {unknown} value
 */
export function idProblem(value) {
  if (typeof value !== "string") return "a string";
  if (SEPARATOR.test(value) || hasHidden(value))
    return "an id without ':', ',' and control or invisible characters";
  if (value !== "" && (IS_PADDED.test(value) || !HAS_LETTER_OR_DIGIT.test(value)))
    return "an id with a letter or digit, and no space at either end";
  return byteLength(value) > MAX_ID_BYTES ? `an id of at most ${MAX_ID_BYTES} bytes` : "";
}

/**
 * Returns whether `text` has a character that is invisible or reorders others.
 *
 * @param {string} text
 */
export function hasHidden(text) {
  return HIDDEN.test(text);
}

/**
 * Returns whether `name` is the name of a channel.
 *
 * @param {unknown} name
 * @returns {name is string}
 */
export function isChannel(name) {
  const [prefix, ...ids] = typeof name === "string" ? name.split(":") : [];
  return (
    prefix === PREFIX &&
    (ids.length === 2 || ids.length === 3) &&
    ids.every((id) => id !== "" && idProblem(id) === "")
  );
}

/**
 * Returns the channel of a workflow, or of a whole workspace if `workflowId` is empty.
 *
 * @param {Workflow} workflow
 */
export function channelOf({ service, workspaceId, workflowId }) {
  return [PREFIX, service, workspaceId, ...(workflowId ? [workflowId] : [])].join(":");
}

/**
 * Returns the workflow that a valid channel names.
 *
 * @param {string} channel
 * @returns {Workflow}
 */
export function workflowOf(channel) {
  const [, service, workspaceId, workflowId = ""] = channel.split(":");
  return { service, workspaceId, workflowId };
}

/**
 * Returns the length of `text` in UTF-8. jsdom has no TextEncoder.
 *
 * @param {string} text
 */
function byteLength(text) {
  let bytes = 0;
  for (const character of text) {
    const code = /** @type {number} */ (character.codePointAt(0));
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
