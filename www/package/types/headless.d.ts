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

/** Options of a source: one workflow, or any channels of a gateway over one connection. */
export type LogsOptions = ConnectionOptions;

/** What a source holds. The same object until something changes. */
export interface LogsSnapshot {
  /** Increases with each change. */
  readonly version: number;
  /** Logs and notices, oldest first, at most `capacity`. */
  readonly rows: readonly (Log | Notice)[];
  /** Logs that were evicted to stay within `capacity`. */
  readonly dropped: number;
  readonly status: LogsStatus;
}

/**
 * A source of logs, without a view. Iterating yields each row once, as it arrives; a consumer that
 * falls behind by more than `capacity` receives a notice with the number of dropped rows.
 */
export interface Logs extends AsyncIterable<Log | Notice> {
  readonly ready: Promise<void>;
  /**
   * Calls `listener` after each change: at most once per frame for changes of the stream, and at
   * once after `update` and `clear`. Returns a function that ends it.
   */
  subscribe(listener: () => void): () => void;
  getSnapshot(): LogsSnapshot;
  status(): LogsStatus;
  update(options: Partial<LogsOptions>): void;
  connect(): void;
  disconnect(): void;
  retryNow(): void;
  clear(): void;
  /** Ends everything, including iterations. Can be called any number of times. */
  close(): void;
}

/**
 * Opens a source of logs, which connects on `connect()`, or at once with `autoConnect`.
 *
 * Throws a {@link LiveLogsError} if an essential option is wrong; see {@link ConnectionOptions}.
 */
export function openLogs(options?: LogsOptions): Logs;

/** Returns what runs in this page, or `null` until it is loaded. */
export function backend(): Backend | null;
