// The gateways that the part `gateway` measures: how each is started on one core, and how streams
// are opened and logs are published.

import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startGateway } from "../../scripts/lib/build.mjs";
import { ROOT, run, startUntil, stop, UserError } from "../../scripts/lib/run.mjs";
import { installPeers } from "../build.mjs";

/**
 * @import { AddressInfo } from "node:net"
 *
 * @typedef {object} Running
 * @property {string} host The address, as host:port.
 * @property {number[]} pids The processes whose time and memory count.
 * @property {() => Promise<void>} end
 *
 * @typedef {object} PeerGateway
 * @property {string} name
 * @property {string} title
 * @property {string} stream The path of the stream.
 * @property {string} publish The path to which logs are posted.
 * @property {string} [batches] The path to which batches are posted, if there is one.
 * @property {string[]} headers
 * @property {"wrapped" | "bare"} body
 * @property {(program: string) => Promise<Running>} start
 */

/** Pins a program to one core, of which it executes the program in its own place. */
const PIN = "/usr/bin/taskset";

const CHANNEL = "logs:etl:workspace123:workflow456";
const TOKEN = "X-Service-Token: l5-etl-token";
const OURS = {
  publish: "/logs/publish",
  batches: "/logs/publish",
  headers: [TOKEN],
  body: /** @type {const} */ ("wrapped"),
  start: startOurs,
};

/** @type {readonly PeerGateway[]} */
const GATEWAYS = [
  {
    ...OURS,
    name: "ours",
    title: "logs-gateway, one line per event",
    stream: `/logs/stream?channels=${CHANNEL}`,
  },
  {
    ...OURS,
    name: "ours-batch",
    title: "logs-gateway, batch frames",
    stream: `/logs/stream?channels=${CHANNEL}&batch=1`,
  },
  {
    name: "nchan",
    title: "nchan",
    stream: "/stream?id=workflow456",
    publish: "/publish?id=workflow456",
    headers: [],
    body: "bare",
    start: startNchan,
  },
  {
    name: "better-sse",
    title: "better-sse",
    stream: "/stream",
    publish: "/publish",
    headers: [],
    body: "bare",
    start: () => startNode("better_sse.mjs"),
  },
  {
    name: "node",
    title: "a Node gateway",
    stream: `/api/logs/stream?channels=${CHANNEL}`,
    publish: "/api/logs/publish",
    headers: [TOKEN],
    body: "wrapped",
    start: () => startNode("node.mjs"),
  },
];

/**
 * Returns the gateways with these names, or all if there are none.
 *
 * @param {string[]} names
 */
export function chosenGateways(names) {
  const known = GATEWAYS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UserError(`--gateways ${unknown.join(", ")}: expected some of ${known.join(", ")}`);
  return GATEWAYS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/**
 * Returns the command that runs a program on one core, on which no other measured program runs.
 *
 * @param {0 | 1} core
 * @param {string} program
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
export function pinned(core, program, args) {
  return existsSync(PIN) ? [PIN, ["-c", String(core), program, ...args]] : [program, args];
}

/**
 * Installs what these gateways need.
 *
 * @param {readonly PeerGateway[]} gateways
 */
export async function install(gateways) {
  const isNamed = (/** @type {string} */ name) => gateways.some((peer) => peer.name === name);
  if (isNamed("better-sse")) await installPeers();
  if (isNamed("nchan")) await installNchan();
}

/** Installs nchan, if this is a Debian and a user who may. */
async function installNchan() {
  if (existsSync(NCHAN)) return;
  const args = ["install", "--yes", "--no-install-recommends", "nginx-light", "libnginx-mod-nchan"];
  if (process.getuid?.() !== 0 || (await run("apt-get", args)) !== 0)
    throw new UserError(
      "bench: nchan is missing: apt-get install nginx-light libnginx-mod-nchan, or leave it out with --gateways ours,better-sse,node",
    );
}

const NCHAN = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** @param {string} program */
async function startOurs(program) {
  const { child, url } = await startGateway(...pinned(0, program, ["--port", "0"]));
  return { host: new URL(url).host, pids: [child.pid ?? 0], end: () => stop(child) };
}

/** @param {string} file */
async function startNode(file) {
  const script = path.join(ROOT, "bench/gateways", file);
  const [command, args] = pinned(0, process.execPath, [script, "--port", "0"]);
  const { child, match } = await startUntil(command, args, /listening on (http:\/\/\S+)/);
  return { host: new URL(match[1]).host, pids: [child.pid ?? 0], end: () => stop(child) };
}

/** Starts one worker of nginx, which is the process that counts. */
async function startNchan() {
  const folder = mkdtempSync(path.join(tmpdir(), "nchan-"));
  const port = await freePort();
  const config = path.join(folder, "nginx.conf");
  writeFileSync(config, nchanConfig(folder, port));
  const [command, args] = pinned(0, "/usr/sbin/nginx", ["-p", folder, "-c", config]);
  const { child } = await startUntil(command, args, /start worker process \d+/);
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  return {
    host: `127.0.0.1:${port}`,
    pids: readFileSync(children, "utf8").trim().split(" ").map(Number),
    end: async () => {
      await stop(child);
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Returns a configuration whose history has as many logs as ours, without a limit of time.
 *
 * @param {string} folder
 * @param {number} port
 */
function nchanConfig(folder, port) {
  return `load_module ${NCHAN};
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 20000;
error_log /dev/stdout notice;
pid ${folder}/nginx.pid;
events { worker_connections 16000; }
http {
  access_log off;
  keepalive_requests 100000000;
  nchan_shared_memory_size 512m;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_publisher; nchan_channel_id $arg_id; nchan_message_buffer_length 10000; nchan_message_timeout 0; }
    location = /stream { nchan_subscriber eventsource; nchan_channel_id $arg_id; nchan_subscriber_first_message newest; }
  }
}
`;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
