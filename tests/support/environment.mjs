// What the test suites are started with, and the ids and routes that they share.

/** The channel that the pages show by default, as a publisher names it. */
export const CHANNEL = { workspace_id: "workspace123", workflow_id: "workflow456" };

/** Another channel, to which the sample job does not write. */
export const OTHER = { workspace_id: "workspace123", workflow_id: "other" };

/** The workflow of `CHANNEL`, as a host names it. */
export const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };

/** The Datashop proxy route, which the viewer reads by default. */
export const PROXY_ROUTE = "/api/dapadmin/l5-etl/sse/logs/stream";

/** The gateway's own route, which publishers post to and the React provider reads. */
export const GATEWAY_ROUTE = "/logs/stream";

/**
 * Returns the value of an environment variable that `npm test` and `npm run hosts` set.
 *
 * @param {string} variable
 */
export function required(variable) {
  const value = process.env[variable];
  if (!value)
    throw new Error(
      `${variable} is not set: run these tests with \`npm test -- e2e\`, ` +
        "`npm test -- package`, `… proxy`, `… chain` or `npm run hosts`",
    );
  return value;
}
