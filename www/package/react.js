// The package's door for React, 16.8 and newer: the names and shapes of the client before this one.

export { LogsSSEClient, LogsWithSSE } from "./components.js";
export { LogsSSEContext, LogsSSEProvider, useLogsSSE, useLogsSubscription } from "./hooks.js";
export { LiveLogsError } from "./errors.js";
