// The gateway by itself, on one core, with many readers of one channel: its memory, and the time
// from publishing to the sockets of the readers.

import { existsSync } from "node:fs";
import path from "node:path";
import { startGateway } from "../../scripts/lib/build.mjs";
import { capture, run as runProgram, runAndKeep, stop, UserError } from "../../scripts/lib/run.mjs";
import { ms, whole } from "../figures.mjs";

/**
 * @import { Lab } from "../lab.mjs"
 * @import { Contender, Options, Part } from "../types.js"
 *
 * @typedef {object} Reading What the example `readers` prints.
 * @property {number} readers
 * @property {number} logs
 * @property {number} lost
 * @property {number} p50
 * @property {number} p99
 * @property {number} worst
 * @property {number} kbPerReader
 * @property {number} kbPerReaderAfter
 *
 * @typedef {Reading & { name: string, title: string }} GatewayResult
 */

/** @type {Part<GatewayResult>} */
export const gateway = {
  title: "The gateway",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: () => false,
};

const RATE = 50;

/** Pins a program to one core: the gateway to the first, the readers to the second. */
const PIN = "/usr/bin/taskset";

/** @type {Record<string, string[]>} */
const FRAMINGS = { "one line per event": [], "batch frames": ["--batch"] };

/** @param {Options} options */
function about({ readers, seconds }) {
  return [
    `${whole(readers)} readers of one channel at ${RATE} lines/s for ${seconds} s, the gateway on `,
    "one core, readers and publisher on another; from publishing over HTTP until a reader has the ",
    "line. ",
    '"kB" is the growth of the gateway\'s resident memory per reader.',
  ].join("");
}

/**
 * @param {Lab} _lab
 * @param {Contender[]} _contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(_lab, _contenders, { readers, seconds }, { note }) {
  const [program, reader] = await build();
  /** @type {GatewayResult[]} */
  const results = [];
  for (const [title, args] of Object.entries(FRAMINGS)) {
    const { child, url } = await startGateway(...pinned(0, program, ["--demo", "--port", "0"]));
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
      const json = /^\{.*\}$/m.exec(output)?.[0];
      if (code !== 0 || !json)
        throw new UserError("bench: the readers failed; their output is above");
      results.push({ name: title, title, ...JSON.parse(json) });
      note(`gateway, ${title}: ${json.trim()}`);
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
    throw new UserError("bench: cargo could not build the gateway; its output is above");
  const metadata = capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  if (metadata === undefined) throw new UserError("bench: cargo metadata failed");
  const { target_directory: target } = JSON.parse(metadata);
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [
    path.join(target, "release", `logs-gateway${suffix}`),
    path.join(target, "release/examples", `readers${suffix}`),
  ];
}

/**
 * Returns the command that runs a program on one core. `taskset` executes the program in its place,
 * so that both have the same process id.
 *
 * @param {number} core
 * @param {string} program
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
function pinned(core, program, args) {
  return existsSync(PIN) ? [PIN, ["-c", String(core), program, ...args]] : [program, args];
}

/** @param {GatewayResult[]} results */
function rows(results) {
  return [
    [
      "framing",
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

/** @param {GatewayResult} result */
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
