// Latency: the time from publishing a line to the real gateway until its row is painted, on an idle
// system.

import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { SITE } from "../build.mjs";
import { median, missing, ms, quantile, whole } from "../figures.mjs";
import { barsOf } from "../plot.mjs";

/**
 * @import { Lab, Station } from "../lab.mjs"
 * @import { Contender, Options, Part, Plot, Result } from "../types.js"
 *
 * @typedef {Awaited<ReturnType<typeof measure>>} LatencyFigures
 *
 * @typedef {ReturnType<typeof createPublisher>} Publisher
 */

/** @type {Part<Result<LatencyFigures>>} */
export const latency = {
  title: "Latency",
  about,
  run,
  rows,
  plots,
  needsGateway: true,
  contenders: ({ isShowing, query }) => Boolean(isShowing) && query?.format !== "asked",
};

/** The random delay between two lines, so that no timer of the client synchronizes with it. */
const [LEAST_MS, MOST_MS] = [80, 240];

/** A little less than the gateway accepts. */
const HUGE_BYTES = 1_000_000;
const HUGE_LINES = 5;

/** The lines that are not counted: connections and code are warm afterwards. */
const WARM_UP = 5;

/** The policy of the real gateway: its pages may have inline styles, as some peers insert them. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
].join("; ");

/** @param {Options} options */
function about({ samples }) {
  return [
    `${whole(samples)} lines, one at a time, published over HTTP to the real gateway; until the `,
    'row is painted. Both times are from the same clock, in whole milliseconds. "1 MB" is the longest ',
    "time between two frames while one line of that size is received and painted: the median of ",
    `${HUGE_LINES}.`,
  ].join("");
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { samples, program }, { note }) {
  if (!program) throw new Error("the latency needs the program of the gateway");
  const args = ["--demo", "--port", "0", "--site", SITE, "--csp", POLICY];
  const gateway = await startGateway(program, args);
  const publisher = createPublisher(gateway.url);
  const results = [];
  try {
    for (const contender of contenders) {
      const figures = await lab.visit(
        contender,
        { real: 1, capacity: 10_000 },
        (station) => measure(station, publisher, contender.name, samples),
        { site: gateway.url },
      );
      results.push({ name: contender.name, title: contender.title, ...figures });
      if (figures.absent === null)
        note(`latency ${contender.name}: p50 ${figures.p50} ms, p99 ${figures.p99} ms`);
    }
  } finally {
    publisher.end();
    await stop(gateway.child);
  }
  return results;
}

/**
 * @param {Station} station
 * @param {Publisher} publisher
 * @param {string} name
 * @param {number} samples
 */
async function measure(station, publisher, name, samples) {
  /** @type {number[]} */
  const times = [];
  for (let sample = 0; sample < samples + WARM_UP; sample += 1)
    times.push(await latencyOf(station, publisher, `${name} ${sample}`));
  const counted = times.slice(WARM_UP);
  /** @param {number} share */
  const at = (share) => quantile(counted, share);
  return {
    times: counted,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    worst: Math.max(...counted),
    huge: await huge(station, publisher, name),
  };
}

/**
 * Returns the median of the longest frames while a line of a megabyte is received and painted.
 *
 * @param {Station} station
 * @param {Publisher} publisher
 * @param {string} name
 */
async function huge({ page }, publisher, name) {
  /** @type {(number | null)[]} */
  const worst = [];
  for (let line = 0; line < HUGE_LINES; line += 1) {
    const mark = `(huge ${name} ${line})`;
    await page.evaluate((mark) => {
      window.smooth = window.bench.paintedSmoothly(mark);
    }, mark);
    await pause(MOST_MS);
    await publisher.publish(`${mark} ${"x".repeat(HUGE_BYTES)}`);
    worst.push((await page.evaluate(() => window.smooth)).frames.worst);
  }
  return median(worst);
}

/**
 * Publishes a line, and returns the time until it is painted, in milliseconds.
 *
 * @param {Station} station
 * @param {Publisher} publisher
 * @param {string} text
 */
async function latencyOf({ page }, publisher, text) {
  const mark = `(sample ${text})`;
  await page.evaluate((mark) => {
    window.seen = window.bench.painted(mark);
  }, mark);
  await pause(LEAST_MS + Math.random() * (MOST_MS - LEAST_MS));
  const start = Date.now();
  await publisher.publish(mark);
  return (await page.evaluate(() => window.seen)) - start;
}

/**
 * Creates a publisher with one open connection, so that opening one is not measured.
 *
 * @param {string} url
 */
function createPublisher(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return {
    /**
     * @param {string} mark
     * @returns {Promise<void>}
     */
    publish(mark) {
      const logData = {
        date: "Sep 25 2025 at 01:31 PM",
        level: "INFO",
        pipeline: "INGESTION",
        status: "12 sec",
        message: `One line ${mark}`,
        timestamp: new Date().toISOString(),
      };
      const body = JSON.stringify({
        service: "etl",
        workspace_id: "workspace123",
        workflow_id: "workflow456",
        logData,
      });
      const headers = {
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(body),
        "X-Service-Token": "l5-etl-token",
      };
      return new Promise((resolve, reject) => {
        const request = http.request(
          `${url}/logs/stream`,
          { method: "POST", agent, headers },
          (response) => {
            response
              .resume()
              .on("end", () =>
                response.statusCode === 200
                  ? resolve()
                  : reject(new Error(`gateway rejected a line: ${response.statusCode}`)),
              );
          },
        );
        request.on("error", reject).end(body);
      });
    },
    end: () => agent.destroy(),
  };
}

/** @param {Result<LatencyFigures>[]} results */
function rows(results) {
  return [["client", "p50 ms", "p95", "p99", "worst", "1 MB, worst frame ms"], ...results.map(row)];
}

/** @param {Result<LatencyFigures>} result */
function row(result) {
  const { title } = result;
  if (result.absent !== null) return [title, missing(result.absent), "", "", "", ""];
  const { p50, p95, p99, worst, huge } = result;
  return [title, ms(p50), ms(p95), ms(p99), ms(worst), ms(huge)];
}

/**
 * @param {Result<LatencyFigures>[]} results
 * @returns {Record<string, Plot>}
 */
function plots(results) {
  const bars = barsOf(results, ({ p99 }) => p99);
  return {
    latency: {
      title: "From publishing to painted, 99th percentile",
      unit: "ms",
      isLogarithmic: true,
      bars,
      format: ms,
    },
  };
}
