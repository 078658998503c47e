// Where the main thread of a page spends its time: a CPU profile of the run, summed by function,
// and the browser's own account of script, style and layout, which a profile reports as
// "(program)".

/**
 * @import { Tab } from "./devtools.mjs"
 *
 * @typedef {object} Share The time of one function.
 * @property {string} name
 * @property {number} share
 * @property {number} ms
 *
 * @typedef {Record<"task" | "script" | "style" | "layout", number>} Kinds
 *
 * @typedef {object} Profile
 * @property {number} busyMs
 * @property {Share[]} self The functions by the time in themselves.
 * @property {Share[]} total The functions by the time in them and in all that they call.
 * @property {Kinds} kinds Milliseconds by kind.
 *
 * @typedef {object} Profiler A profiler for one run.
 * @property {(page: Tab) => Promise<void>} begin
 * @property {() => Promise<Profile>} end
 *
 * @typedef {object} ProfileNode
 * @property {number} id
 * @property {number[]} [children]
 * @property {CallFrame} callFrame
 *
 * @typedef {object} CallFrame
 * @property {string} functionName
 * @property {string} url
 * @property {number} lineNumber
 * @property {number} columnNumber
 */

/** The time between two samples, in microseconds. */
const INTERVAL_US = 500;

/** The number of functions that are reported. */
const MOST = 25;

/**
 * Creates a profiler for one run. Functions of WebAssembly have names only in a build that kept
 * them.
 *
 * @returns {Profiler}
 */
export function createProfiler() {
  /** @type {Tab} */
  let page;
  /** @type {Kinds} */
  let before;
  return {
    async begin(tab) {
      page = tab;
      await page.send("Profiler.enable");
      await page.send("Profiler.setSamplingInterval", { interval: INTERVAL_US });
      await page.send("Performance.enable");
      before = await kindsOf(page);
      await page.send("Profiler.start");
    },
    async end() {
      const { profile } = await page.send("Profiler.stop");
      const after = await kindsOf(page);
      await page.send("Profiler.disable");
      await page.send("Performance.disable");
      const kinds = {
        task: after.task - before.task,
        script: after.script - before.script,
        style: after.style - before.style,
        layout: after.layout - before.layout,
      };
      return { ...summary(profile), kinds };
    },
  };
}

/**
 * Milliseconds of the main thread so far, by kind. Time only in `task` is mostly painting and the
 * dispatch of events.
 *
 * @param {Tab} page
 * @returns {Promise<Kinds>}
 */
async function kindsOf(page) {
  const { metrics } = await page.send("Performance.getMetrics");
  /** @type {Map<string, number>} */
  const seconds = new Map(
    metrics.map((/** @type {{ name: string, value: number }} */ { name, value }) => [name, value]),
  );
  /** @param {string} name */
  const ms = (name) => (seconds.get(name) ?? Number.NaN) * 1_000;
  return {
    task: ms("TaskDuration"),
    script: ms("ScriptDuration"),
    style: ms("RecalcStyleDuration"),
    layout: ms("LayoutDuration"),
  };
}

/**
 * Returns the functions with the most time, as shares of the time that was not idle.
 *
 * @param {{ nodes: ProfileNode[], samples: number[], timeDeltas: number[] }} profile
 */
function summary({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) =>
      children.map((child) => /** @type {[number, number]} */ ([child, id])),
    ),
  );
  /** @type {Map<string, number>} */
  const self = new Map();
  /** @type {Map<string, number>} */
  const total = new Map();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index];
    const name = names.get(id) ?? "";
    if (name === "(idle)") continue;
    busy += time;
    add(self, name, time);
    /** @type {Set<string>} */
    const callers = new Set();
    for (let at = /** @type {number | undefined} */ (id); at !== undefined; at = parents.get(at))
      callers.add(names.get(at) ?? "");
    for (const caller of callers) add(total, caller, time);
  }
  /** @param {Map<string, number>} times */
  const top = (times) =>
    [...times]
      .sort(([, one], [, other]) => other - one)
      .slice(0, MOST)
      .map(([name, time]) => ({ name, share: time / busy, ms: time / 1_000 }));
  return { busyMs: busy / 1_000, self: top(self), total: top(total) };
}

/** @param {CallFrame} frame */
function nameOf({ functionName, url, lineNumber, columnNumber }) {
  if (!url) return functionName || "(anonymous)";
  const [file] = (url.split("/").at(-1) ?? url).split("?");
  return functionName
    ? `${functionName} ${file}`
    : `(anonymous) ${file}:${lineNumber + 1}:${columnNumber}`;
}

/**
 * @param {Map<string, number>} times
 * @param {string} name
 * @param {number} time
 */
function add(times, name, time) {
  times.set(name, (times.get(name) ?? 0) + time);
}
