// Entry point ".": the viewer, mounted into an element of any page.

export { backend } from "./internal/module/load.js";
export { LiveLogsError } from "./internal/errors.js";
export { mountLiveLogs } from "./internal/viewer/mount.js";
