// Draws tokens for publishers with the gateway's own command.

import { spawnSync } from "node:child_process";
import { UserError } from "./run.mjs";

/**
 * Returns a new secret of service etl, and its entry for the gateway's file of tokens.
 *
 * @param {string} program the gateway
 * @param {{ name?: string, workspace?: string }} [options]
 */
export function newToken(program, { name = "etl", workspace = "*" } = {}) {
  const args = ["token", "new", "--service", "etl", "--workspace", workspace, "--name", name];
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  const secret = /lgw_[0-9a-f]+/.exec(stderr ?? "")?.[0];
  if (!secret) throw new UserError(`${program} token new printed no secret: ${stderr}`);
  return { secret, entry: stdout };
}
