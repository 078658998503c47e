// Ours: the headless client with all lines kept, heard of through onLog, nothing displayed.

import { openLogs } from "/pkg/headless.js";
import { contend, createTally, endpoint, gateway, wanted } from "./contender.js";
import { live, openKnowing } from "./ours.js";

contend(async (bench) => {
  const tally = createTally();
  const onLog = (lines) => {
    for (const line of lines) tally.take(line);
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
  const logs = openKnowing(bench, wanted.options, options, openLogs);
  if (bench.absent) return {};
  await logs.ready;
  bench.mounted(start);
  if (wanted.connect) await live(logs.status);
  return {
    ...tally,
    doubled: () => tally.doubled() + logs.status().duplicates,
    held: () => logs.getSnapshot().rows.length,
  };
});
