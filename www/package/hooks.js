// Provider and hooks with the names and shapes of the client before this one, over one connection per provider.

import { createContext, createElement, useCallback, useContext, useMemo, useRef, useState } from "react";
import { useSyncExternalStore } from "use-sync-external-store/shim";
import { createStore } from "./store.js";
import { createPane } from "./pane.js";

/** What pages read: the state of the connection, `subscribe`, `disconnect`. */
export const LogsSSEContext = createContext(null);

/** What hooks read: the store itself, which never changes, so that a new state re-renders only those that show it. */
const StoreContext = createContext(null);

/** One connection for all below it. */
export function LogsSSEProvider(props) {
  const latest = useRef(props);
  latest.current = props;
  const store = useMemo(() => createStore(() => latest.current), [props.gatewayUrl]);
  const state = useSyncExternalStore(store.listen, store.getSnapshot, () => SERVER_STATE);
  const value = useMemo(() => ({ ...state, subscribe: store.subscribe, connect: store.connect, disconnect: store.disconnect }), [store, state]);
  return createElement(StoreContext.Provider, { value: store }, createElement(LogsSSEContext.Provider, { value }, props.children));
}

/** Logs of one channel, from mounting to unmounting. */
export function useLogsSSE(options = {}) {
  return usePane(options, true);
}

/** Logs of one ETL workflow, once `connectToLogs` is called. */
export function useLogsSubscription(workspaceId, workflowId, options = {}) {
  const [isReading, setReading] = useState(false);
  const shown = usePane({ ...options, workspace_id: workspaceId, workflow_id: workflowId }, isReading);
  const connectToLogs = useCallback(() => setReading(true), []);
  const disconnect = useCallback(() => setReading(false), []);
  return useMemo(() => ({ ...shown, connectToLogs, disconnect }), [shown, connectToLogs, disconnect]);
}

function usePane(options, isReading) {
  const store = useStore();
  const latest = useRef(null);
  latest.current = { ...options, maxLogs: Number.isInteger(options.maxLogs) && options.maxLogs > 0 ? options.maxLogs : DEFAULT_MAX_LOGS };
  const channel = channelOf(options);
  const pane = useMemo(() => createPane(store, channel, () => latest.current), [store, channel, options.persistenceKey]);
  const subscribe = useCallback((listener) => pane.subscribe(listener, isReading), [pane, isReading]);
  return useSyncExternalStore(subscribe, pane.getSnapshot, pane.getSnapshot);
}

function useStore() {
  const store = useContext(StoreContext);
  if (store) return store;
  // Outside of a provider all hooks of the page share one connection over the proxy route.
  pageStore ??= createStore(() => NO_SETTINGS);
  return pageStore;
}

let pageStore = null;
const NO_SETTINGS = Object.freeze({});
const DEFAULT_MAX_LOGS = 200;
const SERVER_STATE = Object.freeze({
  connectionStatus: "disconnected",
  connectedChannels: Object.freeze([]),
  error: null,
  isConnected: false,
  stats: Object.freeze({ received: 0, duplicates: 0, missing: 0, gaps: 0, attempt: 0, subscriptions: 0 }),
});

/** The channel of the options; `null` while the page does not know its ids yet. */
function channelOf({ service = "etl", workspace_id: workspace, workflow_id: workflow }) {
  if (!workspace) return null;
  return ["logs", service, workspace, ...(workflow ? [workflow] : [])].join(":");
}
