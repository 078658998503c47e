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

/** The same above `children`, which stay untouched. */
export const LogsWithSSE: FunctionComponent<LogsSSEClientProps & { children?: ReactNode }>;

/** The words of the client before this one: `error` is between two attempts, `failed` is over for good. */
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
 * The value of the context. It never changes: when the connection reads differently the provider passes on a new one, and at most one
 * per second while only `stats` change. Its functions stay the same for the provider's life.
 */
export interface LogsSSEValue {
  readonly connectionStatus: ConnectionStatus;
  readonly connectedChannels: readonly string[];
  readonly error: LiveLogsError | null;
  readonly isConnected: boolean;
  readonly stats: LogsSSEStats;
  /**
   * Calls `callback` with each new log of `channels`, until the returned function is called. Opens with the first subscription, closes
   * with the last. Never throws: wrong input is reported through the provider's `onError` and in `error`.
   */
  subscribe(channels: string | readonly string[], callback: (log: Log) => void): () => void;
  disconnect(): void;
  /** Connects again after `disconnect`, or cuts a wait short. */
  connect(): void;
}

export interface LogsSSEProviderProps {
  /** The gateway: all channels travel over one connection to it. Without it, each channel goes over the page's own proxy route. */
  gatewayUrl?: string | null;
  /** Receives wrong input, failures to load and what callbacks throw; without it they go to the console. */
  onError?(error: LiveLogsError): void;
  transport?: LiveLogsOptions["transport"];
  headers?: LiveLogsOptions["headers"];
  withCredentials?: LiveLogsOptions["withCredentials"];
  worker?: LiveLogsOptions["worker"];
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
  /** The most logs kept; 200 unless given. */
  maxLogs?: number;
  /** Keep them in localStorage over a reload. */
  persistence?: boolean;
  persistenceKey?: string;
  /** Which logs to keep. When it throws, the log is kept and the error is reported once. */
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
  /** Shows again what localStorage holds. */
  resetToPersisted(): void;
  /** The counts of the connection as of this rendering. */
  stats: LogsSSEStats;
}

/** Logs of one channel, from mounting to unmounting. */
export function useLogsSSE(options?: UseLogsSSEOptions): UseLogsSSEResult;

export interface UseLogsSubscriptionResult extends UseLogsSSEResult {
  /** Begins; nothing is opened before. */
  connectToLogs(): void;
  disconnect(): void;
}

/** Logs of one ETL workflow, once `connectToLogs` is called. */
export function useLogsSubscription(
  workspaceId: string | null | undefined,
  workflowId: string | null | undefined,
  options?: Omit<UseLogsSSEOptions, "workspace_id" | "workflow_id">,
): UseLogsSubscriptionResult;
