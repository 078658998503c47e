// The parts of an engine, as the build generates them: `viewer_assets.js` and `headless_assets.js`
// (scripts/lib/package_files.mjs), and wasm-bindgen's glue for src/js
// (scripts/lib/generated_code.mjs).

import type { LiveLogsOptions, LogsStatus, Notice } from "../../types/index.d.ts";
import type {
  openEventSource,
  openFetch,
  Emit,
  Transport,
} from "../../../../src/browser/transport.js";

/** Where the parts of an engine are. `undefined` for what a host must supply. */
export interface EngineAssets<G extends Glue> {
  createGlue(): G;
  /** The module name under which the WebAssembly imports the glue. */
  imports: string;
  wasmUrl(): URL | undefined;
  makeWorker(): Worker | undefined;
  loadFallback(): Promise<{
    instantiate(imports: Record<string, object>): WebAssembly.Exports;
  }>;
}

/** What the glue of both engines exports. */
export interface Glue {
  __wbg_set_wasm(exports: object): void;
  /** Runs the module's start function. */
  __wbg_init(): void;
  start(onPanic: (message: string) => void): void;
  openEventSource: typeof openEventSource;
  openFetch: typeof openFetch;
}

/** The status as the engine reports it (crates/core/src/js_export.rs). */
export type StatusReport = Omit<LogsStatus, "backend">;

/** A notice as the engine reports it. */
export type NoticeReport = Omit<Notice, "key">;

/** New rows, oldest first: JSON arrays of lines, and the notices between them. */
export type EngineRows = (string | NoticeReport)[];

/** The options of an engine (src/js/options.rs). Without a value, an option has its default. */
export type EngineOptions = Pick<
  LiveLogsOptions,
  | "console"
  | "maxAttempts"
  | "connectTimeoutMs"
  | "silenceMs"
  | "hiddenMs"
  | "withCredentials"
  | "capacity"
  | "tail"
>;

/**
 * Receives new rows, the status if its state changed, and whether this is the last call of a frame
 * (src/js/listener.rs).
 */
export type EngineListener = (
  rows: EngineRows | undefined,
  status: StatusReport | undefined,
  isFrame: boolean,
) => void;

/** Opens a stream for an engine. Throws what the browser throws. */
export type OpenStream = (url: string, names: string, emit: Emit) => Transport;

/** What both engines do. */
interface Engine {
  follow_workflow(service: string, workspaceId: string, workflowId: string, endpoint: string): void;
  set_with_credentials(withCredentials: boolean): void;
  connect(): void;
  disconnect(): void;
  retry_now(): void;
  status(): StatusReport;
  free(): void;
}

/** src/js/view.rs */
export interface LogView extends Engine {
  set_capacity(lines: number): void;
  set_title(title: string): void;
  set_locale(locale: string): void;
  tell_rows(isWanted: boolean): void;
  /** `isKnown` receives the JSON record of a line (`LogRecord`). */
  set_known(isKnown: ((record: string) => boolean) | undefined): void;
  clear(): void;
}

/** src/js/stream.rs */
export interface LogStream extends Engine {
  /** Follows `channels`, separated by commas. */
  follow_channels(channels: string, gatewayUrl: string): void;
}

export interface ViewerGlue extends Glue {
  LogView: new (
    element: HTMLElement,
    listener: EngineListener,
    open: OpenStream,
    options: EngineOptions,
  ) => LogView;
}

export interface HeadlessGlue extends Glue {
  LogStream: new (listener: EngineListener, open: OpenStream, options: EngineOptions) => LogStream;
}
