// What a request asks for: the channel, and the parameters of its stream. Nothing else reads the
// query. The gateway's own proxy route decides the same (gateway/src/http/proxy.rs).

/** @import { IncomingMessage } from "node:http" */
/** @import { LogsTarget } from "../../types/proxy.d.ts" */

import { channelOf, DEFAULT_SERVICE, idProblem } from "../channel.js";
import { badRequest, shown } from "./refusal.js";

/**
 * The parameters of a stream, each with what its value must be, or `""` if it is right. A page
 * behind a proxy that passes only the ids appends them to `workflow_id`, each after a `:`.
 *
 * @type {Readonly<Record<string, (value: string) => string>>}
 */
const STREAM_PARAMETERS = {
  last_event_id: () => "",
  batch: (value) =>
    /^[01]$/.test(value) ? "" : "1 for several logs in one event, or 0 for one in each",
  tail: (value) =>
    /^\d+$/.test(value) && Number(value) <= MAX_TAIL
      ? ""
      : `a whole number of lines from 0 to ${MAX_TAIL}`,
};

const HISTORY_PARAMETERS = ["before", "limit", "epoch"];

/** The most lines that a stream may start with. */
const MAX_TAIL = 10_000;

/**
 * Returns the channel that a request names, and the query with which a gateway streams it.
 *
 * @param {IncomingMessage} request
 * @returns {{ target: LogsTarget, query: string }}
 */
export function parseStream(request) {
  const query = queryOf(request);
  const { target, carried } = parseTarget(query);
  const forwarded = new URLSearchParams({ channels: target.channel });
  for (const [name, problem] of Object.entries(STREAM_PARAMETERS)) {
    const asked = only(query, name);
    // An empty cursor is none, an empty number is a mistake.
    const isNone = name === "last_event_id" && asked?.trim() === "";
    const value = asked === undefined || isNone ? carried.get(name) : asked;
    if (value === undefined) continue;
    const expected = problem(value);
    if (expected) throw badRequest(`${name} is ${shown(value)}: expected ${expected}`);
    if (value.trim() !== "") forwarded.set(name, value);
  }
  return { target, query: forwarded.toString() };
}

/**
 * Returns the channel whose history a request names, and the query with which a gateway sends it.
 *
 * @param {IncomingMessage} request
 * @returns {{ target: LogsTarget, query: string }}
 */
export function parseHistory(request) {
  const query = queryOf(request);
  const { target } = parseTarget(query);
  const forwarded = new URLSearchParams({ channel: target.channel });
  for (const name of HISTORY_PARAMETERS) {
    const value = only(query, name);
    // The gateway names a wrong value, and an empty one is wrong.
    if (value !== undefined) forwarded.set(name, value);
  }
  return { target, query: forwarded.toString() };
}

/**
 * Returns the cursor in the header of a request, or `""`.
 *
 * @param {IncomingMessage} request
 */
export function cursorOf(request) {
  const values = request.rawHeaders.filter(
    (_, index, headers) => index % 2 === 1 && headers[index - 1].toLowerCase() === "last-event-id",
  );
  if (values.length > 1) throw badRequest("Last-Event-ID appears more than once");
  return values[0] ?? "";
}

/**
 * @param {URLSearchParams} query
 * @returns {{ target: LogsTarget, carried: Map<string, string> }}
 */
function parseTarget(query) {
  const workspaceId = id("workspace_id", required(query, "workspace_id"));
  const [workflow, ...parameters] = required(query, "workflow_id").split(":");
  const workflowId = id("workflow_id", workflow);
  const service = id("service", only(query, "service") ?? DEFAULT_SERVICE);
  const channel = channelOf({ service, workspaceId, workflowId });
  return { target: { service, workspaceId, workflowId, channel }, carried: parse(parameters) };
}

/**
 * Parses the parameters that `workflow_id` carries.
 *
 * @param {string[]} parameters
 */
function parse(parameters) {
  /** @type {Map<string, string>} */
  const carried = new Map();
  for (const text of parameters) {
    const [name] = text.split("=", 1);
    if (!text.includes("=") || !Object.hasOwn(STREAM_PARAMETERS, name))
      throw badRequest(
        `workflow_id has ${shown(text)} after ':': expected an id without ':', ` +
          "or last_event_id=…, batch=… or tail=…",
      );
    if (carried.has(name)) throw badRequest(`${name} appears more than once in workflow_id`);
    carried.set(name, text.slice(name.length + 1));
  }
  return carried;
}

/** @param {IncomingMessage} request */
function queryOf({ url = "" }) {
  const [, query = ""] = /\?([^#]*)/.exec(url) ?? [];
  return new URLSearchParams(query);
}

/**
 * Returns the value of a parameter. A repeated one is refused: the host's own check may have read
 * another value than this proxy.
 *
 * @param {URLSearchParams} query
 * @param {string} name
 */
function only(query, name) {
  const values = query.getAll(name);
  if (values.length > 1) throw badRequest(`${name} appears more than once`);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * @param {URLSearchParams} query
 * @param {string} name
 */
function required(query, name) {
  const value = only(query, name);
  if (value === undefined)
    throw badRequest(`${name} is missing: expected ?workspace_id=…&workflow_id=…`);
  return value;
}

/**
 * @param {string} field
 * @param {string} value
 */
function id(field, value) {
  if (value === "") throw badRequest(`${field} is empty: expected 1 to 128 bytes`);
  const expected = idProblem(value);
  if (expected) throw badRequest(`${field} is ${shown(value)}: expected ${expected}`);
  return value;
}
