// The parts of a module, as the build generates them: `viewer_assets.js` and `headless_assets.js`
// (scripts/lib/package_files.mjs), and wasm-bindgen's glue for src/js
// (scripts/lib/generated_code.mjs).

import type { LiveLogsOptions, LogsStatus, Notice } from "../../types/index.d.ts";
import type {
  openEventSource,
  openFetch,
  Emit,
  Transport,
} from "../../../../src/browser/transport.js";

/** Where the parts of a module are. `undefined` for what a host must supply. */
export interface ModuleAssets<G extends Glue> {
  createGlue(): G;
  /** The module name under which the WebAssembly imports the glue. */
  imports: string;
  /** The module name under which the second file imports what the first one exports. */
  firstImports: string;
  wasmUrl(): URL | undefined;
  /** Where the rest of the WebAssembly is, unless `wasmUrl` has all of it. */
  laterUrl(): URL | undefined;
  makeWorker(): Worker | undefined;
  loadFallback(): Promise<{
    instantiate(imports: Record<string, object>): WebAssembly.Exports;
  }>;
}

/** What the glue of both modules exports. */
export interface Glue {
  __wbg_set_wasm(exports: object): void;
  /** Runs the module's start function. */
  __wbg_init(): void;
  start(onPanic: (message: string) => void): void;
  /** Says that the rest of the code is there: `run` calls `run_later`. Only of the viewer. */
  set_later?(run: () => void): void;
  run_later?(): void;
  openEventSource: typeof openEventSource;
  openFetch: typeof openFetch;
}

/** The status as the client reports it (crates/core/src/js_export.rs). */
export type StatusReport = Omit<LogsStatus, "backend">;

/** A notice as the client reports it. */
export type NoticeReport = Omit<Notice, "key">;

/** New rows, oldest first: JSON arrays of lines, and the notices between them. */
export type ClientRows = (string | NoticeReport)[];

/** The options of a client (src/js/options.rs). Without a value, an option has its default. */
export type ClientOptions = Pick<
  LiveLogsOptions,
  | "console"
  | "maxAttempts"
  | "connectTimeoutMs"
  | "silenceMs"
  | "hiddenMs"
  | "withCredentials"
  | "capacity"
  | "tail"
  | "remember"
>;

/**
 * Receives new rows, the status if its state changed, and whether this is the last call of a frame
 * (src/js/listener.rs).
 */
export type ClientListener = (
  rows: ClientRows | undefined,
  status: StatusReport | undefined,
  isFrame: boolean,
) => void;

/** Opens a stream for a client. Throws what the browser throws. */
export type OpenStream = (url: string, names: string, emit: Emit) => Transport;

/** What both clients do. */
interface Client {
  follow_workflow(service: string, workspaceId: string, workflowId: string, endpoint: string): void;
  set_with_credentials(withCredentials: boolean): void;
  connect(): void;
  disconnect(): void;
  retry_now(): void;
  status(): StatusReport;
  free(): void;
}

/** A language of the viewer (src/browser/language.rs). */
export interface Language {
  /** The language tag of the texts. */
  tag: string;
  /** The texts in the order of the table; `undefined` for one that is to be English. */
  texts: (string | undefined)[];
  /** Writes a number with this many decimals. */
  number(number: number, decimals: number): string;
  /** Returns which form of a text belongs to a number. */
  form(number: number): number;
}

/** src/js/view.rs */
export interface LogView extends Client {
  set_capacity(lines: number): void;
  set_title(title: string): void;
  set_title_badge(isShown: boolean): void;
  set_announce_every(seconds: number): void;
  set_links(areOn: boolean): void;
  set_locale(locale: string): void;
  /** Draws the view again. Without a language it is English. */
  set_language(language: Language | undefined): void;
  set_wrap(wraps: boolean): void;
  set_order(order: string): void;
  set_remember(isRemembered: boolean): void;
  tell_rows(isWanted: boolean): void;
  /** `provide` returns or promises the headers for requests of earlier lines. */
  set_headers(provide: (() => HeadersInit | Promise<HeadersInit>) | undefined): void;
  /** `isKnown` receives the JSON record of a line (`LogRecord`). */
  set_known(isKnown: ((record: string) => boolean) | undefined): void;
  clear(): void;
}

/** src/js/stream.rs */
export interface LogStream extends Client {
  /** Follows `channels`, separated by commas. */
  follow_channels(channels: string, gatewayUrl: string): void;
}

export interface ViewerGlue extends Glue {
  LogView: new (
    element: HTMLElement,
    listener: ClientListener,
    open: OpenStream,
    options: ClientOptions,
    language: Language | undefined,
  ) => LogView;
}

export interface HeadlessGlue extends Glue {
  LogStream: new (listener: ClientListener, open: OpenStream, options: ClientOptions) => LogStream;
}
