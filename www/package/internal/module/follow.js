// Passes on what a host wants to read: one workflow through a proxy route, or channels of a gateway.

/** @import { Client } from "./assets.d.ts" */
/** @import { Options } from "../options.js" */

/**
 * Selects what `client` reads.
 *
 * @param {Client} client
 * @param {Options} options
 */
export function follow(client, options) {
  const { channels, gatewayUrl, service, workspaceId, workflowId, endpoint } = options;
  if (channels) client.follow_channels(channels.join(","), gatewayUrl ?? "");
  else client.follow_workflow(service, workspaceId ?? "", workflowId ?? "", endpoint);
}
