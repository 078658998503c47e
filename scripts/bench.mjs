// `npm run bench`: measures the client and its peers side by side. docs/benchmarks.md says what is
// measured and how; the measurements are in bench/.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSite } from "../bench/build.mjs";
import { chosen } from "../bench/contenders.mjs";
import { chosenGateways } from "../bench/gateways/index.mjs";
import { openLab } from "../bench/lab.mjs";
import { PARTS } from "../bench/parts/index.mjs";
import { PAYLOAD_NAMES } from "../bench/payload.mjs";
import { createProfiler } from "../bench/profile.mjs";
import { keep, machine, show, write } from "../bench/report.mjs";
import { buildGateway, gatewayProgram } from "./lib/build.mjs";
import { entry, messageOf, UserError } from "./lib/run.mjs";
import { buildPackage } from "./package.mjs";
import { setup } from "./setup.mjs";

/** @import { Profile } from "../bench/profile.mjs" */
/** @import { Facts } from "../bench/report.mjs" */
/** @import { Options } from "../bench/types.js" */

export { quickBench } from "../bench/quick.mjs";

const USAGE = `usage: npm run bench -- [parts] [options]
  parts: ${Object.keys(PARTS).join(", ")}; all unless named
  --only A,B           contenders by name, or 'ours', 'peers'; the bare EventSource always runs
  --rounds N           rounds of the burst (5)
  --lines N            lines of the burst (100000)
  --payload NAME       ${PAYLOAD_NAMES.join(", ")} (usual)
  --rates N,N          lines per second at a steady rate (2000,20000)
  --seconds N          how long a steady rate lasts (60)
  --held N             lines to hold for memory and search (1000000)
  --samples N          lines for the latency (200)
  --mounts N           visits for mounting (10)
  --readers N,N        readers of the gateways (1000,5000)
  --gateways A,B       gateways by name: ours, ours-batch, nchan, better-sse, node
  --hidden-seconds N   how long the tab is hidden (600)
  --patience N         seconds after which a burst is cut (60)
  --built              measure pkg/ and the gateway as built, without building them again
  --watched            attach a network listener to the page, as Playwright or open developer tools do
  --profile            profile the CPU in each last run of burst and steady; print and store it
  --write              write tables and pictures into docs/ where they have a place
  --help               this text`;

const OPTIONS = /** @type {const} */ ({
  only: { type: "string", default: "" },
  rounds: { type: "string", default: "5" },
  lines: { type: "string", default: "100000" },
  payload: { type: "string", default: "usual" },
  rates: { type: "string", default: "2000,20000" },
  seconds: { type: "string", default: "60" },
  held: { type: "string", default: "1000000" },
  samples: { type: "string", default: "200" },
  mounts: { type: "string", default: "10" },
  readers: { type: "string", default: "1000,5000" },
  gateways: { type: "string", default: "" },
  "hidden-seconds": { type: "string", default: "600" },
  patience: { type: "string", default: "60" },
  built: { type: "boolean", default: false },
  watched: { type: "boolean", default: false },
  profile: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

/**
 * What the command line asks for.
 *
 * @typedef {object} Command
 * @property {string[]} parts
 * @property {string[]} only
 * @property {boolean} isBuilt
 * @property {boolean} isWriting
 */

/** @param {Command & Options} command */
async function bench({ parts, only, isBuilt, isWriting, ...options }) {
  const named = chosen(only);
  await setup("test");
  if (!isBuilt) await buildPackage();
  const taking = Object.fromEntries(
    parts.map((name) => [
      name,
      named.filter((contender) => PARTS[name].contenders(contender, options)),
    ]),
  );
  const program = parts.some((name) => PARTS[name].needsGateway)
    ? await (isBuilt ? gatewayProgram() : buildGateway())
    : null;
  await buildSite(
    named.filter((contender) => parts.some((name) => taking[name].includes(contender))),
  );
  for (const name of parts) {
    const part = PARTS[name];
    /** @type {Facts} */
    const facts = await machine();
    // A browser for each part, so that none inherits the heap or the caches of another.
    const lab = await openLab(options);
    facts.browser = `Chromium ${lab.version}`;
    try {
      console.log(`\n=== ${part.title}: ${part.about(options)}`);
      if (facts.isBusy)
        console.log(
          `bench: this machine is busy (${facts.busyPercent} %): ratios may hold, absolute figures do not`,
        );
      const results = await part.run(
        lab,
        taking[name],
        { ...options, program },
        { note: (/** @type {string} */ line) => console.log(line) },
      );
      show(part, results);
      for (const { name, profile } of results) if (profile) showProfile(name, profile);
      const place = [
        name,
        options.payload !== "usual" && options.payload,
        options.isWatched && "watched",
      ]
        .filter(Boolean)
        .join("-");
      keep(place, facts, options, results);
      if (isWriting) write(place, part, facts, options, results);
    } finally {
      await lab.close();
    }
  }
}

/**
 * @param {string} name
 * @param {Profile} profile
 */
function showProfile(name, { busyMs, self, total, kinds }) {
  const lines = (/** @type {Profile["self"]} */ list) =>
    list
      .map(
        ({ name, share, ms }) =>
          `  ${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${name}`,
      )
      .join("\n");
  const shares = Object.entries(kinds)
    .map(([kind, ms]) => `${kind} ${ms.toFixed(0)} ms`)
    .join(", ");
  console.log(
    `\nprofile of ${name}: busy ${busyMs.toFixed(0)} ms; by the browser's account ${shares}\n in itself:\n${lines(self)}\n with what it calls:\n${lines(total)}`,
  );
}

function parse() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    const unknown = positionals.filter((name) => !(name in PARTS));
    if (unknown.length > 0)
      throw new Error(
        `${unknown.join(", ")}: expected ${Object.keys(PARTS).join(", ")}, or nothing for all`,
      );
    if (!PAYLOAD_NAMES.includes(values.payload))
      throw new Error(`--payload ${values.payload}: expected one of ${PAYLOAD_NAMES.join(", ")}`);
    return {
      rounds: positive("rounds", values.rounds),
      lines: positive("lines", values.lines),
      seconds: positive("seconds", values.seconds),
      held: positive("held", values.held),
      samples: positive("samples", values.samples),
      mounts: positive("mounts", values.mounts),
      readers: values.readers.split(",").map((text) => positive("readers", text)),
      hiddenSeconds: positive("hidden-seconds", values["hidden-seconds"]),
      patience: positive("patience", values.patience),
      rates: values.rates.split(",").map((text) => positive("rates", text)),
      payload: values.payload,
      parts: Object.keys(PARTS).filter(
        (name) => positionals.length === 0 || positionals.includes(name),
      ),
      only: values.only.split(",").filter(Boolean),
      gateways: chosenGateways(values.gateways.split(",").filter(Boolean)),
      profiler: values.profile ? createProfiler : undefined,
      isBuilt: values.built,
      isWatched: values.watched,
      isWriting: values.write,
      isHelp: values.help,
    };
  } catch (error) {
    throw new UserError(`bench: ${messageOf(error)}\n${USAGE}`);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function positive(name, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} ${text}: expected a number above 0`);
  return number;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const { isHelp, ...options } = parse();
    if (isHelp) console.log(USAGE);
    else await bench(options);
  });
}
