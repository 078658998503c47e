// Ours: the viewer with all lines kept and the newest on screen.

import { mountLiveLogs } from "/pkg/index.js";
import { contend, endpoint, wanted } from "./contender.js";
import { afterFrame } from "./frames.js";
import { live, openVariant } from "./ours.js";

contend(async (bench) => {
  const place = document.body.appendChild(document.createElement("main"));
  const start = performance.now();
  const options = {
    workspaceId: "workspace123",
    workflowId: "workflow456",
    endpoint: endpoint(),
    capacity: wanted.capacity || 10_000,
    autoConnect: wanted.connect,
    console: "off",
  };
  const viewer = openVariant(bench, wanted.options, options, (options) =>
    mountLiveLogs(place, options),
  );
  if (!viewer) return { lines: () => 0 };
  await viewer.ready;
  bench.mounted(start);
  if (wanted.connect) await live(viewer.status);
  return {
    lines: () => viewer.status().received,
    lost: () => Math.max(viewer.status().missing, wanted.lines - viewer.status().received),
    doubled: () => viewer.status().duplicates,
    held,
    rows: ".dsl-row",
    search,
  };
});

/**
 * Searches as a reader does: writes into the field, and checks the page after each frame.
 *
 * @param {string} text
 */
async function search(text) {
  const field = /** @type {HTMLInputElement} */ (find(".dsl-filter input"));
  /** @param {string} text */
  const enter = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const count = () => find(".dsl-count").textContent;
  enter("");
  await until(() => !count().includes(" of "));
  const start = performance.now();
  enter(text);
  // A screen full of hits, or all hits, or the message that there are none.
  const isFull = () =>
    find(".dsl-rows").getBoundingClientRect().bottom >=
    find(".dsl-list").getBoundingClientRect().bottom;
  const isDone = () => / of /.test(count());
  await until(() => isDone() || (document.querySelector(".dsl-rows mark") !== null && isFull()));
  const firstMs = performance.now() - start;
  await until(isDone);
  return {
    hits: Number(/[\d,]+/.exec(count())?.[0].replaceAll(",", "")),
    firstMs,
    allMs: performance.now() - start,
  };
}

/**
 * Resolves once `isThere()` is true after a frame.
 *
 * @param {() => boolean} isThere
 * @returns {Promise<void>}
 */
function until(isThere) {
  return new Promise((resolve) => {
    const check = () => (isThere() ? resolve() : afterFrame(check));
    afterFrame(check);
  });
}

/** @param {string} selector */
function find(selector) {
  const element = document.querySelector(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Reads how many lines are held from the text of the viewer: `Newest 100,000 lines · …`. */
function held() {
  const [, count] =
    /([\d,]+) lines?/.exec(document.querySelector(".dsl-count")?.textContent ?? "") ?? [];
  return count ? Number(count.replaceAll(",", "")) : 0;
}
