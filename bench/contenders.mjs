// Who is measured: a page each, and what is known of it. The pages are in bench/pages.

import { Told } from "../scripts/lib/run.mjs";

/**
 * `page` names the source in bench/pages. `isShowing`: lines are displayed, and a run ends when the last one is painted.
 * `isPeer`: needs npm packages of bench/package.json, `isRust`: the plain Leptos client. `isFloor`: for latencies only. `options` make a variant of our own client; one
 * that it does not know is listed as not there yet.
 */
const ALL = [
  { name: "bare", title: "bare `EventSource`, empty handler, main thread", page: "bare" },
  {
    name: "bare-read",
    title: "`EventSource` whose handler asks for the event's data, and does nothing with it",
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
  // No way in which the client is offered: they tell what it would be worth.
  {
    name: "core-worker",
    title: "headless client whole in a Worker, nothing displayed",
    page: "core-worker",
    hasPackage: true,
    options: {},
  },
  {
    name: "core-worker-shown",
    title:
      "headless client whole in a Worker, its newest lines drawn by the page 20 times a second",
    page: "core-worker",
    hasPackage: true,
    isShowing: true,
    query: { show: 1 },
    options: {},
  },
  {
    name: "core-worker-fetch",
    title: "headless client whole in a Worker, transport fetch, nothing displayed",
    page: "core-worker",
    hasPackage: true,
    options: { transport: "fetch" },
  },
];

/** Our own client on one page, and its variants. One line per event, as old gateways send them, unless the name says batch. */
function ours(page, words, traits) {
  const variant = (suffix, title, options, format = "lines") => ({
    name: page + suffix,
    title: `**ours**: ${words}${title}`,
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

/** Names for several at once. */
const GROUPS = {
  ours: ({ isOurs }) => isOurs,
  peers: ({ isOurs, name }) => !isOurs && name !== "bare",
};

/** The yardstick of all bursts. */
export const BARE = "bare";

/** The contenders named, or all; the yardstick is always first. */
export function chosen(names) {
  const unknown = names.filter(
    (name) => !(name in GROUPS) && !ALL.some((contender) => contender.name === name),
  );
  if (unknown.length > 0)
    throw new Told(
      `bench: no ${unknown.join(", ")}: expected some of ${[...Object.keys(GROUPS), ...ALL.map(({ name }) => name)].join(", ")}`,
    );
  const isNamed = (contender) =>
    names.some((name) => name === contender.name || GROUPS[name]?.(contender));
  return ALL.filter(
    (contender) => names.length === 0 || contender.name === BARE || isNamed(contender),
  );
}
