// Where a page's main thread spends its time: a CPU profile over the run, added up by function, and the browser's own account of what
// was script, style and layout, which a profile has all as "(program)".

/** Between two samples, in microseconds. */
const INTERVAL_US = 500;

/** How many functions are worth telling. */
const MOST = 25;

/** A profiler for one run: `begin(page)`, `end()`. WebAssembly's functions have names only in a build that kept them. */
export function createProfiler() {
  let page;
  let before;
  return {
    async begin(tab) {
      page = tab;
      await page.send("Profiler.enable");
      await page.send("Profiler.setSamplingInterval", { interval: INTERVAL_US });
      await page.send("Performance.enable");
      before = await kinds(page);
      await page.send("Profiler.start");
    },
    async end() {
      const { profile } = await page.send("Profiler.stop");
      const after = await kinds(page);
      await page.send("Profiler.disable");
      await page.send("Performance.disable");
      return {
        ...summary(profile),
        kinds: Object.fromEntries(
          Object.entries(after).map(([kind, ms]) => [kind, ms - before[kind]]),
        ),
      };
    },
  };
}

/** Milliseconds of the main thread so far, by kind. What is in no kind but `task` is mostly painting and the dispatch of events. */
async function kinds(page) {
  const { metrics } = await page.send("Performance.getMetrics");
  const ms = (wanted) => metrics.find(({ name }) => name === wanted).value * 1_000;
  return {
    task: ms("TaskDuration"),
    script: ms("ScriptDuration"),
    style: ms("RecalcStyleDuration"),
    layout: ms("LayoutDuration"),
  };
}

/** The functions by the time in themselves, and by the time in them and all that they call, as shares of the time that was not idle. */
function summary({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const [self, total] = [new Map(), new Map()];
  let busy = 0;
  samples.forEach((id, index) => {
    const time = timeDeltas[index];
    const name = nameOf(byId.get(id));
    if (name === "(idle)") return;
    busy += time;
    add(self, name, time);
    const seen = new Set();
    for (let at = id; at !== undefined; at = parents.get(at)) seen.add(nameOf(byId.get(at)));
    for (const name of seen) add(total, name, time);
  });
  const top = (times) =>
    [...times]
      .sort(([, one], [, other]) => other - one)
      .slice(0, MOST)
      .map(([name, time]) => ({ name, share: time / busy, ms: time / 1_000 }));
  return { busyMs: busy / 1_000, self: top(self), total: top(total) };
}

function nameOf({ callFrame: { functionName, url, lineNumber, columnNumber } }) {
  if (!url) return functionName || "(anonymous)";
  const file = url.split("/").at(-1).split("?")[0];
  return `${functionName || "(anonymous)"} ${file}${functionName ? "" : `:${lineNumber + 1}:${columnNumber}`}`;
}

function add(times, name, time) {
  times.set(name, (times.get(name) ?? 0) + time);
}
