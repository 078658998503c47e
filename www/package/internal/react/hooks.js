// Provider and hooks with the names and shapes of the client that this package replaces. All hooks
// below one provider share its connection.

/** @import { LogsSSEProviderProps, LogsSSEValue } from "../../types/react.d.ts" */
/** @import { UseLogsSSEOptions } from "../../types/react.d.ts" */
/** @import { ChannelLogOptions } from "./channel_log.js" */
/** @import { Subscriptions } from "./subscriptions.js" */

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
import { channelOf, DEFAULT_SERVICE } from "../channel.js";
import { warnOnce } from "../options.js";
import { createChannelLog } from "./channel_log.js";
import { IDLE_STATE } from "./connection_state.js";
import { createSubscriptions } from "./subscriptions.js";

/** For pages: the state of the connection, `subscribe`, `connect` and `disconnect`. */
export const LogsSSEContext = createContext(/** @type {LogsSSEValue | null} */ (null));

/** For hooks: an object that never changes, so that a new state re-renders only what shows it. */
const SubscriptionsContext = createContext(/** @type {Subscriptions | null} */ (null));

/** @type {typeof import("../../types/react.d.ts").LogsSSEProvider} */
export const LogsSSEProvider = function LogsSSEProvider(props) {
  const latest = useRef(/** @type {LogsSSEProviderProps} */ (props));
  latest.current = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another gateway, other connections
  const subscriptions = useMemo(
    () => createSubscriptions(() => latest.current),
    [props.gatewayUrl],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the props that it applies
  useEffect(
    () => subscriptions.applyProps(),
    [subscriptions, props.transport, props.withCredentials, props.worker, props.console],
  );
  const { listen, getSnapshot } = subscriptions;
  const state = useSyncExternalStore(listen, getSnapshot, () => IDLE_STATE);
  const value = useMemo(() => {
    const { subscribe, connect, disconnect } = subscriptions;
    return { ...state, subscribe, connect, disconnect };
  }, [subscriptions, state]);
  return createElement(
    SubscriptionsContext.Provider,
    { value: subscriptions },
    createElement(LogsSSEContext.Provider, { value }, props.children),
  );
};

/** @type {typeof import("../../types/react.d.ts").useLogsSSE} */
export function useLogsSSE(options) {
  return useChannelLog(options ?? NO_OPTIONS, true);
}

/** @type {typeof import("../../types/react.d.ts").useLogsSubscription} */
export function useLogsSubscription(workspaceId, workflowId, options) {
  const [isReading, setReading] = useState(false);
  const channelLog = useChannelLog(
    { ...options, workspace_id: workspaceId, workflow_id: workflowId },
    isReading,
  );
  const connectToLogs = useCallback(() => setReading(true), []);
  const disconnect = useCallback(() => setReading(false), []);
  return useMemo(
    () => ({ ...channelLog, connectToLogs, disconnect }),
    [channelLog, connectToLogs, disconnect],
  );
}

/**
 * @param {UseLogsSSEOptions} options
 * @param {boolean} isReading
 */
function useChannelLog(options, isReading) {
  const subscriptions = useSubscriptions();
  /** @type {ChannelLogOptions} */
  const current = { ...options, maxLogs: maxLogsOf(options), filter: filterOf(options) };
  const latest = useRef(current);
  latest.current = current;
  const channel = channelOfOptions(options);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key, another stored log
  const channelLog = useMemo(
    () => createChannelLog(subscriptions, channel, () => latest.current),
    [subscriptions, channel, options.persistenceKey],
  );
  const subscribe = useCallback(
    (/** @type {() => void} */ listener) => channelLog.subscribe(listener, isReading),
    [channelLog, isReading],
  );
  return useSyncExternalStore(subscribe, channelLog.getSnapshot, channelLog.getSnapshot);
}

function useSubscriptions() {
  const subscriptions = useContext(SubscriptionsContext);
  if (subscriptions) return subscriptions;
  // Outside of a provider, all hooks of the page share one connection over the proxy route.
  pageSubscriptions ??= createSubscriptions(() => NO_OPTIONS);
  return pageSubscriptions;
}

/** @type {Subscriptions | null} */
let pageSubscriptions = null;

const NO_OPTIONS = Object.freeze({});
const DEFAULT_MAX_LOGS = 200;

/** @param {UseLogsSSEOptions} options */
function maxLogsOf({ maxLogs = DEFAULT_MAX_LOGS }) {
  if (Number.isInteger(maxLogs) && maxLogs > 0) return maxLogs;
  const expected = "expected a whole number above 0";
  if (maxLogs !== null)
    warnOnce(
      `maxLogs ${maxLogs}`,
      `useLogsSSE: maxLogs: ${expected}, got ${String(maxLogs)}; the default is used instead`,
    );
  return DEFAULT_MAX_LOGS;
}

/** @param {UseLogsSSEOptions} options */
function filterOf({ filter }) {
  if (typeof filter === "function" || filter === undefined || filter === null) return filter;
  warnOnce(
    "filter",
    `useLogsSSE: filter: expected a function, got ${typeof filter}; all logs are kept`,
  );
  return undefined;
}

/**
 * Returns the channel of the options, or `null` while the page does not know its ids.
 *
 * @param {UseLogsSSEOptions} options
 */
function channelOfOptions({ service, workspace_id: workspace, workflow_id: workflow }) {
  if (!workspace) return null;
  const ids = [service ?? DEFAULT_SERVICE, workspace, workflow || ""].map(String);
  // An id with a colon would name another channel; as a JSON list it names none, and is refused.
  if (ids.some((id) => id.includes(":"))) return JSON.stringify(ids.filter(Boolean));
  const [service_, workspaceId, workflowId] = ids;
  return channelOf({ service: service_, workspaceId, workflowId });
}
