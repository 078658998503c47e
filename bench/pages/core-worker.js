// The whole headless client in a module worker: the most that could be gained by moving more than
// reading there. Nothing is displayed, and the page receives one message, at the end; with `show`
// it renders as many rows as the viewer, as often.

import { contend, createCount, endpoint, wanted } from "./contender.js";

const SHOWN = new URLSearchParams(location.search).has("show") ? 22 : 0;

contend(async (bench) => {
  const count = createCount();
  const worker = new Worker("./core-worker-thread.js", { type: "module" });
  const route = new URL(endpoint(), location.href).href;
  worker.postMessage({
    endpoint: route,
    capacity: wanted.capacity,
    last: wanted.last,
    options: wanted.options,
    shown: SHOWN,
  });
  await new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  const draw = createRows(SHOWN);
  worker.onmessage = ({ data: { lines, rows } }) => {
    count.add(lines - count.lines());
    if (rows) requestAnimationFrame(() => draw(rows));
    else bench.finish();
  };
  return { ...count, held: count.lines, ...(SHOWN && { rows: ".row" }) };
});

/**
 * Creates elements that are reused, as in the viewer. Returns a function that writes entries into
 * them.
 *
 * @param {number} count
 */
function createRows(count) {
  const list = document.body.appendChild(document.createElement("main"));
  list.style.cssText = "height: 308px; overflow: auto; contain: strict; font: 12px monospace";
  const rows = Array.from({ length: count }, () => {
    const row = list.appendChild(document.createElement("div"));
    row.className = "row";
    row.style.cssText =
      "display: flex; gap: 12px; height: 28px; white-space: nowrap; overflow: hidden";
    return Array.from({ length: 5 }, () =>
      row.appendChild(document.createElement("span")).appendChild(new Text()),
    );
  });
  /** @param {Record<string, string>[]} entries */
  return (entries) => {
    for (const [index, { date, level, pipeline, message, status }] of entries.entries()) {
      for (const [column, text] of [date, level, pipeline, message, status].entries())
        rows[index][column].data = text;
    }
  };
}
