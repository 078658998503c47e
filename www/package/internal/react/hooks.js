// Provider and hooks with the names and shapes of the client before this one, over one connection per provider.

import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useSyncExternalStore } from "use-sync-external-store/shim";
import { warnOnce } from "../options.js";
import { createStore } from "./subscriptions.js";
import { createPane } from "./channel_log.js";

/** What pages read: the state of the connection, `subscribe`, `disconnect`. */
export const LogsSSEContext = createContext(null);

/** What hooks read: the store itself, which never changes, so that a new state re-renders only those that show it. */
const StoreContext = createContext(null);

/** One connection for all below it. */
export function LogsSSEProvider(props) {
  const latest = useRef(props);
  latest.current = props;
  const store = useMemo(() => createStore(() => latest.current), [props.gatewayUrl]);
  useEffect(
    () => store.carry(),
    [store, props.transport, props.withCredentials, props.worker, props.console],
  );
  const state = useSyncExternalStore(store.listen, store.getSnapshot, () => SERVER_STATE);
  const value = useMemo(
    () => ({
      ...state,
      subscribe: store.subscribe,
      connect: store.connect,
      disconnect: store.disconnect,
    }),
    [store, state],
  );
  return createElement(
    StoreContext.Provider,
    { value: store },
    createElement(LogsSSEContext.Provider, { value }, props.children),
  );
}

/** Logs of one channel, from mounting to unmounting. */
export function useLogsSSE(options) {
  return usePane(options, true);
}

/** Logs of one ETL workflow, once `connectToLogs` is called. */
export function useLogsSubscription(workspaceId, workflowId, options) {
  const [isReading, setReading] = useState(false);
  const shown = usePane(
    { ...options, workspace_id: workspaceId, workflow_id: workflowId },
    isReading,
  );
  const connectToLogs = useCallback(() => setReading(true), []);
  const disconnect = useCallback(() => setReading(false), []);
  return useMemo(
    () => ({ ...shown, connectToLogs, disconnect }),
    [shown, connectToLogs, disconnect],
  );
}

function usePane(given, isReading) {
  const options = given ?? NO_SETTINGS;
  const store = useStore();
  const latest = useRef(null);
  latest.current = { ...options, maxLogs: maxLogsOf(options), filter: filterOf(options) };
  const channel = channelOf(options);
  const pane = useMemo(
    () => createPane(store, channel, () => latest.current),
    [store, channel, options.persistenceKey],
  );
  const subscribe = useCallback(
    (listener) => pane.subscribe(listener, isReading),
    [pane, isReading],
  );
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
  stats: Object.freeze({
    received: 0,
    duplicates: 0,
    missing: 0,
    gaps: 0,
    attempt: 0,
    subscriptions: 0,
  }),
});

function maxLogsOf({ maxLogs = DEFAULT_MAX_LOGS }) {
  if (Number.isInteger(maxLogs) && maxLogs > 0) return maxLogs;
  if (maxLogs !== null)
    warnOnce(
      `maxLogs ${maxLogs}`,
      `useLogsSSE: maxLogs: expected a whole number above 0, got ${String(maxLogs)}; the default is used instead`,
    );
  return DEFAULT_MAX_LOGS;
}

function filterOf({ filter }) {
  if (typeof filter === "function" || filter === undefined || filter === null) return filter;
  warnOnce(
    "filter",
    `useLogsSSE: filter: expected a function, got ${typeof filter}; all logs are kept`,
  );
  return undefined;
}

/** The channel of the options; `null` while the page does not know its ids yet. */
function channelOf({ service, workspace_id: workspace, workflow_id: workflow }) {
  if (!workspace) return null;
  const ids = [service ?? "etl", workspace, ...(workflow ? [workflow] : [])].map(String);
  // An id with a colon would name another channel. As a list of texts it names none, and the store refuses it.
  return ids.some((id) => id.includes(":")) ? JSON.stringify(ids) : ["logs", ...ids].join(":");
}
