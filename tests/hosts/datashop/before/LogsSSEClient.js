// A stand-in for the client that is replaced: its interface and its behaviour, rewritten for this
// comparison. One EventSource per provider, five attempts after 1 s to 10 s, a rendering for each
// line, 200 lines.

import React from "react";

/** @import { ReactNode } from "react" */

/** @typedef {Record<string, unknown>} Log */

/** @typedef {(log: Log) => void} Callback */

/**
 * @typedef {object} ContextValue
 * @property {string} connectionStatus
 * @property {string[]} connectedChannels
 * @property {string | null} error
 * @property {boolean} isConnected
 * @property {(channels: string[], callback: Callback) => () => void} subscribe
 * @property {() => void} disconnect
 * @property {{ attempts: number }} stats
 */

const LogsSSEContext = React.createContext(/** @type {ContextValue | null} */ (null));
const MAX_ATTEMPTS = 5;
const MAX_DELAY_MS = 10000;

/** @param {{ gatewayUrl: string, children?: ReactNode }} props */
export function LogsSSEProvider({ gatewayUrl, children }) {
  const [connectionStatus, setConnectionStatus] = React.useState("disconnected");
  const [connectedChannels, setConnectedChannels] = React.useState(/** @type {string[]} */ ([]));
  const [error, setError] = React.useState(/** @type {string | null} */ (null));
  const subscribers = React.useRef(/** @type {Map<string, Callback[]>} */ (new Map()));
  const source = React.useRef(/** @type {EventSource | null} */ (null));
  const timer = React.useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const attempts = React.useRef(0);

  const disconnect = React.useCallback(() => {
    clearTimeout(timer.current);
    if (source.current) source.current.close();
    source.current = null;
    setConnectionStatus("disconnected");
  }, []);

  const connect = React.useCallback(() => {
    disconnect();
    const channels = Array.from(subscribers.current.keys());
    if (channels.length === 0) return;
    setConnectionStatus("connecting");
    const opened = new EventSource(
      `${gatewayUrl}/logs/stream?channels=${channels.map(encodeURIComponent).join(",")}`,
    );
    source.current = opened;
    opened.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type === "connection") {
        attempts.current = 0;
        setConnectionStatus("connected");
        setConnectedChannels(message.channels);
        return;
      }
      const callbacks = subscribers.current.get(message.channel) || [];
      for (const callback of callbacks) callback(message.data);
    };
    opened.onerror = () => {
      opened.close();
      if (attempts.current >= MAX_ATTEMPTS) {
        setError("Connection lost. Please refresh the page.");
        setConnectionStatus("failed");
        return;
      }
      setConnectionStatus("error");
      timer.current = setTimeout(connect, Math.min(1000 * 2 ** attempts.current, MAX_DELAY_MS));
      attempts.current += 1;
    };
  }, [gatewayUrl, disconnect]);

  const subscribe = React.useCallback(
    (/** @type {string[]} */ channels, /** @type {Callback} */ callback) => {
      for (const channel of channels)
        subscribers.current.set(channel, [...(subscribers.current.get(channel) || []), callback]);
      connect();
      return () => {
        for (const channel of channels) {
          const left = (subscribers.current.get(channel) || []).filter(
            (other) => other !== callback,
          );
          if (left.length > 0) subscribers.current.set(channel, left);
          else subscribers.current.delete(channel);
        }
        connect();
      };
    },
    [connect],
  );

  React.useEffect(() => disconnect, [disconnect]);

  const value = {
    connectionStatus,
    connectedChannels,
    error,
    isConnected: connectionStatus === "connected",
    subscribe,
    disconnect,
    stats: { attempts: attempts.current },
  };
  return React.createElement(LogsSSEContext.Provider, { value }, children);
}

/**
 * @param {object} options
 * @param {string} [options.service]
 * @param {string} options.workspace_id
 * @param {string} options.workflow_id
 * @param {number} [options.maxLogs]
 * @param {(log: Log) => boolean} [options.filter]
 * @param {boolean} [options.isOn]
 */
export function useLogsSSE({
  service = "etl",
  workspace_id,
  workflow_id,
  maxLogs = 200,
  filter,
  isOn = true,
}) {
  const context = /** @type {ContextValue} */ (React.useContext(LogsSSEContext));
  const { subscribe, connectionStatus, isConnected, error, stats } = context;
  const [logs, setLogs] = React.useState(/** @type {Log[]} */ ([]));
  const channel = `logs:${service}:${workspace_id}:${workflow_id}`;
  const kept = React.useRef(filter);
  kept.current = filter;

  React.useEffect(() => {
    setLogs([]);
    if (!isOn) return undefined;
    return subscribe([channel], (log) => {
      if (!kept.current || kept.current(log))
        setLogs((before) => [log, ...before].slice(0, maxLogs));
    });
  }, [subscribe, channel, maxLogs, isOn]);

  return {
    logs,
    lastLog: logs[0] || null,
    logCount: logs.length,
    connectionStatus,
    isConnected,
    error,
    channel,
    clearLogs: () => setLogs([]),
    stats,
  };
}

/**
 * @param {string} workspaceId
 * @param {string} workflowId
 */
export function useLogsSubscription(workspaceId, workflowId) {
  const [isOn, setOn] = React.useState(false);
  const found = useLogsSSE({ workspace_id: workspaceId, workflow_id: workflowId, isOn });
  return { ...found, isOn, connectToLogs: () => setOn(true), disconnect: () => setOn(false) };
}
