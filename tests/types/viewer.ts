// The viewer, the client without a view, and the element, as a host in TypeScript uses them.

import { defineLiveLogs } from "@datashop/logs-sse-client/element";
import { backend, LiveLogsError, mountLiveLogs } from "@datashop/logs-sse-client";
import type { LiveLogsOptions, Log, LogsStatus, Words } from "@datashop/logs-sse-client";
import { type LogsOptions, type Notice, openLogs } from "@datashop/logs-sse-client/headless";
import { german } from "@datashop/logs-sse-client/words/de";

const options: LiveLogsOptions = {
  workspaceId: "workspace123",
  workflowId: null,
  capacity: 5_000,
  theme: "dark",
  transport: "fetch",
  headers: async () => ({ Authorization: "Bearer token" }),
  wasmUrl: new URL("https://example.com/viewer_bg.wasm"),
  onStatus(status) {
    status satisfies LogsStatus;
    status.isLive satisfies boolean;
    // @ts-expect-error a status cannot be changed
    status.attempt = 2;
  },
  onLog: (logs) => logs.map((log) => log.message),
  onError: (error) => error.type === "not_granted",
};

const handle = mountLiveLogs(document.body, options);
handle.ready satisfies Promise<void>;
handle.update({ title: "Logs", endpoint: "/logs" });
handle.update({ channels: ["logs:etl:workspace123"], gatewayUrl: "/gateway" });
handle.update({ channels: null, gatewayUrl: null });
handle.update({ titleBadge: false, announceEvery: 60, links: true });
handle.update({ link: "q=timeout", onLinkChange: (link) => link.toUpperCase() });
// @ts-expect-error a number of seconds
handle.update({ announceEvery: "off" });
handle.update({ wrap: true, remember: false });
// @ts-expect-error lines wrap or not
handle.update({ wrap: "soft" });
handle.update({ words: { ...german, connect: "Logs verbinden" }, locale: "de-AT" });
handle.update({
  words: { lang: "pl", lines: { one: "{count} wiersz", other: "{count} wierszy" } },
});
const misspelt: Words = {
  lang: "de",
  // @ts-expect-error no such word
  conect: "Verbinden",
};
// @ts-expect-error the language is required
handle.update({ words: { pause: misspelt.pause } });
handle.update({ order: "oldest-first" });
// @ts-expect-error no such order
handle.update({ order: "shuffled" });
// @ts-expect-error a badge is on or off
handle.update({ titleBadge: "off" });
handle.status().cause satisfies string | null;
handle.unmount();
backend() satisfies "wasm" | "js" | null;

// @ts-expect-error the element is required
mountLiveLogs();
// @ts-expect-error an element, not a selector
mountLiveLogs("#logs");
// @ts-expect-error no such theme
mountLiveLogs(document.body, { theme: "blue" });
// @ts-expect-error no such option
mountLiveLogs(document.body, { workspace: "workspace123" });
// @ts-expect-error channels are a list
mountLiveLogs(document.body, { channels: "logs:etl:workspace123" });
// @ts-expect-error no such method
handle.close();

const error = new LiveLogsError("option", "expected a string", { option: "title" });
error satisfies Error;
error.type satisfies string;
// @ts-expect-error no such type
new LiveLogsError("typo", "expected a string");

const logsOptions: LogsOptions = { gatewayUrl: "/gateway", channels: ["logs:etl:workspace123"] };
const logs = openLogs(logsOptions);
const unsubscribe: () => void = logs.subscribe(() => logs.getSnapshot().rows.length);
unsubscribe();
logs.update({ channels: [] });
for (const row of logs.getSnapshot().rows) row.text satisfies string;

export async function collect(): Promise<(Log | Notice)[]> {
  const rows = [];
  for await (const row of logs) rows.push(row);
  return rows;
}

// @ts-expect-error an option of the viewer only
openLogs({ title: "Logs" });
// @ts-expect-error rows cannot be changed
logs.getSnapshot().rows.push();

defineLiveLogs("other-live-logs");
const element = document.createElement("datashop-live-logs");
element.workspaceId = null;
element.wasmUrl satisfies string | null;
element.channels = ["logs:etl:workspace123"];
element.gatewayUrl = "/gateway";
element.connect();
element.status().state satisfies string;
// @ts-expect-error a number, not a text
element.capacity = "5000";
// @ts-expect-error cannot be null
element.theme = null;
