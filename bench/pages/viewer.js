// Ours: the viewer with all lines kept and the newest on screen.

import { mountLiveLogs } from "/pkg/index.js";
import { contend, endpoint, wanted } from "./contender.js";
import { afterFrame } from "./frames.js";
import { live, openKnowing } from "./ours.js";

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
  const viewer = openKnowing(bench, wanted.options, options, (options) =>
    mountLiveLogs(place, options),
  );
  if (bench.absent) return {};
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

/** As a reader does it: writes into the field, and looks at the page after each frame. */
async function search(text) {
  const field = document.querySelector(".dsl-filter input");
  const ask = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const said = () => document.querySelector(".dsl-count").textContent;
  ask("");
  await until(() => !said().includes(" of "));
  const start = performance.now();
  ask(text);
  // A whole screen of hits, or all there are, or the word that there are none.
  const list = document.querySelector(".dsl-list");
  const isFull = () =>
    document.querySelector(".dsl-rows").getBoundingClientRect().bottom >=
    list.getBoundingClientRect().bottom;
  const isDone = () => / of /.test(said());
  await until(() => isDone() || (document.querySelector(".dsl-rows mark") && isFull()));
  const firstMs = performance.now() - start;
  await until(isDone);
  return {
    hits: Number(/[\d,]+/.exec(said())[0].replaceAll(",", "")),
    firstMs,
    allMs: performance.now() - start,
  };
}

function until(isThere) {
  return new Promise((resolve) => {
    const look = () => (isThere() ? resolve() : afterFrame(look));
    afterFrame(look);
  });
}

/** The viewer says it for people: `100,000 lines, the newest; …`. */
function held() {
  const [, count] =
    /([\d,]+) lines?/.exec(document.querySelector(".dsl-count")?.textContent ?? "") ?? [];
  return count ? Number(count.replaceAll(",", "")) : 0;
}
