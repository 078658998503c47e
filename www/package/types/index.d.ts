/** Where the connection stands. */
export type LogsState =
  | "disconnected"
  | "connecting"
  | "connected"
  | "stale"
  | "paused"
  | "error"
  | "offline";

/** What runs: WebAssembly, or the same program as JavaScript where the page's policy or the browser does not allow that. */
export type Backend = "wasm" | "js";

/** Why there is no connection. `docs/connection.md` says what each means and what is done about it. */
export type Cause =
  | "bad_target"
  | "not_granted"
  | "not_allowed"
  | "nothing_to_stream"
  | "sent_away"
  | "blocked"
  | "gave_up"
  | "lost"
  | "silent"
  | "unreachable"
  | "rejected"
  | "timed_out"
  | "cannot_open"
  | "bye"
  | "busy"
  | "not_found"
  | "status"
  | "web_page"
  | "wrong_type"
  | "redirected"
  | "browser_refused"
  | "unreadable";

/** What an error is about: the host's own input (`option`), loading (`load`), a fault of ours (`internal`), a callback of the host that threw (`callback`), localStorage (`storage`), or the connection. */
export type LiveLogsErrorType = "option" | "load" | "internal" | "callback" | "storage" | Cause;

/** The one error class: `message` is a sentence that says what was expected, what came, and what to do. */
export class LiveLogsError extends Error {
  constructor(
    type: LiveLogsErrorType,
    message: string,
    details?: { option?: string; cause?: unknown },
  );
  readonly name: "LiveLogsError";
  readonly type: LiveLogsErrorType;
  /** The option that is wrong, for `type: "option"`; the callback that threw, for `type: "callback"`. */
  readonly option?: string;
  /** What was thrown, where something was. */
  readonly cause?: unknown;
}

/** The connection and the counts at one moment. */
export interface LogsStatus {
  readonly state: LogsState;
  /** The state as the status bar shows it: `CONNECTED`, `CONNECTING`, `ERROR` … */
  readonly word: string;
  /** Whether lines arrive as they are published: the stream is open, and something on it was understood. */
  readonly isLive: boolean;
  /** What goes on beyond the word, such as `retrying in 3 s (attempt 2)`. */
  readonly progress: string;
  /** Why it is not connected, or not live, in a sentence; empty when there is nothing to explain. */
  readonly reason: string;
  readonly cause: Cause | null;
  /** Whether it will go on by itself. */
  readonly willRetry: boolean;
  /** The number of the attempt under way or to come, from 1; 0 outside of attempts. */
  readonly attempt: number;
  /** Until the next attempt; `null` when none is due. */
  readonly retryInMs: number | null;
  /** Since the last event of any kind; `null` before the first. */
  readonly lastEventAgeMs: number | null;
  /** How much later than at best things come; `null` from a server that does not tell its time. */
  readonly lagMs: number | null;
  readonly linesPerSecond: number;
  /** New lines since the channel was chosen. */
  readonly received: number;
  /** Lines that came again and were left out. */
  readonly duplicates: number;
  /** Lines that are known not to have come. */
  readonly missing: number;
  /** Places where lines are, or may be, missing. */
  readonly gaps: number;
  /** Channels that the gateway did not grant, where it granted others. */
  readonly refused: readonly string[];
  /** `null` while it is not loaded yet. */
  readonly backend: Backend | null;
}

/**
 * One log. Where the producer sent an object, its fields stand on the log itself too (`log.message`),
 * but for those whose names are taken by the fields below.
 */
export interface Log {
  /** Unique among the logs and notices of one source, and growing. */
  readonly key: number;
  /** The channel; `null` from a backend that does not say. */
  readonly channel: string | null;
  /** The stream's id; empty when it gave none. */
  readonly id: string;
  /** The number in its channel; `null` from a backend that does not count. */
  readonly seq: number | null;
  /**
   * How grave it is, whatever its producer calls that: `"error"` for `ERROR`, `fatal`, pino's 50, `severityNumber` 17 and so on.
   * `"other"` for a level that is not known, or none.
   */
  readonly levelClass: "error" | "warn" | "info" | "debug" | "trace" | "other";
  /** What the producer wrote as `level`; where it has no such field, `levelClass` in capitals, if that is known. */
  readonly level?: unknown;
  /** The entry as its producer sent it; its text where that is no JSON. `NaN` and `Infinity`, which Python writes, are strings. */
  readonly data: unknown;
  /** The entry's text, every digit and field as it came. */
  readonly text: string;
  readonly [field: string]: unknown;
}

/** Something that the log itself does not say: lines that are missing, a break that was mended. */
export interface Notice {
  readonly key: number;
  readonly notice: "gap" | "resumed" | "not_replayed";
  /** How many are missing that no other notice counts, so that notices add up; `null` when that is not known. */
  readonly missing: number | null;
  /** The sentence that the viewer shows. */
  readonly text: string;
}

/**
 * What to connect to and how: shared by the viewer and the headless client.
 *
 * A wrong `workspaceId`, `workflowId`, `service`, `endpoint`, `gatewayUrl`, `channels` or `headers` throws a {@link LiveLogsError}.
 * Any other wrong option is reported once in the console, by name, and its default is used: it never prevents the stream.
 * `undefined` and `null` stand for the default.
 */
export interface ConnectionOptions {
  /** The workspace; empty, `null` or left out while the page does not know it yet. */
  workspaceId?: string | null;
  /** The workflow, or for function logs the function; empty, `null` or left out while the page does not know it yet. */
  workflowId?: string | null;
  /** Who publishes; `"etl"` unless given. */
  service?: string;
  /** The route that streams: a path on the page's origin or an http(s) URL; the Datashop proxy route unless given. */
  endpoint?: string;
  /** Connect without a click; `false` unless given. */
  autoConnect?: boolean;
  /** The most lines held, 1 to 2,000,000; 10,000 unless given. */
  capacity?: number;
  /** What the console tells: `"changes"` of the connection unless given. */
  console?: "off" | "changes" | "lines";
  /** Failed attempts in a row after which it stops; never unless given. */
  maxAttempts?: number;
  /** How long an attempt may take; 15,000 unless given. */
  connectTimeoutMs?: number;
  /** After how much silence a server without heartbeats is taken for dead; never unless given. */
  silenceMs?: number;
  /** After how long in a hidden tab the stream is closed until the tab is seen again; never unless given. */
  hiddenMs?: number;
  /** What carries the stream: `"eventsource"` unless given. `"fetch"` sends `headers`, reports at once why an attempt failed, and is faster. Read for each attempt. */
  transport?: "eventsource" | "fetch";
  /** Headers of the transport `"fetch"`, such as a token's: an object, or a function that is called for each attempt. The other transport cannot send any. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /**
   * Send cookies and other credentials to an endpoint or gateway of another origin, by either transport; `false` unless given. The page's
   * own origin always gets its cookies. The server must allow it by CORS: `Access-Control-Allow-Credentials: true`, and the page's
   * origin by name (`--cors-credentials` of `logs-gateway`). Read for each attempt.
   */
  withCredentials?: boolean;
  /** Read streams in a Worker, so that a burst leaves the page its time; `false` unless given. Where none can be had, the main thread reads. */
  worker?: boolean;
  /** Where the wasm file is, for hosts whose bundler does not find it by itself. Read by the first viewer or source of the page. */
  wasmUrl?: string | URL;
  /** What to run; `"auto"` unless given: WebAssembly where the page's policy and the browser allow it, otherwise JavaScript. Read by the first viewer or source of the page. */
  backend?: "auto" | Backend;
  /** Called when anything but counts and times reads differently; at most once per frame, so a state shorter than that is left out. */
  onStatus?(status: LogsStatus): void;
  /** Called once for each new reason, and once for each callback that throws. Without it, faults that are not the connection's go to the console. */
  onError?(error: LiveLogsError): void;
  /**
   * Called with new logs, oldest first; at most once per frame. On a page with zone.js all callbacks run in the zone in which they
   * were passed, and nothing else of the package does.
   */
  onLog?(logs: readonly Log[]): void;
}

/** Options of the viewer. */
export interface LiveLogsOptions extends ConnectionOptions {
  /** The heading of the live section; `"Live logs"` unless given. */
  title?: string;
  /** `"auto"` follows the page's `color-scheme`. */
  theme?: "auto" | "light" | "dark";
  /** How times are written that came as numbers: a BCP 47 tag such as `"de-DE"`; as ISO date and time unless given, or where the tag is wrong. */
  locale?: string;
}

/** A mounted live log. */
export interface LiveLogsHandle {
  /** Resolves when the button can be pressed; rejects with the error when it could not be loaded, or when this is no browser (jsdom, happy-dom, a server). */
  readonly ready: Promise<void>;
  /** Changes options; those left out stay. Throws before anything changes when one that may not be replaced by a default is wrong. */
  update(options: Partial<LiveLogsOptions>): void;
  connect(): void;
  disconnect(): void;
  /** Cuts a wait short. */
  retryNow(): void;
  /** Drops all lines; the connection stays. */
  clear(): void;
  status(): LogsStatus;
  /** Closes the stream, removes the view from the element and leaves its other content, frees everything. May be called any number of times. */
  unmount(): void;
}

/**
 * Shows live logs in `element`: status bar, button "Connect Live Logs", live section.
 * Throws a {@link LiveLogsError} when the element or an essential option is wrong, and then touches nothing.
 *
 * The element may be in a same-origin iframe or popup, and may be moved there and back: timers and frames follow it. The style sheet
 * is the host's, in each of its documents.
 */
export function mountLiveLogs(element: Element, options?: LiveLogsOptions): LiveLogsHandle;

/** What runs in this page, once something is loaded. */
export function backend(): Backend | null;
