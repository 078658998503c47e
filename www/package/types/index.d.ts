import type { Words } from "./words.js";
export type { PluralForms, Words } from "./words.js";

/** The state of the connection. */
export type LogsState =
  | "disconnected"
  | "connecting"
  | "connected"
  | "stale"
  | "paused"
  | "error"
  | "offline";

/**
 * WebAssembly, or the same program as JavaScript if the page's policy or the browser requires it.
 */
export type Backend = "wasm" | "js";

/** Why there is no connection. See docs/connection.md for what each means. */
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

/**
 * What an error is about: wrong input of the host (`option`), loading (`load`), an internal error
 * (`internal`), a callback of the host that threw (`callback`), localStorage (`storage`), or the
 * connection.
 */
export type LiveLogsErrorType = "option" | "load" | "internal" | "callback" | "storage" | Cause;

/** The only error class. `message` says what was expected, what was received, and what to do. */
export class LiveLogsError extends Error {
  constructor(
    type: LiveLogsErrorType,
    message: string,
    details?: { option?: string; cause?: unknown },
  );
  readonly name: "LiveLogsError";
  readonly type: LiveLogsErrorType;
  /** The wrong option for `type: "option"`, the callback that threw for `type: "callback"`. */
  readonly option?: string;
  /** The original error, if there was one. */
  readonly cause?: unknown;
}

/** The connection and its counts at one moment. */
export interface LogsStatus {
  readonly state: LogsState;
  /** The state as the status bar shows it: `CONNECTED`, `CONNECTING`, `ERROR` … */
  readonly word: string;
  /**
   * Whether lines arrive as they are published: the stream is open, and its content is readable.
   */
  readonly isLive: boolean;
  /** Details of the state, such as `reconnecting in 3 s (attempt 2)`. */
  readonly progress: string;
  /** Why it is not connected or not live, as a sentence; otherwise empty. */
  readonly reason: string;
  readonly cause: Cause | null;
  /** Whether it will reconnect by itself. */
  readonly willRetry: boolean;
  /** The number of the current or next attempt, from 1; 0 if there is none. */
  readonly attempt: number;
  /** The time until the next attempt; `null` if none is scheduled. */
  readonly retryInMs: number | null;
  /** The time since the last event of any kind; `null` before the first. */
  readonly lastEventAgeMs: number | null;
  /** How much later than at best events arrive; `null` if the server does not send its time. */
  readonly lagMs: number | null;
  readonly linesPerSecond: number;
  /** New lines since the channel was selected. */
  readonly received: number;
  /** Duplicate lines, which were removed. */
  readonly duplicates: number;
  /** Lines that are known to be missing. */
  readonly missing: number;
  /** Places where lines are, or may be, missing. */
  readonly gaps: number;
  /** Channels that the gateway did not grant, if it granted others. */
  readonly refused: readonly string[];
  /** `null` until it is loaded. */
  readonly backend: Backend | null;
}

/**
 * One log. If the producer sent an object, its fields are fields of the log too (`log.message`),
 * except those with the name of a field below.
 */
export interface Log {
  /** Unique among the logs and notices of a page, and increasing. */
  readonly key: number;
  /** The channel; `null` if the backend does not name it. */
  readonly channel: string | null;
  /** The id of the event; empty if it had none. */
  readonly id: string;
  /** The sequence number in its channel; `null` if the backend does not number logs. */
  readonly seq: number | null;
  /**
   * The level in one vocabulary: `"error"` for `ERROR`, `fatal`, pino's 50, `severityNumber` 17 and
   * so on. `"other"` for an unknown level, or none.
   */
  readonly levelClass: "error" | "warn" | "info" | "debug" | "trace" | "other";
  /** The producer's `level`; without such a field, `levelClass` in capitals, if it is known. */
  readonly level?: unknown;
  /**
   * The entry as its producer sent it, or its text if that is not JSON. `NaN` and `Infinity`, which
   * Python writes, are strings.
   */
  readonly data: unknown;
  /** The text of the entry, unchanged. */
  readonly text: string;
  readonly [field: string]: unknown;
}

/** A row about the stream itself, such as missing lines or a resumed connection. */
export interface Notice {
  readonly key: number;
  readonly notice: "gap" | "resumed" | "not_replayed";
  /** Missing lines that no other notice counts, so that notices add up; `null` if unknown. */
  readonly missing: number | null;
  /** The channel that it concerns, if it is one of several. */
  readonly channel: string | null;
  /** The sentence that the viewer shows. */
  readonly text: string;
}

/**
 * What to connect to and how, for the viewer and the headless client.
 *
 * A wrong `workspaceId`, `workflowId`, `service`, `endpoint`, `gatewayUrl`, `channels` or `headers`
 * throws a {@link LiveLogsError}. Any other wrong option is reported once in the console, by name,
 * and replaced by its default: it never prevents the stream. `undefined` and `null` stand for the
 * default.
 */
export interface ConnectionOptions {
  /** The workspace; empty, `null` or omitted while the page does not know it yet. */
  workspaceId?: string | null;
  /**
   * The workflow, or for function logs the function; empty, `null` or omitted while the page does
   * not know it yet.
   */
  workflowId?: string | null;
  /** The publishing service. Default: `"etl"`. */
  service?: string;
  /** The streaming route: a path or an http(s) URL. Default: the Datashop proxy route. */
  endpoint?: string;
  /**
   * The gateway from which `channels` are read, at `{gatewayUrl}/logs/stream`. Default: the page's
   * origin. `workspaceId` and `workflowId` are not needed then.
   */
  gatewayUrl?: string | null;
  /**
   * The channels, such as `["logs:etl:workspace123:workflow456"]`; at most 16. They are read over
   * one connection instead of the workflow, and a viewer shows them in one list. They may change
   * while connected: channels that stay lose nothing.
   */
  channels?: readonly string[] | null;
  /** Connect without a click. Default: `false`. */
  autoConnect?: boolean;
  /** The most lines held, 1 to 2,000,000. Default: 10,000. */
  capacity?: number;
  /**
   * How many of the newest lines that the gateway holds to start with, 0 to 10,000. Default: 1,000
   * for a viewer, 0 for a source without a view. Read when the viewer or source is created. A
   * backend without history ignores it.
   */
  tail?: number;
  /** What is logged to the console. Default: `"changes"` of the connection. */
  console?: "off" | "changes" | "lines";
  /** Stop after this many failed attempts in a row. Default: never. */
  maxAttempts?: number;
  /** How long an attempt may take. Default: 15,000. */
  connectTimeoutMs?: number;
  /** After how much silence a server without heartbeats is considered dead. Default: never. */
  silenceMs?: number;
  /**
   * After how long in a hidden tab the stream is closed until the tab is visible. Default: never.
   */
  hiddenMs?: number;
  /**
   * What carries the stream. Default: `"eventsource"`. `"fetch"` sends `headers`, reports at once
   * why an attempt failed, and is faster. Read for each attempt.
   */
  transport?: "eventsource" | "fetch";
  /**
   * Request headers, such as a token, for the transport `"fetch"`: an object, or a function that is
   * called for each attempt. An EventSource cannot send any.
   */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /**
   * Send cookies and other credentials to another origin, by either transport. Default: `false`.
   * The page's own origin always receives its cookies. The server must allow it by CORS:
   * `Access-Control-Allow-Credentials: true`, and the page's origin by name (`--cors-credentials`
   * of `logs-gateway`). Read for each attempt.
   */
  withCredentials?: boolean;
  /**
   * Read streams in a Worker, so that a burst does not block the main thread. Default: `false`. If
   * no Worker can run, the main thread reads.
   */
  worker?: boolean;
  /**
   * The address of the wasm file, for hosts whose bundler does not find it. Read by the first
   * viewer or source of the page.
   */
  wasmUrl?: string | URL;
  /**
   * What to run. Default: `"auto"`, WebAssembly where the page's policy and the browser allow it,
   * otherwise JavaScript. Read by the first viewer or source of the page.
   */
  backend?: "auto" | Backend;
  /** Called when anything but counts and times changed, at most once per frame. */
  onStatus?(status: LogsStatus): void;
  /**
   * Called once for each new reason, and once for each callback that throws. Without it, errors
   * that do not concern the connection are logged to the console.
   */
  onError?(error: LiveLogsError): void;
  /**
   * Called with new logs, oldest first, at most once per frame. On a page with zone.js, all
   * callbacks run in the zone in which they were passed; nothing else of the package does.
   */
  onLog?(logs: readonly Log[]): void;
}

/** Options of the viewer. */
export interface LiveLogsOptions extends ConnectionOptions {
  /** The heading of the live section. Default: `"Live logs"`. */
  title?: string;
  /**
   * Whether the page's title starts with the number of errors, otherwise of lines, that are new
   * while the page is hidden: `(1 error) …`, `(3) …`. Default: `true`. A title that the page sets
   * meanwhile stays.
   */
  titleBadge?: boolean;
  /**
   * After how many seconds a screen reader announces how many lines are new, up to 3600; 0 for
   * never. Default: 15. It announces errors at once, at most every 3 seconds.
   */
  announceEvery?: number;
  /**
   * Whether the fragment of the page's address leads to the opened line and the filter, as in
   * `#log=log-7&level=error&q=timeout`: it is read at mount and when it changes, kept up to date by
   * `history.replaceState`, and copied by "Copy link". Parts with other names are kept. For one
   * viewer of a page, and not with a router that uses the fragment. Default: `false`.
   */
  links?: boolean;
  /**
   * For a page whose router owns the address, instead of `links`: called with the link to the opened
   * line and the filter, such as `log=log-7&level=error&q=timeout`, at most twice a second. The
   * viewer then neither reads nor writes the address; the page keeps the link where it wants, and
   * passes it as `link`. "Copy link" calls this and copies the page's address.
   */
  onLinkChange?(link: string): void;
  /**
   * The link to go to, with `onLinkChange`. What that has passed may be passed back; an empty link
   * shows all lines.
   */
  link?: string;
  /** `"auto"` follows the page's `color-scheme`. */
  theme?: "auto" | "light" | "dark";
  /**
   * The language in which local times of day are written, and with `words` numbers too: a BCP 47 tag
   * such as `"en-US"`. Default: `02:13:02.004`, also if the tag is wrong.
   */
  locale?: string;
  /**
   * The words of the viewer in another language, such as `german` of `"@datashop/logs-sse-client/words/de"`.
   * English stands for each that is missing or has other places than the English one, which is
   * reported in the console. Numbers are written as in `locale`, otherwise as in the language of the
   * words. What goes to the console, to files and to callbacks is English. Default: English.
   */
  words?: Words;
  /**
   * Whether long lines wrap at first. Default: as the reader left it on an earlier visit, otherwise
   * `false`. The reader can change it.
   */
  wrap?: boolean;
  /**
   * The order of the lines at first: `"oldest-first"` is that of a terminal. Default: as the reader
   * left it on an earlier visit, otherwise `"newest-first"`. The reader can change it.
   */
  order?: "newest-first" | "oldest-first";
  /**
   * Whether the reader's settings, such as "Wrap lines", are stored in localStorage, under
   * `"datashop-live-logs"`. Default: `true`. With `false`, stored settings are not used either.
   */
  remember?: boolean;
  /**
   * Whether the page shows a line elsewhere, for example in its own table, by its `id` or a hash of
   * its `text`. The viewer leaves out the lines for which it returns `true`. Called for each
   * line, and again for one that is loaded again; it must not call a method of the viewer. If it throws, the line is shown and the error is
   * reported once.
   */
  isKnown?(log: Log): boolean;
}

/** A mounted live log. */
export interface LiveLogsHandle {
  /**
   * Resolves when the viewer can connect. Rejects if it could not be loaded, or if this is not a
   * browser (jsdom, happy-dom, a server).
   */
  readonly ready: Promise<void>;
  /**
   * Changes options; omitted ones stay. Throws, and changes nothing, if an essential one is wrong.
   */
  update(options: Partial<LiveLogsOptions>): void;
  connect(): void;
  disconnect(): void;
  /** Ends the wait for the next attempt. */
  retryNow(): void;
  /** Removes all lines; the connection stays. */
  clear(): void;
  status(): LogsStatus;
  /**
   * Closes the stream, removes the view, and frees everything. Can be called any number of times.
   */
  unmount(): void;
}

/**
 * Shows live logs in `element`: status bar, button "Connect Live Logs", live section.
 *
 * Throws a {@link LiveLogsError}, and changes nothing, if the element or an essential option is
 * wrong.
 *
 * The element may be in a same-origin iframe or popup, and may be moved there and back: timers and
 * frames follow it. The host loads the style sheet in each of its documents.
 */
export function mountLiveLogs(element: Element, options?: LiveLogsOptions): LiveLogsHandle;

/** Returns what runs in this page, or `null` until it is loaded. */
export function backend(): Backend | null;
