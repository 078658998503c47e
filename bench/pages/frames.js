// How smooth a page is: the time between animation frames, and long tasks. Independent of what the
// page does.

/** Watches until `stop()`, which returns the figures in milliseconds. */
export function watchFrames() {
  /** @type {number[]} */
  const gaps = [];
  /** @type {number | null} */
  let last = null;
  let isOver = false;
  /** @type {number[]} */
  const tasks = [];
  const observer = new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => duration)),
  );
  observer.observe({ type: "longtask" });
  /** @param {number} at */
  const frame = (at) => {
    if (isOver) return;
    if (last !== null) gaps.push(at - last);
    last = at;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return {
    stop() {
      isOver = true;
      tasks.push(...observer.takeRecords().map(({ duration }) => duration));
      observer.disconnect();
      return {
        frames: spread(gaps),
        longTasks: { count: tasks.length, total: sum(tasks), worst: Math.max(0, ...tasks) },
      };
    },
  };
}

/**
 * Calls `act` once the next frame is painted: a message that is posted in a frame arrives after its
 * painting.
 *
 * @param {() => void} act
 */
export function afterFrame(act) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = act;
    port2.postMessage(null);
  });
}

/**
 * Percentiles of a list.
 *
 * @param {number[]} list
 */
function spread(list) {
  const sorted = Float64Array.from(list).sort();
  /** @param {number} share */
  const at = (share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return {
    count: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    worst: sorted.at(-1) ?? null,
  };
}

/** @param {number[]} list */
function sum(list) {
  return list.reduce((total, value) => total + value, 0);
}
