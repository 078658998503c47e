import type { Backend, LogsStatus, Words } from "./index.js";
export type { LiveLogsOptions, Log, LogsStatus } from "./index.js";

/**
 * `<datashop-live-logs workspace-id="…" workflow-id="…">`. Attributes and properties may change at
 * any time, except `wasm-url` and `backend`, which are read once per page.
 *
 * Attributes: `workspace-id workflow-id service endpoint gateway-url channels auto-connect capacity tail log-title
 * title-badge announce-every links link theme locale wrap order remember console transport with-credentials
 * worker wasm-url backend`. `words` is a property only. Other options, such as `headers`, need
 * `mountLiveLogs`.
 *
 * `channels` are separated by commas.
 *
 * A wrong `workspace-id`, `workflow-id`, `service`, `endpoint`, `gateway-url` or `channels` causes an `error` event and a
 * message in the element. Other wrong attributes are ignored, with one warning in the console.
 *
 * Events: `status`, `log`, `error`, whose `detail` is what the callbacks of `mountLiveLogs`
 * receive. With the attribute `link`, which may be empty, also `linkchange`, as `onLinkChange`; the
 * page then owns the address.
 */
export interface DatashopLiveLogs extends HTMLElement {
  workspaceId: string | null;
  workflowId: string | null;
  service: string;
  endpoint: string | null;
  gatewayUrl: string | null;
  /** An array; a copy of what the attribute has. */
  channels: readonly string[] | null;
  autoConnect: boolean;
  capacity: number;
  tail: number | null;
  logTitle: string | null;
  /** `true` unless the attribute is `"false"`. */
  titleBadge: boolean;
  announceEvery: number;
  links: boolean;
  link: string | null;
  theme: "auto" | "light" | "dark";
  locale: string | null;
  /** No attribute: an object such as `german` of `"@datashop/logs-sse-client/words/de"`. */
  words: Words | null;
  wrap: boolean | null;
  order: "newest-first" | "oldest-first" | null;
  /** `true` unless the attribute is `"false"`. */
  remember: boolean;
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

/**
 * Defines the element under another name: importing the module has defined `datashop-live-logs`.
 * Does nothing if `name` is defined.
 */
export function defineLiveLogs(name?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    "datashop-live-logs": DatashopLiveLogs;
  }
}
