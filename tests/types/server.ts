// The entry point "./proxy" has the shape that its types declare, and accepts what servers pass.

import type { IncomingMessage, RequestListener } from "node:http";
import type * as declared from "../../www/package/types/proxy.js";
import { createLogsProxy } from "../../www/package/types/proxy.js";

type Actual = typeof import("../../www/package/proxy.js");

declare const actual: Actual;
actual satisfies typeof declared;

/** The names that the entry exports but its types do not declare. */
const undeclared: Exclude<keyof Actual, keyof typeof declared>[] = [];
undeclared satisfies never[];

/** A request as a host's framework types it. */
interface HostRequest extends IncomingMessage {
  user?: { id: string; workspaces: string[] };
}

const proxy = createLogsProxy({
  gateway: "http://127.0.0.1:8080",
  authorize: async ({ user }: HostRequest, { workspaceId }) =>
    user?.workspaces.includes(workspaceId)
      ? { userId: user.id, workspaceIds: new Set([workspaceId]) }
      : null,
  headers: async () => ({ Authorization: "Bearer token" }),
  tls: { ca: "certificate" },
  deadlines: { idleMs: 60_000 },
});
proxy satisfies RequestListener;
proxy.history satisfies RequestListener;
proxy.stats().ended.browser satisfies number;
proxy.close() satisfies Promise<void>;

createLogsProxy({ gateway: "http://127.0.0.1:8080", authorize: () => null });
// @ts-expect-error: a string would grant each of its letters.
createLogsProxy({ gateway: "", authorize: () => ({ userId: "a", workspaceIds: "workspace" }) });
// @ts-expect-error: no proxy without a login.
createLogsProxy({ gateway: "http://127.0.0.1:8080" });
