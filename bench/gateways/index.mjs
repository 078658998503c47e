// The gateways that the part `gateway` measures: how each is started on one core, and how streams
// are opened and logs are published.

import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startGateway } from "../../scripts/lib/build.mjs";
import { newToken } from "../../scripts/lib/gateway_token.mjs";
import { ROOT, run, startUntil, stop, UserError } from "../../scripts/lib/run.mjs";
import { installPeers } from "../build.mjs";

/**
 * @import { AddressInfo } from "node:net"
 *
 * @typedef {object} Running
 * @property {string} host The address, as host:port.
 * @property {number[]} pids The processes whose time and memory count.
 * @property {string[]} headers
 * @property {() => Promise<void>} end
 *
 * @typedef {object} PeerGateway
 * @property {string} name
 * @property {string} title
 * @property {string} stream The path of the stream.
 * @property {string} publish The path to which logs are posted.
 * @property {boolean} [hasBatches] Whether it accepts several logs in a request.
 * @property {"wrapped" | "bare"} body
 * @property {(program: string) => Promise<Running>} start
 */

/** Pins a program to one core, of which it executes the program in its own place. */
const PIN = "/usr/bin/taskset";

const CHANNEL = "logs:etl:workspace123:workflow456";
const OURS = {
  publish: "/logs/publish",
  hasBatches: true,
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
    body: "bare",
    start: startNchan,
  },
  {
    name: "better-sse",
    title: "better-sse",
    stream: "/stream",
    publish: "/publish",
    body: "bare",
    start: () => startNode("better_sse.mjs"),
  },
  {
    name: "node",
    title: "a Node gateway",
    stream: `/api/logs/stream?channels=${CHANNEL}`,
    publish: "/api/logs/publish",
    body: "wrapped",
    start: () => startNode("node.mjs", ["X-Service-Token: l5-etl-token"]),
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

/**
 * Starts our gateway as in production: readers and publishers are authenticated, limits apply, and a
 * monitoring system reads the metrics each second. All readers are one user, so its limit is high.
 *
 * @param {string} program
 */
async function startOurs(program) {
  const folder = mkdtempSync(path.join(tmpdir(), "logs-gateway-"));
  const { secret, entry } = newToken(program);
  writeFileSync(path.join(folder, "tokens.toml"), entry);
  const admin = `127.0.0.1:${await freePort()}`;
  const config = path.join(folder, "gateway.toml");
  writeFileSync(
    config,
    `tokens = ${JSON.stringify(path.join(folder, "tokens.toml"))}
trusted-proxy = ["127.0.0.1"]
admin = "${admin}"
log-level = "warn"
max-streams-per-user = 100_000
`,
  );
  const { child, url } = await startGateway(
    ...pinned(0, program, ["--port", "0", "--config", config]),
  );
  const scraping = setInterval(() => {
    // One that fails is one less.
    fetch(`http://${admin}/metrics`).then(
      (answer) => answer.text(),
      () => {},
    );
  }, 1_000);
  return {
    host: new URL(url).host,
    pids: [child.pid ?? 0],
    headers: [`X-Service-Token: ${secret}`, "X-User-Id: bench", "X-Workspace-Id: workspace123"],
    end: async () => {
      clearInterval(scraping);
      await stop(child);
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * @param {string} file
 * @param {string[]} [headers]
 */
async function startNode(file, headers = []) {
  const script = path.join(ROOT, "bench/gateways", file);
  const [command, args] = pinned(0, process.execPath, [script, "--port", "0"]);
  const { child, match } = await startUntil(command, args, /listening on (http:\/\/\S+)/);
  const { host } = new URL(match[1]);
  return { host, pids: [child.pid ?? 0], headers, end: () => stop(child) };
}

/** Starts one worker of nginx, which is the process that counts. */
async function startNchan() {
  const folder = mkdtempSync(path.join(tmpdir(), "nchan-"));
  const port = await freePort();
  const config = path.join(folder, "nginx.conf");
  writeFileSync(config, nchanConfig(folder, port));
  // Its messages go to standard error.
  const shell = ["-c", 'exec "$0" "$@" 2>&1', "/usr/sbin/nginx", "-p", folder, "-c", config];
  const [command, args] = pinned(0, "sh", shell);
  const { child } = await startUntil(command, args, /start worker process \d+/);
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  return {
    host: `127.0.0.1:${port}`,
    pids: readFileSync(children, "utf8").trim().split(" ").map(Number),
    headers: [],
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
error_log stderr notice;
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
