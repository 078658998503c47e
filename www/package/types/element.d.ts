import type { Backend, LogsStatus } from "./index.js";
export type { LiveLogsOptions, Log, LogsStatus } from "./index.js";

/**
 * `<datashop-live-logs workspace-id="…" workflow-id="…">`. Attributes and properties may change at any time, except `wasm-url` and
 * `backend`, which are read once per page.
 * Attributes: `workspace-id workflow-id service endpoint auto-connect capacity log-title theme locale console transport
 * with-credentials worker wasm-url backend`. Other options, such as `headers`, need `mountLiveLogs`.
 * A wrong `workspace-id`, `workflow-id`, `service` or `endpoint` is an `error` event and a sentence in the element; other wrong
 * attributes count as absent, with one warning in the console.
 * Events: `status`, `log`, `error`, whose `detail` is what the callbacks of `mountLiveLogs` receive.
 */
export interface DatashopLiveLogs extends HTMLElement {
  workspaceId: string | null;
  workflowId: string | null;
  service: string;
  endpoint: string | null;
  autoConnect: boolean;
  capacity: number;
  logTitle: string | null;
  theme: "auto" | "light" | "dark";
  locale: string | null;
  console: "off" | "changes" | "lines";
  transport: "eventsource" | "fetch";
  withCredentials: boolean;
  worker: boolean;
  wasmUrl: string | null;
  backend: "auto" | Backend;
  connect(): void;
  disconnect(): void;
  retryNow(): void;
  clear(): void;
  status(): LogsStatus;
}

/** Importing the module defines the element; this defines it under another name. Does nothing for a name that is defined already. */
export function defineLiveLogs(name?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    "datashop-live-logs": DatashopLiveLogs;
  }
}
