// Entry point "./element": defines <datashop-live-logs> when it is imported.

import { defineLiveLogs } from "./internal/viewer/element.js";

defineLiveLogs();

export { defineLiveLogs };
