import type {
  Backend,
  ConnectionOptions,
  LiveLogsError,
  Log,
  LogsStatus,
  Notice,
} from "./index.js";
export { LiveLogsError } from "./index.js";
export type {
  Backend,
  Cause,
  ConnectionOptions,
  LiveLogsErrorType,
  Log,
  LogsState,
  LogsStatus,
  Notice,
} from "./index.js";

/** Options of a source: one workflow, or any channels of one gateway over one connection. */
export interface LogsOptions extends ConnectionOptions {
  /** The gateway that `channels` are read from: `{gatewayUrl}/logs/stream` is opened. With it, `workspaceId` and `workflowId` are not needed. */
  gatewayUrl?: string;
  /** The channels, such as `["logs:etl:workspace123:workflow456"]`; at most 16. May change while connected: those kept lose nothing. */
  channels?: readonly string[];
}

/** What is held. The same object until something changes. */
export interface LogsSnapshot {
  /** Grows with each change. */
  readonly version: number;
  /** Logs and notices, oldest first, at most `capacity`. */
  readonly rows: readonly (Log | Notice)[];
  /** Logs that were dropped to stay within `capacity`. */
  readonly dropped: number;
  readonly status: LogsStatus;
}

/** The engine without a view. Iterating gives each log once, as it comes; a consumer that falls behind `capacity` gets a notice that says how many it missed. */
export interface Logs extends AsyncIterable<Log | Notice> {
  readonly ready: Promise<void>;
  /** Calls `listener` after each change: at most once per frame for what the stream brings, and at once after `update` and `clear`. Returns what ends it. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): LogsSnapshot;
  status(): LogsStatus;
  update(options: Partial<LogsOptions>): void;
  connect(): void;
  disconnect(): void;
  retryNow(): void;
  clear(): void;
  /** Ends everything, iterations too. May be called any number of times. */
  close(): void;
}

/** Opens a source of logs; it connects when asked, or at once with `autoConnect`. Throws a {@link LiveLogsError} when an essential option is wrong, see {@link ConnectionOptions}. */
export function openLogs(options?: LogsOptions): Logs;

/** What runs in this page, once something is loaded. */
export function backend(): Backend | null;
