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

/** Filters by name, since functions cannot be passed into a page. */
const FILTERS = {
  throws: () => {
    throw new Error("filter broke");
  },
  even: (log) => Number(/\d+$/.exec(log.message)) % 2 === 0,
};

const lab = { states: {}, renders: {}, isSame: {}, errors: [], received: {} };

export function App() {
  const [{ provider, parts }, setShown] = React.useState({ provider: null, parts: [] });
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

function Hook({ id, filter, ...options }) {
  keep(id, useLogsSSE({ ...options, filter: FILTERS[filter] }));
  return null;
}

function Subscription({ id, workspaceId, workflowId, ...options }) {
  keep(id, useLogsSubscription(workspaceId, workflowId, options));
  return null;
}

function Subscriber({ id, channels, breaks }) {
  const { subscribe } = React.useContext(LogsSSEContext);
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

function Context({ id }) {
  keep(id, React.useContext(LogsSSEContext));
  return null;
}

function Viewer(props) {
  return h(LogsSSEClient, { ...props, onError: keepError });
}

const KINDS = {
  hook: Hook,
  subscription: Subscription,
  subscriber: Subscriber,
  context: Context,
  viewer: Viewer,
};

function keepError({ type, option, message }) {
  lab.errors.push({ type, option, message });
}

function keep(id, state) {
  lab.renders[id] = (lab.renders[id] ?? 0) + 1;
  lab.isSame[id] = lab.states[id] !== undefined && lab.states[id].logs === state.logs;
  lab.states[id] = state;
}
