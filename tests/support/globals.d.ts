// What the pages under test define for the tests that run in them.

import type axeCore from "axe-core";
import type { DatashopLiveLogs } from "../../www/package/types/element.js";
import type * as headless from "../../www/package/types/headless.js";
import type * as viewer from "../../www/package/types/index.js";
import type * as react from "../../www/package/types/react.js";

declare global {
  var axe: typeof axeCore;

  /** tests/package/site/page_probe.js. */
  var probe: PageProbeRecords;

  interface PageProbeRecords {
    violations: string[];
    errors: string[];
    console: string[];
    /** The event streams that are not closed. */
    streams: Set<EventSource>;
    /** How many event streams were opened. */
    opened: number;
    /** The addresses of all event streams that were opened; a test may empty it. */
    urls: string[];
    /** The memories of WebAssembly. */
    memories: WebAssembly.Memory[];
  }

  /** tests/package/site/bare.js. */
  var harness: {
    viewer: typeof viewer;
    headless: typeof headless;
    element(id: string, within?: Document): HTMLElement;
    mount(name: string, options?: Record<string, unknown>, place?: Element): void;
    open(name: string, options?: Record<string, unknown>): void;
    plain(error: viewer.LiveLogsError): PlainError;
    thrown(act: () => unknown): PlainError | undefined;
    acts: Record<string, (handle: AnyHandle) => void>;
  };

  /** The viewers and sources that `harness` has opened, by name. */
  var live: Record<string, LiveEntry>;

  /** A viewer's handle or a source's, whose verbs differ in how they end. */
  type AnyHandle = Omit<viewer.LiveLogsHandle & headless.Logs, "update"> & {
    update(options: Record<string, unknown>): void;
  };

  interface LiveEntry {
    handle: AnyHandle;
    statuses: viewer.LogsStatus[];
    logs: viewer.Log[];
    errors: viewer.LiveLogsError[];
    batches: number;
  }

  interface PlainError {
    name: string;
    type: string;
    option?: string;
    message: string;
    isOurs: boolean;
    cause?: string;
  }

  interface Window {
    EventSource: typeof EventSource;
    /** tests/package/honesty.spec.mjs: the package event-source-polyfill. */
    EventSourcePolyfill: typeof EventSource;
    /** What tests count or keep in a page from one call to the next. */
    calls: number;
    painted: number;
    received: unknown[];
    /** tests/package/headless.spec.mjs. */
    first: headless.LogsSnapshot;
    notified: { first: number; second: number; frames: number };
    unsubscribe(): void;
    quick: unknown[];
    slow: unknown[];
    ends: Promise<string>[];
    done: Promise<void>;
    ahead: Promise<IteratorResult<viewer.Log | viewer.Notice>[]>;
    iterator: AsyncIterator<viewer.Log | viewer.Notice>;
    /** tests/package/windows.spec.mjs: the other window. */
    other: typeof window;
    /** tests/package/element.spec.mjs. */
    early: DatashopLiveLogs;
    removed: DatashopLiveLogs;
    defineLiveLogs(name?: string): void;
    /** tests/package/zone.spec.mjs. */
    applicationZone: Zone;
    /** tests/e2e/drawn.spec.mjs: frames that the page asked for. */
    heldFrames: FrameRequestCallback[];
    /** tests/e2e/layout.spec.mjs. */
    opening: Animation;
  }

  interface Window {
    /** tests/hosts: what the client of a host's page runs as. */
    liveLogsBackend(): viewer.Backend | null;
    lab: HooksLab;
    /** tests/hosts/hooks.spec.mjs: a context value, and its text at that time. */
    kept: { value: HookState; text: string };
  }

  /** A component of tests/hosts/hooks-page/app.js, with its properties. */
  interface LabPart extends Record<string, unknown> {
    id: string;
    /** A name of `KINDS` there. */
    kind: string;
  }

  /** What the hooks and the context of tests/hosts/hooks-page/app.js return. */
  type HookState = react.UseLogsSubscriptionResult & react.LogsSSEValue;

  /** tests/hosts/hooks-page/app.js. */
  interface HooksLab {
    show(parts: LabPart[], provider: object | null): void;
    states: Record<string, HookState>;
    renders: Record<string, number>;
    isSame: Record<string, boolean>;
    received: Record<string, unknown[]>;
    errors: { type: string; option?: string; message: string }[];
  }

  /** tests/package/site/element.js. */
  function element(id: string): HTMLElement;

  /** tests/package/site/early.js: the details of the element's events. */
  var elementEvents: {
    status: viewer.LogsStatus[];
    log: viewer.Log[][];
    error: viewer.LiveLogsError[];
  };

  /** tests/package/zone.spec.mjs. */
  var counted: {
    tasks: number;
    runs: number;
    zones: string[];
    logs: number;
    frames: number;
    handle?: viewer.LiveLogsHandle | headless.Logs;
  };
  var applicationZone: Zone;

  /** tests/package/site/viewer.js and headless.js. */
  var cell: {
    backend(): viewer.Backend | null;
    status(): viewer.LogsStatus;
    count(): number;
  };
}
