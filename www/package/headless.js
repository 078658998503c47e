// Entry point "./headless": the client without a view, for pages that draw their own table.

export { backend } from "./internal/module/load.js";
export { LiveLogsError } from "./internal/errors.js";
export { openLogs } from "./internal/headless/logs.js";
