// Entry point "./react": components and hooks for React 16.8 and newer, compatible with the names
// and shapes of the client that this package replaces.

export { LiveLogsError } from "./internal/errors.js";
export { LogsSSEClient, LogsWithSSE } from "./internal/react/components.js";
export {
  LogsSSEContext,
  LogsSSEProvider,
  useLogsSSE,
  useLogsSubscription,
} from "./internal/react/hooks.js";
