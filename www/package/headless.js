// The engine without a view, for pages that draw their own table.

export { openLogs } from "./logs.js";
export { backend } from "./engine.js";
export { LiveLogsError } from "./errors.js";
