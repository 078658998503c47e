// @ts-check

// `npm run demo`: builds the page and the gateway, starts the gateway with its make-believe job, and says where to look.
// With --watch, trunk serves the page instead and rebuilds it on save.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildGateway, buildPage, DIST, precompile, startGateway, trunkEnv } from "./lib/build.mjs";
import { entry, ROOT, stop, UserError } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const USAGE = `usage: npm run demo -- [options]
  --port N         port of the page (8080; the next free one if it is busy)
  --rate N         lines per second that the make-believe job writes to each workflow (0.5)
  --upstream URL   show the logs of another backend instead of the make-believe job's
  --watch          rebuild on save: trunk serves the page, on port 8090
  --help           this text`;

/** The gateway's port behind `trunk serve`; Trunk.toml names it too. */
const WATCH_GATEWAY_PORT = "8091";

await entry(async () => {
  const options = parse();
  if (options.help) return console.log(USAGE);
  if (!existsSync(DIST))
    console.log(
      "demo: the first time, tools, gateway and page are compiled at once: up to 12 min on 2 cores",
    );
  await setup("demo", { beside: options.watch ? undefined : precompile });
  console.log("\ndemo: building the gateway …");
  const program = await buildGateway();
  return options.watch ? watch(program, options) : show(program, options);
});

async function show(program, options) {
  console.log("\ndemo: building the page …");
  await buildPage();
  const { child, url } = await startGateway(
    program,
    ["--port", options.port, "--next-free-port", "--site", DIST, ...logs(options)],
    { show: true },
  );
  const busy = new URL(url).port === options.port ? "" : ` (port ${options.port} was busy)`;
  console.log(`\nDatashop Logs demo: ${url}/${busy} — Ctrl-C ends it`);
  return untilDone([child]);
}

async function watch(program, options) {
  const { child, url } = await startGateway(
    program,
    ["--port", WATCH_GATEWAY_PORT, ...logs(options)],
    { show: true },
  );
  const trunk = spawn("trunk", ["serve"], {
    cwd: ROOT,
    env: { ...process.env, ...trunkEnv() },
    stdio: "inherit",
  });
  console.log(
    `\nDatashop Logs demo: trunk serves it on http://127.0.0.1:8090/ once it is built, logs come from ${url} — Ctrl-C ends both`,
  );
  return untilDone([child, trunk]);
}

function logs({ rate, upstream }) {
  return upstream ? ["--upstream", upstream] : ["--job", "--rate", rate];
}

/** Waits for Ctrl-C, or for one of the children to end by itself; then ends the others. */
async function untilDone(children) {
  const told = new Promise((resolve) =>
    ["SIGINT", "SIGTERM"].forEach((signal) => process.once(signal, () => resolve(0))),
  );
  const code = await Promise.race([
    told,
    ...children.map(async (child) => (await once(child, "exit"))[0] ?? 0),
  ]);
  await Promise.all(children.map((child) => stop(child)));
  return code;
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        rate: { type: "string", default: "0.5" },
        upstream: { type: "string" },
        watch: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw new Error(`--port ${values.port}: expected a number from 1 to 65535`);
    return values;
  } catch (error) {
    throw new UserError(`demo: ${error.message}\n${USAGE}`);
  }
}
