import type { LiveLogsError, LiveLogsHandle, LiveLogsOptions, Log, LogsStatus } from "./index.js";
export type { LiveLogsOptions, Log, LogsStatus } from "./index.js";

/**
 * `<datashop-live-logs workspace-id="…" workflow-id="…">`. Attributes and properties may change at any time.
 * Attributes: `workspace-id workflow-id service endpoint auto-connect capacity log-title theme locale console transport worker wasm-url backend`.
 * Events: `status`, `log`, `error`, with what the callbacks of `mountLiveLogs` get as `detail`.
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
  transport: "eventsource" | "fetch";
  worker: boolean;
  connect(): void;
  disconnect(): void;
  retryNow(): void;
  clear(): void;
  status(): LogsStatus;
}

/** Importing the module defines the element; this defines it under another name. */
export function defineLiveLogs(name?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    "datashop-live-logs": DatashopLiveLogs;
  }
}
