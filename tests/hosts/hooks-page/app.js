// A page of hooks that a test puts together: `lab.show([...])` says which components there are, `lab.states` what each shows, `lab.renders` how often.

import React from "react";
import {
  LogsSSEClient,
  LogsSSEContext,
  LogsSSEProvider,
  useLogsSSE,
  useLogsSubscription,
} from "@datashop/logs-sse-client/react";

const h = React.createElement;

/** What a test may name, since functions do not travel into a page. */
const FILTERS = {
  throws: () => {
    throw new Error("filter broke");
  },
  even: (log) => Number(/\d+$/.exec(log.message)) % 2 === 0,
};

const lab = { states: {}, renders: {}, errors: [], received: {}, verbs: {} };

export function App() {
  const [{ provider, parts }, setShown] = React.useState({ provider: null, parts: [] });
  React.useEffect(() => {
    lab.show = (parts, provider = {}) => setShown({ provider, parts });
    window.lab = lab;
  }, []);
  const children = parts.map((part) => h(KINDS[part.kind], { key: part.id, ...part }));
  if (!provider) return h(React.StrictMode, null, h("div", { id: "without" }, children));
  const onError = (error) =>
    lab.errors.push({ type: error.type, option: error.option, message: error.message });
  return h(
    React.StrictMode,
    null,
    h(LogsSSEProvider, { gatewayUrl: "", ...provider, onError }, children),
  );
}

const KINDS = {
  hook({ id, filter, ...options }) {
    keep(id, useLogsSSE({ ...options, filter: FILTERS[filter] }));
    return null;
  },
  subscription({ id, workspaceId, workflowId, ...options }) {
    keep(id, useLogsSubscription(workspaceId, workflowId, options));
    return null;
  },
  subscriber({ id, channels, breaks }) {
    const { subscribe } = React.useContext(LogsSSEContext);
    React.useEffect(() => {
      lab.received[id] = lab.received[id] ?? [];
      return subscribe(channels, (log) => {
        if (breaks) throw new Error("subscriber broke");
        lab.received[id].push(log.message);
      });
    }, [id, channels.join(), subscribe]);
    return null;
  },
  context({ id }) {
    keep(id, React.useContext(LogsSSEContext));
    return null;
  },
  viewer(props) {
    const onError = (error) =>
      lab.errors.push({ type: error.type, option: error.option, message: error.message });
    return h(LogsSSEClient, { ...props, onError });
  },
};

function keep(id, state) {
  lab.renders[id] = (lab.renders[id] ?? 0) + 1;
  lab.isSame = lab.isSame ?? {};
  lab.isSame[id] = lab.states[id] !== undefined && lab.states[id].logs === state.logs;
  lab.states[id] = state;
}
