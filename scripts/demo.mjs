// `npm run demo`: builds the page and the gateway, and starts the gateway with its sample job. With
// --watch, trunk serves the page and rebuilds it on save. With --chain, it starts a Python job, the
// gateway and an Express server with a React page instead, as in production.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildGateway, buildPage, DIST, precompile, startGateway, trunkEnv } from "./lib/build.mjs";
import { keepRunning, prepareChain, startJob, startServer } from "./lib/chain.mjs";
import { entry, messageOf, ROOT, stop, UserError } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const USAGE = `usage: npm run demo -- [options]
  --port N         port of the page (8080, or the next free one)
  --rate N         lines per second that the sample job writes to each workflow (0.5)
  --upstream URL   show the logs of another backend instead of the sample job's
  --watch          rebuild on save: trunk serves the page, on port 8090
  --chain          the whole path: a Python job, the gateway, an Express server, a React page
  --help           this text`;

/** The gateway's port behind the server of the chain, or the next free one. */
const GATEWAY_PORT = 8070;

/** The exit code of a gateway that the demo page killed. */
const KILLED = 137;

/** The gateway's port behind `trunk serve`, as in Trunk.toml. */
const WATCH_GATEWAY_PORT = "8091";

await entry(async () => {
  const options = parse();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.chain) return chain(options);
  if (!existsSync(DIST))
    console.log("demo: the first run compiles tools, gateway and page: up to 12 min on 2 cores");
  await setup("demo", { beside: options.watch ? undefined : precompile });
  console.log("\ndemo: building the gateway …");
  const program = await buildGateway();
  return options.watch ? watch(program, options) : show(program, options);
});

/**
 * @param {string} program
 * @param {Options} options
 */
async function show(program, options) {
  console.log("\ndemo: building the page …");
  await buildPage();
  const args = ["--demo", "--site", DIST, ...logs(options)];
  const supervised = options.upstream ? [] : ["--supervised"];
  /** @param {string[]} port */
  const start = (...port) =>
    startGateway(program, [...args, ...supervised, "--port", ...port], { show: true });
  let { child, url } = await start(options.port, "--next-free-port");
  const { port } = new URL(url);
  const busy = port === options.port ? "" : ` (port ${options.port} was busy)`;
  console.log(`\nDatashop Logs demo: ${url}/${busy} (press Ctrl-C to stop)`);
  const interrupted = interruption();
  for (;;) {
    const code = await untilDone([child], interrupted);
    if (code !== KILLED) return code;
    console.log("demo: the gateway was killed, and starts again in 5 s (press Ctrl-C to stop)");
    if ((await Promise.race([setTimeout(5_000), interrupted])) === 0) return 0;
    ({ child } = await start(port));
  }
}

/**
 * @param {string} program
 * @param {Options} options
 */
async function watch(program, options) {
  const { child, url } = await startGateway(
    program,
    ["--demo", "--port", WATCH_GATEWAY_PORT, ...logs(options)],
    { show: true },
  );
  const trunk = spawn("trunk", ["serve"], {
    cwd: ROOT,
    env: { ...process.env, ...trunkEnv() },
    stdio: "inherit",
  });
  console.log(
    `\nDatashop Logs demo: http://127.0.0.1:8090/ once trunk has built it, with logs from ${url} (press Ctrl-C to stop)`,
  );
  return untilDone([child, trunk]);
}

/** @param {Options} options */
async function chain({ port, rate }) {
  console.log(
    "demo: the first run compiles a release gateway and the client: up to 20 min on 2 cores",
  );
  await setup("package");
  console.log("\ndemo: building the gateway …");
  const program = await buildGateway({ release: true });
  await prepareChain();
  const gatewayPort = await freePort(GATEWAY_PORT);
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  const sitePort = await freePort(Number(port));
  const stops = [
    await keepRunning("the gateway", async () => {
      const { child } = await startGateway(program, ["--demo", "--port", gatewayPort], {
        show: true,
      });
      return child;
    }),
    await keepRunning("the Express server", async () => {
      const { child } = await startServer(gateway, sitePort);
      return child;
    }),
    await keepRunning("the Python job", async () => startJob("demo_job.py", gateway, [rate])),
  ];
  const url = `http://127.0.0.1:${sitePort}`;
  console.log(`
Datashop Logs demo: ${url}/ (press Ctrl-C to stop)
Kill one of the processes to see how the page recovers. Counters of the server: ${url}/stats`);
  await interruption();
  await Promise.all(stops.map((stop) => stop()));
  return 0;
}

/**
 * Returns `port` if it is free, otherwise the next one that is.
 *
 * @param {number} port
 * @returns {Promise<string>}
 */
function freePort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(freePort(port + 1)));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(String(port))));
  });
}

/** @param {Options} options */
function logs({ rate, upstream }) {
  return upstream ? ["--upstream", upstream] : ["--job", "--rate", rate];
}

/**
 * Waits for Ctrl-C.
 *
 * @returns {Promise<0>} the exit code
 */
function interruption() {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve(0));
  });
}

/**
 * Waits for Ctrl-C, or for one of the children to end; then stops the others.
 *
 * @param {import("node:child_process").ChildProcess[]} children
 * @returns {Promise<number>} the exit code
 */
async function untilDone(children, interrupted = interruption()) {
  const code = await Promise.race([
    interrupted,
    ...children.map(async (child) => (await once(child, "exit"))[0] ?? 0),
  ]);
  await Promise.all(children.map((child) => stop(child)));
  return code;
}

/** @typedef {ReturnType<typeof parse>} Options */

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        rate: { type: "string", default: "0.5" },
        upstream: { type: "string" },
        watch: { type: "boolean", default: false },
        chain: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw new Error(`--port ${values.port}: expected a number from 1 to 65535`);
    if (values.chain && (values.watch || values.upstream))
      throw new Error("--chain: expected without --watch and --upstream");
    return values;
  } catch (error) {
    throw new UserError(`demo: ${messageOf(error)}\n${USAGE}`);
  }
}
