// The contenders: the clients that are measured, each by a page of bench/pages.

import { UserError } from "../scripts/lib/run.mjs";

/** @import { Contender } from "./types.js" */

/** @type {Contender[]} */
const ALL = [
  { name: "bare", title: "bare `EventSource`, empty handler, main thread", page: "bare" },
  {
    name: "bare-read",
    title: "`EventSource` whose handler reads the data of the event and ignores it",
    page: "bare",
    query: { read: 1 },
  },
  {
    name: "bare-worker",
    title: "bare `EventSource`, empty handler, in a Worker",
    page: "bare-worker",
  },
  {
    name: "bare-shown",
    title: "bare `EventSource`, newest line as the text of one element",
    page: "bare",
    query: { show: 1 },
    isShowing: true,
    isFloor: true,
  },
  {
    name: "react-plain",
    title: "plain React client, state update per message, 200 lines kept",
    page: "react-plain",
    isShowing: true,
    isPeer: true,
  },
  {
    name: "leptos-plain",
    title: "plain Leptos client, signal update per message, serde_json, 200 lines kept",
    page: "leptos-plain",
    isShowing: true,
    isRust: true,
  },
  {
    name: "melloware",
    title: "`@melloware/react-logviewer` with its own EventSource",
    page: "melloware",
    isShowing: true,
    isPeer: true,
  },
  {
    name: "patternfly",
    title: "PatternFly `react-log-viewer`, fed in batches",
    page: "patternfly",
    isShowing: true,
    isPeer: true,
  },
  {
    name: "arrays",
    title: "`EventSource`, 64 lines per event, JSON.parse, no display",
    page: "arrays",
  },
  {
    name: "parser",
    title: "`fetch` stream, `eventsource-parser`, JSON.parse, no display",
    page: "parser",
    isPeer: true,
  },
  { name: "bytes", title: "`fetch` stream, bytes only", page: "bytes" },
  ...ours("viewer", "viewer", { isShowing: true }),
  ...ours("headless", "headless client", {}),
  // Not shipped: they show what moving the client to a Worker would be worth.
  {
    name: "core-worker",
    title: "whole headless client in a Worker, nothing displayed",
    page: "core-worker",
    hasPackage: true,
    options: {},
  },
  {
    name: "core-worker-shown",
    title: "whole headless client in a Worker, newest lines rendered by the page 20 times a second",
    page: "core-worker",
    hasPackage: true,
    isShowing: true,
    query: { show: 1 },
    options: {},
  },
  {
    name: "core-worker-fetch",
    title: "whole headless client in a Worker, transport fetch, nothing displayed",
    page: "core-worker",
    hasPackage: true,
    options: { transport: "fetch" },
  },
];

/**
 * Our client on one page, and its variants. One line per event, as old gateways send them, unless
 * the name says batch.
 *
 * @param {string} page
 * @param {string} description
 * @param {Partial<Contender>} traits
 * @returns {Contender[]}
 */
function ours(page, description, traits) {
  /**
   * @param {string} suffix
   * @param {string} title
   * @param {Record<string, unknown>} options
   */
  const variant = (suffix, title, options, format = "lines") => ({
    name: page + suffix,
    title: `**ours**: ${description}${title}`,
    page,
    isOurs: true,
    ...traits,
    options,
    query: { format },
  });
  return [
    variant("", "", {}),
    variant("-js", ", as JavaScript", { backend: "js" }),
    variant("-worker", ", read in a Worker", { worker: true }),
    variant("-batch", ", batch frames", {}, "asked"),
    variant("-batch-worker", ", batch frames, read in a Worker", { worker: true }, "asked"),
    variant("-fetch", ", transport fetch", { transport: "fetch" }),
    variant("-fetch-worker", ", transport fetch, read in a Worker", {
      transport: "fetch",
      worker: true,
    }),
    variant("-fetch-batch", ", transport fetch, batch frames", { transport: "fetch" }, "asked"),
  ];
}

/**
 * Names of groups.
 *
 * @type {Record<string, (contender: Contender) => boolean | undefined>}
 */
const GROUPS = {
  ours: ({ isOurs }) => isOurs,
  peers: ({ isOurs, name }) => !isOurs && name !== "bare",
};

/** The baseline of all bursts. */
export const BARE = "bare";

/**
 * Returns the named contenders, or all; the baseline is always first.
 *
 * @param {string[]} names
 */
export function chosen(names) {
  const unknown = names.filter(
    (name) => !(name in GROUPS) && !ALL.some((contender) => contender.name === name),
  );
  if (unknown.length > 0)
    throw new UserError(
      `bench: unknown contender ${unknown.join(", ")}: expected one of ` +
        [...Object.keys(GROUPS), ...ALL.map(({ name }) => name)].join(", "),
    );
  /** @param {Contender} contender */
  const isNamed = (contender) =>
    names.some((name) => name === contender.name || GROUPS[name]?.(contender));
  return ALL.filter(
    (contender) => names.length === 0 || contender.name === BARE || isNamed(contender),
  );
}
