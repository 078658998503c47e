// Gateways by themselves, each on one core: the time from publishing to the sockets of many readers,
// processor time and memory for that, and how fast logs are accepted.

import path from "node:path";
import { capture, run as runProgram, runAndKeep, UserError } from "../../scripts/lib/run.mjs";
import { ms, whole } from "../figures.mjs";
import { install, pinned } from "../gateways/index.mjs";

/**
 * @import { Lab } from "../lab.mjs"
 * @import { Contender, Options, Part } from "../types.js"
 * @import { PeerGateway, Running } from "../gateways/index.mjs"
 *
 * @typedef {object} FanOut What `load fan-out` prints.
 * @property {number} readers
 * @property {number} logs
 * @property {number} lost
 * @property {number} p50
 * @property {number} p99
 * @property {number} worst
 * @property {number} kbPerReader
 * @property {number} kbPerReaderAfter
 * @property {number} cpuPerDelivery
 *
 * @typedef {object} Throughput What `load publish` prints.
 * @property {number} logs
 * @property {number} perSecond
 * @property {number} cpuPerLog
 *
 * @typedef {{ name: string, title: string } & (
 *   | { kind: "readers", figures: FanOut }
 *   | { kind: "publish", batch: number, figures: Throughput }
 * )} GatewayResult
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

const RATE = 20;

/** The logs that are published to measure the throughput, and the sizes of the requests. */
const LOGS = 300_000;
const BATCH = 1_000;

/** @param {Options} options */
function about({ readers, seconds }) {
  return [
    `${readers.map(whole).join(" and ")} readers of one channel at ${RATE} lines/s for ${seconds} s, `,
    "each gateway on one core, readers and publisher on another; from publishing over HTTP until a ",
    'reader has the line. "µs" is the processor time of the gateway for each line of each reader, ',
    '"kB" the growth of its resident memory per reader. Then ',
    `${whole(LOGS)} lines from 32 connections, each as soon as the one before is confirmed, and `,
    `in batches of ${whole(BATCH)}.`,
  ].join("");
}

/**
 * @param {Lab} _lab
 * @param {Contender[]} _contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(_lab, _contenders, { readers, seconds, gateways }, { note }) {
  await install(gateways);
  const [program, load] = await build();
  /** @type {GatewayResult[]} */
  const results = [];
  for (const peer of gateways) {
    const { name, title } = peer;
    for (const count of readers) {
      const args = ["--readers", String(count), "--rate", String(RATE)];
      const figures = /** @type {FanOut} */ (
        await loaded(peer, program, load, "fan-out", [...args, "--seconds", String(seconds)])
      );
      results.push({ name, title, kind: "readers", figures });
      note(`gateway, ${title}: ${JSON.stringify(figures)}`);
    }
    if (name === "ours-batch") continue;
    for (const batch of peer.hasBatches ? [1, BATCH] : [1]) {
      const args = ["--logs", String(LOGS), "--batch", String(batch)];
      if (batch > 1) args.push("--connections", "4");
      const figures = /** @type {Throughput} */ (
        await loaded(peer, program, load, "publish", args)
      );
      results.push({ name, title, kind: "publish", batch, figures });
      note(`gateway, ${title}: ${JSON.stringify(figures)}`);
    }
  }
  return results;
}

/**
 * Starts a gateway, loads it, and returns the figures.
 *
 * @param {PeerGateway} peer
 * @param {string} program
 * @param {string} load
 * @param {"fan-out" | "publish"} command
 * @param {string[]} args
 * @returns {Promise<FanOut | Throughput>}
 */
async function loaded(peer, program, load, command, args) {
  const running = await peer.start(program);
  try {
    const [pinnedLoad, all] = pinned(1, load, [command, ...targetOf(peer, running), ...args]);
    const { code, output } = await runAndKeep(pinnedLoad, all);
    const json = /^\{.*\}$/m.exec(output)?.[0];
    if (code !== 0 || !json)
      throw new UserError(`bench: ${peer.title}: the load failed; its output is above`);
    return JSON.parse(json);
  } finally {
    await running.end();
  }
}

/**
 * @param {PeerGateway} peer
 * @param {Running} running
 */
function targetOf({ stream, publish, body }, { host, pids, headers }) {
  const target = ["--gateway", host, "--stream", stream, "--publish", publish, "--body", body];
  return [
    ...target,
    ...pids.flatMap((pid) => ["--pid", String(pid)]),
    ...headers.flatMap((header) => ["--header", header]),
  ];
}

async function build() {
  const args = ["build", "--quiet", "--release", "--package", "logs-gateway"];
  if ((await runProgram("cargo", [...args, "--bin", "logs-gateway", "--example", "load"])) !== 0)
    throw new UserError("bench: cargo could not build the gateway; its output is above");
  const metadata = capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  if (metadata === undefined) throw new UserError("bench: cargo metadata failed");
  const { target_directory: target } = JSON.parse(metadata);
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [
    path.join(target, "release", `logs-gateway${suffix}`),
    path.join(target, "release/examples", `load${suffix}`),
  ];
}

/** @param {GatewayResult[]} results */
function rows(results) {
  const head = ["gateway", "load", "lost", "p50 ms", "p99 ms", "worst ms", "µs", "kB open"];
  return [[...head, "kB after", "lines/s"], ...results.map(row)];
}

/** @param {GatewayResult} result */
function row(result) {
  const { title } = result;
  if (result.kind === "publish") {
    const { perSecond, cpuPerLog } = result.figures;
    const load = result.batch > 1 ? `batches of ${whole(result.batch)}` : "single publishes";
    return [title, load, "", "", "", "", cpuPerLog.toFixed(1), "", "", whole(perSecond)];
  }
  const { readers, lost, p50, p99, worst, kbPerReader, kbPerReaderAfter, cpuPerDelivery } =
    result.figures;
  return [
    title,
    `${whole(readers)} readers`,
    whole(lost),
    ms(p50),
    ms(p99),
    ms(worst),
    cpuPerDelivery.toFixed(1),
    kbPerReader.toFixed(1),
    kbPerReaderAfter.toFixed(1),
    "",
  ];
}
