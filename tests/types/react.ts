// The React entry as a host in TypeScript uses it, with the types of each supported React.

import {
  LogsSSEClient,
  LogsSSEContext,
  LogsSSEProvider,
  LogsWithSSE,
  useLogsSSE,
  useLogsSubscription,
} from "@datashop/logs-sse-client/react";
import type { LogsSSEClientProps, LogsSSEValue } from "@datashop/logs-sse-client/react";
import { createElement, type ReactElement, type ReactNode, useContext } from "react";

export const several: LogsSSEClientProps = {
  gatewayUrl: "/gateway",
  channels: ["logs:etl:workspace123:a", "logs:etl:workspace123:b"],
};
const props: LogsSSEClientProps = { workspaceId: "workspace123", className: "logs", style: {} };

export function page(children: ReactNode): ReactElement {
  return createElement(
    LogsSSEProvider,
    { gatewayUrl: null, headers: { "X-Token": "token" }, onError: (error) => error.message },
    createElement(LogsSSEClient, { ...props, onLog: (logs) => logs[0].text }),
    createElement(LogsWithSSE, props, children),
  );
}

// @ts-expect-error no such prop
createElement(LogsSSEClient, { workspace: "workspace123" });
// @ts-expect-error a number, not a text
createElement(LogsSSEClient, { capacity: "5000" });
// @ts-expect-error no such transport
createElement(LogsSSEProvider, { transport: "websocket" });

export function useEverything(): void {
  const context: LogsSSEValue | null = useContext(LogsSSEContext);
  const unsubscribe = context?.subscribe(["logs:etl:workspace123"], (log) => log.key);
  unsubscribe?.();
  // @ts-expect-error the callback is required
  context?.subscribe("logs:etl:workspace123");

  const one = useLogsSSE({ workspace_id: "workspace123", filter: (log) => log.seq !== null });
  one.logs[0]?.levelClass satisfies string | undefined;
  one.connectionStatus satisfies string;
  one.stats.missing satisfies number;
  one.clearLogs();
  // @ts-expect-error only `useLogsSubscription` connects
  one.connectToLogs();
  // @ts-expect-error the hook's options have other names than the viewer's
  useLogsSSE({ workspaceId: "workspace123" });

  const other = useLogsSubscription("workspace123", undefined, { maxLogs: 50 });
  other.connectToLogs();
  other.disconnect();
  // @ts-expect-error the ids are arguments
  useLogsSubscription({ workspace_id: "workspace123" });
}
