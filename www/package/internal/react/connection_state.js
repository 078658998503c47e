// What hooks show of the connections behind one provider: a frozen state, computed from the status
// of each connection.

/** @import { LogsStatus } from "../../types/index.d.ts" */
/** @import { ConnectionStatus, LogsSSEStats } from "../../types/react.d.ts" */

import { LiveLogsError } from "../errors.js";

/**
 * Frozen, like everything in it.
 *
 * @typedef {object} ConnectionState
 * @property {ConnectionStatus} connectionStatus
 * @property {readonly string[]} connectedChannels
 * @property {LiveLogsError | null} error
 * @property {boolean} isConnected
 * @property {LogsSSEStats} stats
 */

/**
 * What a state is computed from.
 *
 * @typedef {object} Facts
 * @property {LogsStatus[]} statuses one per connection
 * @property {ReadonlySet<string>[]} subscriptions the channels of each
 * @property {LiveLogsError[]} inputErrors of connections that could not be opened, and of refused
 *   subscriptions
 */

/** @type {ConnectionState} */
export const IDLE_STATE = Object.freeze({
  connectionStatus: "disconnected",
  connectedChannels: Object.freeze([]),
  error: null,
  isConnected: false,
  stats: Object.freeze({
    received: 0,
    duplicates: 0,
    missing: 0,
    gaps: 0,
    attempt: 0,
    subscriptions: 0,
  }),
});

/**
 * @param {Facts} facts
 * @returns {ConnectionState}
 */
export function connectionState({ statuses, subscriptions, inputErrors }) {
  const refused = statuses.flatMap((status) => status.refused);
  // Not `isLive`: a server without a greeting may be connected and idle.
  const isConnected =
    statuses.length > 0 && statuses.every((status) => status.state === "connected");
  const channels = isConnected ? subscriptions.flatMap((channels) => [...channels]) : [];
  const granted = [...new Set(channels)].filter((channel) => !refused.includes(channel));
  return Object.freeze({
    connectionStatus: worstStatus(statuses, inputErrors),
    connectedChannels: Object.freeze(granted),
    error: findError(statuses, refused, inputErrors),
    isConnected,
    stats: sumStats(statuses, subscriptions.length),
  });
}

/**
 * Returns whether two states differ at most in their counts.
 *
 * @param {ConnectionState} one
 * @param {ConnectionState} other
 */
export function isSameConnection(one, other) {
  return description(one) === description(other);
}

/**
 * @param {ConnectionState} one
 * @param {ConnectionState} other
 */
export function hasSameCounts(one, other) {
  return counts(one) === counts(other);
}

/** @param {ConnectionState} state */
function description({ connectionStatus, connectedChannels, error }) {
  const problem = error && `${error.type} ${error.message}`;
  return [connectionStatus, connectedChannels, problem].join("\n");
}

/** @param {ConnectionState} state */
function counts({ stats }) {
  return Object.values(stats).join();
}

/**
 * @param {LogsStatus[]} statuses
 * @param {LiveLogsError[]} inputErrors
 * @returns {ConnectionStatus}
 */
function worstStatus(statuses, inputErrors) {
  const [worst] = statuses
    .map(connectionStatusOf)
    .sort((one, other) => WORST_FIRST.indexOf(one) - WORST_FIRST.indexOf(other));
  return worst ?? (inputErrors.length > 0 ? "failed" : "disconnected");
}

/**
 * Returns a status in the vocabulary of the client that this package replaces.
 *
 * @param {LogsStatus} status
 * @returns {ConnectionStatus}
 */
function connectionStatusOf({ state, willRetry }) {
  if (state === "connected" || state === "connecting") return state;
  // Open but silent: the client is finding out whether the stream is alive.
  if (state === "stale") return "connecting";
  if (state === "error" || state === "offline") return willRetry ? "error" : "failed";
  return "disconnected";
}

/**
 * @param {LogsStatus[]} statuses
 * @param {string[]} refused
 * @param {LiveLogsError[]} inputErrors
 * @returns {LiveLogsError | null}
 */
function findError(statuses, refused, inputErrors) {
  const broken = statuses.find(({ reason, state }) => reason !== "" && state !== "connected");
  if (broken) return new LiveLogsError(broken.cause ?? "internal", broken.reason);
  if (refused.length > 0)
    return new LiveLogsError("not_granted", `the gateway did not grant ${refused[0]}`);
  return inputErrors[0] ?? null;
}

/**
 * @param {LogsStatus[]} statuses
 * @param {number} subscriptions
 * @returns {LogsSSEStats}
 */
function sumStats(statuses, subscriptions) {
  const sum = (/** @type {"received" | "duplicates" | "missing" | "gaps" | "attempt"} */ name) =>
    statuses.reduce((total, status) => total + status[name], 0);
  return Object.freeze({
    received: sum("received"),
    duplicates: sum("duplicates"),
    missing: sum("missing"),
    gaps: sum("gaps"),
    attempt: sum("attempt"),
    subscriptions,
  });
}

/**
 * The worst of several connections is the one shown.
 *
 * @type {readonly ConnectionStatus[]}
 */
const WORST_FIRST = ["failed", "error", "connecting", "disconnected", "connected"];
