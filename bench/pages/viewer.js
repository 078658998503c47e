// Ours: the viewer with all lines kept and the newest on screen.

import { mountLiveLogs } from "/pkg/index.js";
import { contend, endpoint, wanted } from "./contender.js";
import { live, openKnowing } from "./ours.js";

contend(async (bench) => {
  const place = document.body.appendChild(document.createElement("main"));
  const start = performance.now();
  const options = { workspaceId: "workspace123", workflowId: "workflow456", endpoint: endpoint(), capacity: wanted.capacity || 10_000, autoConnect: wanted.connect, console: "off" };
  const viewer = openKnowing(bench, wanted.options, options, (options) => mountLiveLogs(place, options));
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
    // The client has no search yet: `search(text)` is to resolve to `{ hits, firstMs, allMs }`.
    search: null,
  };
});

/** The viewer says it for people: `100,000 lines, the newest; …`. */
function held() {
  const [, count] = /([\d,]+) lines?/.exec(document.querySelector(".dsl-count")?.textContent ?? "") ?? [];
  return count ? Number(count.replaceAll(",", "")) : 0;
}
