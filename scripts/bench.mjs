// `npm run bench`: measures the client and its peers side by side. docs/benchmarks.md says what is
// measured and how; the measurements are in bench/.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSite } from "../bench/build.mjs";
import { chosen } from "../bench/contenders.mjs";
import { openLab } from "../bench/lab.mjs";
import { PARTS } from "../bench/parts/index.mjs";
import { PAYLOAD_NAMES } from "../bench/payload.mjs";
import { createProfiler } from "../bench/profile.mjs";
import { keep, machine, show, write } from "../bench/report.mjs";
import { buildGateway, gatewayProgram } from "./lib/build.mjs";
import { entry, messageOf, UserError } from "./lib/run.mjs";
import { buildPackage } from "./package.mjs";
import { setup } from "./setup.mjs";

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
  --readers N          readers of the gateway (2000)
  --hidden-seconds N   how long the tab is hidden (600)
  --patience N         seconds after which a burst is cut (60)
  --built              measure pkg/ and the gateway as built, without building them again
  --watched            attach a network listener to the page, as Playwright or open developer tools do
  --profile            profile the CPU in each last run of burst and steady; print and store it
  --write              write tables and pictures into docs/ where they have a place
  --help               this text`;

const NUMBERS = {
  rounds: "5",
  lines: "100000",
  seconds: "60",
  held: "1000000",
  samples: "200",
  mounts: "10",
  readers: "2000",
  "hidden-seconds": "600",
  patience: "60",
};

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
        { note: (line) => console.log(line) },
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

function showProfile(name, { busyMs, self, total, kinds }) {
  const lines = (list) =>
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
    const texts = Object.fromEntries(
      Object.entries(NUMBERS).map(([name, value]) => [name, { type: "string", default: value }]),
    );
    const flags = Object.fromEntries(
      ["built", "watched", "profile", "write", "help"].map((name) => [
        name,
        { type: "boolean", default: false },
      ]),
    );
    const { values, positionals } = parseArgs({
      options: {
        ...texts,
        ...flags,
        only: { type: "string", default: "" },
        rates: { type: "string", default: "2000,20000" },
        payload: { type: "string", default: "usual" },
      },
      allowPositionals: true,
    });
    const unknown = positionals.filter((name) => !(name in PARTS));
    if (unknown.length > 0)
      throw new Error(
        `${unknown.join(", ")}: expected ${Object.keys(PARTS).join(", ")}, or nothing for all`,
      );
    if (!PAYLOAD_NAMES.includes(values.payload))
      throw new Error(`--payload ${values.payload}: expected one of ${PAYLOAD_NAMES.join(", ")}`);
    const numbers = Object.fromEntries(
      Object.keys(NUMBERS).map((name) => [name, positive(name, values[name])]),
    );
    return {
      ...numbers,
      hiddenSeconds: numbers["hidden-seconds"],
      rates: values.rates.split(",").map((text) => positive("rates", text)),
      payload: values.payload,
      parts:
        positionals.length > 0
          ? Object.keys(PARTS).filter((name) => positionals.includes(name))
          : Object.keys(PARTS),
      only: values.only.split(",").filter(Boolean),
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
