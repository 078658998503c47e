// The gateway by itself: many readers of one channel, on one core, as its memory and the time from publishing to the readers' sockets.

import { existsSync } from "node:fs";
import path from "node:path";
import { capture, run as runProgram, runAndKeep, stop, Told } from "../../scripts/lib/run.mjs";
import { startGateway } from "../../scripts/lib/build.mjs";
import { ms, whole } from "../figures.mjs";

export const gateway = {
  title: "The gateway",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: () => false,
};

const RATE = 50;

/** Where a program can be kept to one core: there the gateway has the first, and the readers have the second. */
const PIN = "/usr/bin/taskset";

const WAYS = { "one line per event": [], "batch frames": ["--batch"] };

function about({ readers, seconds }) {
  return `${whole(readers)} readers of one channel at ${RATE} lines/s for ${seconds} s, the gateway on one core, readers and publisher on another; from publishing, over HTTP, until a reader has the line. "kB" is what the gateway's resident memory grew by, for each reader.`;
}

async function run(lab, contenders, { readers, seconds }, { note }) {
  const [program, reader] = await build();
  const results = [];
  for (const [title, args] of Object.entries(WAYS)) {
    const { child, url } = await startGateway(...pinned(0, program, ["--port", "0"]));
    try {
      const [command, all] = pinned(1, reader, [
        "--gateway",
        new URL(url).host,
        "--pid",
        String(child.pid),
        "--readers",
        String(readers),
        "--rate",
        String(RATE),
        "--seconds",
        String(seconds),
        ...args,
      ]);
      const { code, output } = await runAndKeep(command, all);
      const said = /^\{.*\}$/m.exec(output)?.[0];
      if (code !== 0 || !said) throw new Told("bench: the readers failed; what they say is above");
      results.push({ title, ...JSON.parse(said) });
      note(`gateway, ${title}: ${said.trim()}`);
    } finally {
      await stop(child);
    }
  }
  return results;
}

async function build() {
  if (
    (await runProgram("cargo", [
      "build",
      "--quiet",
      "--release",
      "--package",
      "logs-gateway",
      "--bin",
      "logs-gateway",
      "--example",
      "readers",
    ])) !== 0
  )
    throw new Told("bench: cargo could not build the gateway; what it says is above");
  const { target_directory: target } = JSON.parse(
    capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]),
  );
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [
    path.join(target, "release", `logs-gateway${suffix}`),
    path.join(target, "release/examples", `readers${suffix}`),
  ];
}

/** `taskset` becomes the program that it starts, and so has its process id. */
function pinned(core, program, args) {
  return existsSync(PIN) ? [PIN, ["-c", String(core), program, ...args]] : [program, args];
}

function rows(results) {
  return [
    [
      "the reader asks for",
      "readers",
      "lines each",
      "lost",
      "p50 ms",
      "p99 ms",
      "worst ms",
      "kB open",
      "kB after",
    ],
    ...results.map(row),
  ];
}

function row({ title, readers, logs, lost, p50, p99, worst, kbPerReader, kbPerReaderAfter }) {
  return [
    title,
    whole(readers),
    whole(logs),
    whole(lost),
    ms(p50),
    ms(p99),
    ms(worst),
    kbPerReader.toFixed(1),
    kbPerReaderAfter.toFixed(1),
  ];
}
