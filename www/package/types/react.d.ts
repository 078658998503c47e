import type { Context, CSSProperties, FunctionComponent, ReactNode } from "react";
import type { LiveLogsError, LiveLogsOptions, Log } from "./index.js";
export { LiveLogsError } from "./index.js";
export type { LiveLogsOptions, Log, LogsStatus } from "./index.js";

export interface LogsSSEClientProps extends LiveLogsOptions {
  className?: string;
  style?: CSSProperties;
}

/** Status bar, button "Connect Live Logs" and live section. */
export const LogsSSEClient: FunctionComponent<LogsSSEClientProps>;

/** The same, above `children`. */
export const LogsWithSSE: FunctionComponent<LogsSSEClientProps & { children?: ReactNode }>;

/** As in the client that this package replaces: `error` will be retried, `failed` will not. */
export type ConnectionStatus = "disconnected" | "connecting" | "connected" | "error" | "failed";

export interface LogsSSEStats {
  received: number;
  duplicates: number;
  missing: number;
  gaps: number;
  attempt: number;
  subscriptions: number;
}

/**
 * The value of the context. It is immutable: the provider passes a new one when the connection
 * changes, and at most one per second while only `stats` change. Its functions stay the same for
 * the lifetime of the provider.
 */
export interface LogsSSEValue {
  readonly connectionStatus: ConnectionStatus;
  readonly connectedChannels: readonly string[];
  readonly error: LiveLogsError | null;
  readonly isConnected: boolean;
  readonly stats: LogsSSEStats;
  /**
   * Calls `callback` with each new log of `channels`, until the returned function is called. The
   * first subscription opens the connection, the last one closes it. Never throws: wrong input is
   * reported through the provider's `onError` and in `error`.
   */
  subscribe(channels: string | readonly string[], callback: (log: Log) => void): () => void;
  disconnect(): void;
  /** Connects again after `disconnect`, or ends the wait for the next attempt. */
  connect(): void;
}

export interface LogsSSEProviderProps {
  /**
   * The gateway: all channels share one connection to it. Without it, each channel has a connection
   * over the page's proxy route.
   */
  gatewayUrl?: string | null;
  /**
   * Called with wrong input, failures to load and errors of callbacks, which are logged to the
   * console otherwise.
   */
  onError?(error: LiveLogsError): void;
  transport?: LiveLogsOptions["transport"];
  headers?: LiveLogsOptions["headers"];
  withCredentials?: LiveLogsOptions["withCredentials"];
  worker?: LiveLogsOptions["worker"];
  /**
   * How many of the newest logs that the gateway holds the first subscription to a channel starts
   * with. Default: 0. Read when a connection is opened.
   */
  tail?: LiveLogsOptions["tail"];
  wasmUrl?: string | URL;
  backend?: "auto" | "wasm" | "js";
  console?: "off" | "changes" | "lines";
  children?: ReactNode;
}
export const LogsSSEProvider: FunctionComponent<LogsSSEProviderProps>;
export const LogsSSEContext: Context<LogsSSEValue | null>;

export interface UseLogsSSEOptions {
  service?: string;
  workspace_id?: string | null;
  workflow_id?: string | null;
  /** The most logs kept. Default: 200. */
  maxLogs?: number;
  /** Keep logs in localStorage across a reload. */
  persistence?: boolean;
  persistenceKey?: string;
  /** Which logs to keep. If it throws, the log is kept and the error is reported once. */
  filter?(log: Log): boolean;
}

export interface UseLogsSSEResult {
  /** Newest first. */
  logs: readonly Log[];
  lastLog: Log | null;
  logCount: number;
  connectionStatus: ConnectionStatus;
  isConnected: boolean;
  error: LiveLogsError | null;
  channel: string | null;
  clearLogs(): void;
  /** Shows the logs in localStorage again. */
  resetToPersisted(): void;
  /** The counts of the connection as of this render. */
  stats: LogsSSEStats;
}

/** Reads the logs of one channel while the component is mounted. */
export function useLogsSSE(options?: UseLogsSSEOptions): UseLogsSSEResult;

export interface UseLogsSubscriptionResult extends UseLogsSSEResult {
  /** Starts reading. Nothing is opened before. */
  connectToLogs(): void;
  disconnect(): void;
}

/** Reads the logs of one ETL workflow after `connectToLogs` is called. */
export function useLogsSubscription(
  workspaceId: string | null | undefined,
  workflowId: string | null | undefined,
  options?: Omit<UseLogsSSEOptions, "workspace_id" | "workflow_id">,
): UseLogsSubscriptionResult;
