// The types that the parts of the benchmark share.

import type { PeerGateway } from "./gateways/index.mjs";
import type { Lab } from "./lab.mjs";
import type { Profile, Profiler } from "./profile.mjs";

/** A client that is measured; `contenders.mjs` lists all. */
export interface Contender {
  name: string;
  title: string;
  /** The source in bench/pages. */
  page: string;
  /** Lines are displayed, and a run ends when the last one is painted. */
  isShowing?: boolean;
  /** Needs npm packages of bench/package.json. */
  isPeer?: boolean;
  /** The plain Leptos client. */
  isRust?: boolean;
  /** Only for latencies. */
  isFloor?: boolean;
  isOurs?: boolean;
  /** Not our client, but built on our package. */
  hasPackage?: boolean;
  /** Options of our client that make a variant of it. */
  options?: Record<string, unknown>;
  /** Added to the query of the page. */
  query?: Record<string, string | number>;
}

/** What a page must do: `lines` in a burst, or `rate` and `seconds`. */
export interface Plan {
  lines?: number;
  rate?: number;
  seconds?: number;
  /** The number of the last line. */
  last?: number;
  payload?: string;
  capacity?: number;
  /** Mount only. */
  connect?: 0;
  /** Connect to a real gateway. */
  real?: 1;
}

/** An event of the stream without batches, as peers parse it. */
export interface Envelope {
  id: string;
  channel: string;
  seq: number;
  data: Record<"date" | "level" | "pipeline" | "message" | "status", string>;
}

/** The options of `npm run bench` that the parts read. */
export interface Options {
  rates: number[];
  rounds: number;
  lines: number;
  seconds: number;
  held: number;
  samples: number;
  mounts: number;
  readers: number[];
  gateways: readonly PeerGateway[];
  hiddenSeconds: number;
  /** Seconds after which a burst is cut. */
  patience: number;
  payload: string;
  isWatched?: boolean;
  /** Creates a profiler for one run. */
  profiler?: () => Profiler;
  /** The program of the gateway, for parts with `needsGateway`. */
  program?: string | null;
}

export interface Frames {
  count: number;
  /** `null` without a frame. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
  worst: number | null;
}

export interface Smoothness {
  frames: Frames;
  longTasks: { count: number; total: number; worst: number };
}

/** What a page measured. */
export interface PageFigures extends Smoothness {
  ms: number;
  lines: number;
  held: number;
  lost: number | null;
  doubled: number | null;
  wasmBytes: number;
}

/** What the benchmark's server did for one run. */
export interface ServerRun {
  streams: number;
  format: string;
  sent: number;
  bytes: number;
  worstBehind: number;
}

/** What one run measured. */
export interface RunFigures extends PageFigures {
  /** The client did not finish in time: the figures are those of that moment. */
  isCut?: boolean;
  cpuMs: number;
  server: ServerRun;
  profile?: Profile;
}

/** Figures, or the reason why there are none. */
export type Measured<T> = ({ absent: null } & T) | { absent: string };

/** The figures of one contender. */
export type Result<T> = { name: string; title: string } & Measured<T>;

export type Cell = string | number;

/** A bar chart, as `plot.mjs` draws it. */
export interface Plot {
  title: string;
  unit: string;
  bars: { label: string; value: number | null | undefined; isOurs: boolean }[];
  format: (value: number) => string;
  isLogarithmic?: boolean;
}

/** One part of the benchmark. */
export interface Part<R> {
  title: string;
  /** Describes in a sentence what is measured. */
  about(options: Options): string;
  /** Whether a contender takes part. */
  contenders(contender: Contender, options: Options): boolean;
  needsGateway?: boolean;
  run(
    lab: Lab,
    contenders: Contender[],
    options: Options,
    report: { note: (line: string) => void },
  ): Promise<R[]>;
  /** The table, with its head. */
  rows(results: R[]): Cell[][];
  plots(results: R[]): Record<string, Plot>;
}

declare global {
  interface Window {
    /** bench/pages/contender.js. */
    bench: Bench & { ready: Promise<void> };
    /** parts/latency.mjs: what was awaited before a line is published. */
    seen: Promise<number>;
    smooth: Promise<Smoothness>;
    /** parts/hidden.mjs. */
    changes: number;
  }

  interface Performance {
    measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
  }
}

/** `window.bench` of a contender's page. */
export interface Bench {
  absent: string | null;
  done: Promise<PageFigures>;
  mountMs: number;
  readyAtMs: number;
  start(): void;
  figures(): PageFigures;
  painted(text: string): Promise<number>;
  paintedSince(number: number): Promise<number>;
  paintedSmoothly(text: string): Promise<Smoothness>;
  canSearch(): boolean;
  search(text: string): Promise<SearchFigures>;
  /** Called by the pages of our client, with the time at which they began to mount it. */
  mounted(since: number): void;
  /** Called by a contender without a display, at its last line. */
  finish(): void;
}

/** What the page of a contender reports of its client. */
export interface Client {
  /** The lines so far. */
  lines(): number;
  held?(): number;
  lost?(): number | null;
  doubled?(): number | null;
  /** The selector of the rows, if lines are displayed. */
  rows?: string;
  search?(text: string): Promise<Omit<SearchFigures, keyof Smoothness>>;
}

export interface SearchFigures extends Smoothness {
  hits: number;
  firstMs: number;
  allMs: number;
}
