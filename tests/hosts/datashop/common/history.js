// The logs of earlier runs, as the page's own backend would return them. Never changes: new lines
// arrive only as live logs.

/** @typedef {Record<"date" | "level" | "pipeline" | "message" | "duration", string>} Row */

/** @type {Record<string, string[][]>} */
const LOGS = {
  workflow456: [
    ["Sep 25 2025 at 01:30 PM", "INFO", "PLATFORM_INTERNAL", "ETL Running", "45 sec"],
    [
      "Sep 25 2025 at 01:29 PM",
      "INFO",
      "ETL_PROCESSING",
      "Loaded 48,112 rows into staging.claims_2025_09",
      "1m 23s",
    ],
    [
      "Sep 25 2025 at 01:28 PM",
      "WARN",
      "DATA_VALIDATION",
      "12 rows have an empty member_id; they are kept in staging.rejects",
      "1m 21s",
    ],
    [
      "Sep 25 2025 at 01:21 PM",
      "ERROR",
      "INGESTION",
      "Connection to sftp-claims timed out after 30 s (attempt 1 of 3)",
      "failed",
    ],
    ["Sep 25 2025 at 01:20 PM", "INFO", "INGESTION", "Starting L5 DAP", "12 sec"],
  ],
  workflow789: [
    ["Sep 24 2025 at 11:02 PM", "INFO", "REPORTING", "Rendered 18 dashboards", "1m 58s"],
  ],
  etl_job_789: [
    ["Sep 25 2025 at 06:02 AM", "INFO", "REPORTING", "Nightly report published", "2m 11s"],
    [
      "Sep 25 2025 at 05:51 AM",
      "WARN",
      "DATA_VALIDATION",
      "Unit missing in 41 results; default applied",
      "1m 09s",
    ],
  ],
};

/**
 * Returns the logs of a workflow, newest first, after the delay of a backend.
 *
 * @param {string} workflowId
 * @returns {Promise<Row[]>}
 */
export async function readLogs(workflowId) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return LOGS[workflowId].map(([date, level, pipeline, message, duration]) => ({
    date,
    level,
    pipeline,
    message,
    duration,
  }));
}
