// Ours: the headless client with all lines kept, reported by onLog, nothing displayed.

import { openLogs } from "/pkg/headless.js";
import { contend, createTally, endpoint, gateway, wanted } from "./contender.js";
import { live, openVariant } from "./ours.js";

/** @import { Log } from "../../www/package/types/index.js" */

contend(async (bench) => {
  const tally = createTally();
  /** @param {readonly Log[]} lines */
  const onLog = (lines) => {
    for (const line of lines) tally.count(line);
    if (wanted.last && tally.lines() >= wanted.last) bench.finish();
  };
  const start = performance.now();
  const target =
    wanted.channels.length > 1
      ? { gatewayUrl: gateway(), channels: wanted.channels }
      : { workspaceId: "workspace123", workflowId: "workflow456", endpoint: endpoint() };
  const options = {
    ...target,
    capacity: wanted.capacity || 10_000,
    autoConnect: wanted.connect,
    console: "off",
    onLog,
  };
  const logs = openVariant(bench, wanted.options, options, openLogs);
  if (!logs) return { lines: tally.lines };
  await logs.ready;
  bench.mounted(start);
  if (wanted.connect) await live(logs.status);
  return {
    ...tally,
    doubled: () => tally.doubled() + logs.status().duplicates,
    held: () => logs.getSnapshot().rows.length,
  };
});
