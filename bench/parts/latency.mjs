// Latency: in a quiet system, from the moment at which a line is published to the real gateway until its row is painted.

import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { SITE } from "../build.mjs";
import { median, missing, ms, quantile, whole } from "../figures.mjs";

export const latency = {
  title: "Latency",
  about,
  run,
  rows,
  plots,
  needsGateway: true,
  contenders: ({ isShowing, query }) => isShowing && query?.format !== "asked",
};

/** Between two lines; different ones, so that no clock of the client falls into step. */
const [LEAST_MS, MOST_MS] = [80, 240];

/** A little less than what the gateway takes. */
const HUGE_BYTES = 1_000_000;
const HUGE_LINES = 5;

/** Lines before the first that counts: connections and code are warm then. */
const WARM_UP = 5;

/** The server of the real gateway: its pages may have styles of their own, as some peers insert them. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

function about({ samples }) {
  return `${whole(samples)} lines, one at a time, published over HTTP to the real gateway; until the row is painted. Both moments by the same clock, which counts in whole milliseconds. "1 MB" is the longest time between two frames while one line of that size comes and is painted: the median of ${HUGE_LINES}.`;
}

async function run(lab, contenders, { samples, program }, { note }) {
  const gateway = await startGateway(program, ["--port", "0", "--site", SITE, "--csp", POLICY]);
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
      if (!figures.absent)
        note(`latency ${contender.name}: p50 ${figures.p50} ms, p99 ${figures.p99} ms`);
    }
  } finally {
    publisher.end();
    await stop(gateway.child);
  }
  return results;
}

async function measure(station, publisher, name, samples) {
  const times = [];
  for (let sample = 0; sample < samples + WARM_UP; sample += 1)
    times.push(await once(station, publisher, `${name} ${sample}`));
  const counted = times.slice(WARM_UP);
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

/** The frames of the page while one line of a megabyte comes and is painted; the worst of a few. */
async function huge({ page }, publisher, name) {
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

async function once({ page }, publisher, text) {
  const mark = `(sample ${text})`;
  await page.evaluate((mark) => {
    window.seen = window.bench.painted(mark);
  }, mark);
  await pause(LEAST_MS + Math.random() * (MOST_MS - LEAST_MS));
  const start = Date.now();
  await publisher.publish(mark);
  return (await page.evaluate(() => window.seen)) - start;
}

/** One connection that stays open: to open one is not what is measured. */
function createPublisher(url) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return {
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
                  : reject(new Error(`the gateway did not take a line: ${response.statusCode}`)),
              );
          },
        );
        request.on("error", reject).end(body);
      });
    },
    end: () => agent.destroy(),
  };
}

function rows(results) {
  return [["client", "p50 ms", "p95", "p99", "worst", "1 MB, worst frame ms"], ...results.map(row)];
}

function row({ title, absent, p50, p95, p99, worst, huge }) {
  return absent
    ? [title, missing(absent), "", "", "", ""]
    : [title, ms(p50), ms(p95), ms(p99), ms(worst), ms(huge)];
}

function plots(results) {
  const bars = results
    .filter(({ absent }) => !absent)
    .map(({ title, p99 }) => ({
      label: title.replaceAll(/[`*]/g, ""),
      value: p99,
      isOurs: title.includes("ours"),
    }));
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
