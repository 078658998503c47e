// The package's main door: the viewer, mounted into an element of any page.

export { mountLiveLogs } from "./mount.js";
export { backend } from "./engine.js";
export { LiveLogsError } from "./errors.js";
