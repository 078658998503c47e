import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectionOptions } from "node:tls";

/** Who sent a request, as the host's own login knows it. */
export interface LogsReader {
  /** Names the reader to the gateway, which counts and lists streams by it. */
  userId: string;
  /** The workspaces whose logs this user may read. */
  workspaceIds: Iterable<string> & object;
}

/** The logs that a request asks for. Its ids are valid, and appear once in the query. */
export interface LogsTarget {
  service: string;
  workspaceId: string;
  workflowId: string;
  /** `logs:{service}:{workspaceId}:{workflowId}` */
  channel: string;
}

/** How long the proxy waits, in milliseconds. */
export interface LogsProxyDeadlines {
  /** Until the gateway accepts a connection. Default: 3,000; then 502. */
  connectMs?: number;
  /**
   * Until the head of its response arrives, and then the rest of a history page. Default: 10,000;
   * then 504.
   */
  headMs?: number;
  /** Until the next byte of an open stream arrives. Default: 45,000; then the stream ends. */
  idleMs?: number;
  /** Until `authorize` has settled, and then `headers`. Default: 10,000; then 503. */
  authorizeMs?: number;
  /** Until a browser has accepted a chunk of its stream. Default: 60,000; then it is cut off. */
  writeMs?: number;
}

/** `Request` is the host's type of a request, such as Express's. */
export interface LogsProxyOptions<Request extends IncomingMessage = IncomingMessage> {
  /**
   * The gateway's URL, such as `"http://127.0.0.1:8080"`, with http or https. Proxy variables of
   * the environment do not apply to it.
   */
  gateway: string;
  /**
   * Returns who sent a request, or `null` if the request has no valid login (401). A workspace that
   * is not among `workspaceIds` is refused (403). If it throws or takes too long, the request is
   * refused (503); if it returns anything else, too (500).
   */
  authorize(request: Request, target: LogsTarget): LogsReader | null | Promise<LogsReader | null>;
  /**
   * The gateway's streaming route. Default: `/logs/stream`, or `/api/logs/stream` if the gateway
   * does not have the former.
   */
  path?: string;
  /** Headers of each request to the gateway, such as `Authorization`; or a function that returns them. */
  headers?:
    | Record<string, string>
    | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Options of `tls.connect` for an https gateway, such as `ca`, `cert` and `key`. */
  tls?: ConnectionOptions;
  /** A comment is sent after so many milliseconds without a byte. Default: 25,000. */
  heartbeatMs?: number;
  /** The most requests of one user at a time; then 429. Default: 32. */
  maxStreamsPerUser?: number;
  /**
   * About how long a stream lives. The page then reconnects without losing a line, and `authorize`
   * is asked again. Default: no limit.
   */
  maxAgeMs?: number;
  deadlines?: LogsProxyDeadlines;
  /**
   * Called for each failure of the gateway or of `authorize`. Default: `console.warn` with its
   * message. It may be async. If it fails itself, `console.warn` says so.
   */
  onError?(error: Error & { status: number }): void;
}

/** Counters of a proxy. All but `streams` and `users` count from its creation. */
export interface LogsProxyStats {
  /** Streams that are open now. */
  streams: number;
  /** Users with a request that is being served now. */
  users: number;
  /** Streams that were opened. */
  opened: number;
  /** Responses of `history`. */
  histories: number;
  /** Why streams ended. */
  ended: {
    /** The browser left. */
    browser: number;
    /** The gateway ended the stream, or died. */
    upstream: number;
    /** The gateway was silent for `idleMs`. */
    idle: number;
    /** The browser accepted nothing for `writeMs`. */
    stalled: number;
    /** The stream reached `maxAgeMs`. */
    age: number;
    /** `close` was called. */
    shutdown: number;
  };
  /** Refused requests by status, such as `{ "401": 2 }`. */
  refused: Record<string, number>;
  /** Bytes of streams that the gateway sent. */
  bytes: number;
  /** Comments that were sent while the gateway was silent. */
  heartbeats: number;
  /** Whether `close` was called. */
  closing: boolean;
}

/** A handler for `…/sse/logs/stream`: of Express, or of Node's `http` module. */
export interface LogsProxy {
  (request: IncomingMessage, response: ServerResponse, next?: unknown): void;
  /** A handler for `…/sse/logs/history`. */
  readonly history: (request: IncomingMessage, response: ServerResponse, next?: unknown) => void;
  stats(): LogsProxyStats;
  /**
   * Refuses new requests (503), ends each stream with a `bye`, after which its page reconnects, and
   * resolves when all are closed, after 5 s at the latest.
   */
  close(): Promise<void>;
}

/**
 * Creates the handlers of the logs routes.
 *
 * Throws a `TypeError` if an option is wrong or unknown.
 */
export function createLogsProxy<Request extends IncomingMessage = IncomingMessage>(
  options: LogsProxyOptions<Request>,
): LogsProxy;
