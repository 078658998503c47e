// A page of hooks that a test composes: `lab.show([...])` sets the components, `lab.states` has
// what each returned, `lab.renders` how often it rendered.

import React from "react";
import {
  LogsSSEClient,
  LogsSSEContext,
  LogsSSEProvider,
  useLogsSSE,
  useLogsSubscription,
} from "@datashop/logs-sse-client/react";

const h = React.createElement;

/** @import { LiveLogsError, Log } from "@datashop/logs-sse-client" */
/** @import { LogsSSEClientProps, LogsSSEValue } from "@datashop/logs-sse-client/react" */
/** @import { UseLogsSSEOptions } from "@datashop/logs-sse-client/react" */
/** @import { FunctionComponent } from "react" */

/** @typedef {{ provider: object | null, parts: LabPart[] }} Shown */

/**
 * Filters by name, since functions cannot be passed into a page.
 *
 * @type {Record<string, (log: Log) => boolean>}
 */
const FILTERS = {
  throws: () => {
    throw new Error("filter broke");
  },
  even: (log) => Number(/\d+$/.exec(String(log.message))) % 2 === 0,
};

/** @type {HooksLab} */
const lab = { show() {}, states: {}, renders: {}, isSame: {}, errors: [], received: {} };

export function App() {
  const [{ provider, parts }, setShown] = React.useState(
    /** @type {Shown} */ ({ provider: null, parts: [] }),
  );
  React.useEffect(() => {
    lab.show = (parts, provider = {}) => setShown({ provider, parts });
    window.lab = lab;
  }, []);
  const children = parts.map((part) => h(KINDS[part.kind], { key: part.id, ...part }));
  if (!provider) return h(React.StrictMode, null, h("div", { id: "without" }, children));
  return h(
    React.StrictMode,
    null,
    h(LogsSSEProvider, { gatewayUrl: "", ...provider, onError: keepError }, children),
  );
}

/** @param {Omit<UseLogsSSEOptions, "filter"> & { id: string, filter: string }} props */
function Hook({ id, filter, ...options }) {
  keep(id, useLogsSSE({ ...options, filter: FILTERS[filter] }));
  return null;
}

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.workspaceId
 * @param {string} props.workflowId
 */
function Subscription({ id, workspaceId, workflowId, ...options }) {
  keep(id, useLogsSubscription(workspaceId, workflowId, options));
  return null;
}

/** @param {{ id: string, channels: string[], breaks: boolean }} props */
function Subscriber({ id, channels, breaks }) {
  const { subscribe } = /** @type {LogsSSEValue} */ (React.useContext(LogsSSEContext));
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal channels are the same channels
  React.useEffect(() => {
    lab.received[id] = lab.received[id] ?? [];
    return subscribe(channels, (log) => {
      if (breaks) throw new Error("subscriber broke");
      lab.received[id].push(log.message);
    });
  }, [id, channels.join(), subscribe]);
  return null;
}

/** @param {{ id: string }} props */
function Context({ id }) {
  keep(id, /** @type {LogsSSEValue} */ (React.useContext(LogsSSEContext)));
  return null;
}

/** @param {LogsSSEClientProps} props */
function Viewer(props) {
  return h(LogsSSEClient, { ...props, onError: keepError });
}

/** @type {Record<string, FunctionComponent<any>>} */
const KINDS = {
  hook: Hook,
  subscription: Subscription,
  subscriber: Subscriber,
  context: Context,
  viewer: Viewer,
};

/** @param {LiveLogsError} error */
function keepError({ type, option, message }) {
  lab.errors.push({ type, option, message });
}

/**
 * @param {string} id
 * @param {Partial<HookState>} state
 */
function keep(id, state) {
  lab.renders[id] = (lab.renders[id] ?? 0) + 1;
  lab.isSame[id] = lab.states[id] !== undefined && lab.states[id].logs === state.logs;
  lab.states[id] = /** @type {HookState} */ (state);
}
