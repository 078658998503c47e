// `npm run soak:gateway`: a production gateway for half an hour while readers come and go, tokens
// rotate, its configuration is reloaded, and readers freeze. No log may be missing without a gap, and
// memory, descriptors and tasks must stay flat.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./lib/build.mjs";
import { newToken } from "./lib/gateway_token.mjs";
import { numberOptions } from "./lib/number_options.mjs";
import { entry, startUntil, stop } from "./lib/run.mjs";

const USAGE = `usage: npm run soak:gateway -- [options]
  --minutes N   how long (30)
  --rate N      logs per second over all channels (200)
  --readers N   readers at a time (100)`;

const CHANNELS = 8;
const WORKSPACE = "soak";

/** How often a reader leaves, and returns with its cursor. */
const CHURN_MS = 100;
const RELOAD_MS = 15_000;
const FREEZE_MS = 60_000;
const SAMPLE_MS = 10_000;

/** The channel of readers that freeze. */
const FROZEN = CHANNELS;

/** More than the buffers of both ends of a connection hold, in logs of a kilobyte. */
const FLOOD = 12_000;

/** How much the end may exceed the start, after the history is full. */
const ALLOWED = { residentKb: 1.1, files: 1.05, threads: 1 };

/**
 * @typedef {{ residentKb: number, files: number, threads: number }} Sample
 *
 * @typedef {object} Totals
 * @property {number} published
 * @property {number} received
 * @property {number} inGaps Logs that were reported as gaps.
 * @property {number} visits Streams that were opened.
 * @property {number} frozen
 * @property {number} reloads
 * @property {string[]} faults
 */

/** The name of a channel's resource. */
const resource = (/** @type {number} */ number) => `workflow${number}`;

/** A reader that keeps its position in one channel while streams come and go. */
class Reader {
  /**
   * @param {string} url
   * @param {number} channel
   * @param {Totals} totals
   */
  constructor(url, channel, totals) {
    this.url = url;
    this.channel = channel;
    this.totals = totals;
    this.cursor = "";
    /** The number of the last log that arrived or was in a gap; 0 before the first. */
    this.last = 0;
    /** @type {http.ClientRequest | undefined} */
    this.request = undefined;
  }

  /** Opens a stream, and resolves once it sends. */
  open() {
    const name = `logs:etl:${WORKSPACE}:${resource(this.channel)}`;
    const url = `${this.url}/logs/stream?channels=${name}&batch=1`;
    const headers = {
      "X-User-Id": `soak-${this.channel}`,
      "X-Workspace-Id": WORKSPACE,
      ...(this.cursor && { "Last-Event-ID": this.cursor }),
    };
    this.totals.visits++;
    return new Promise((resolve, reject) => {
      this.request = http.get(url, { headers, agent: false }, (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`a stream was refused with ${response.statusCode}`));
          return;
        }
        let held = "";
        response.setEncoding("utf8");
        response.on("data", (text) => {
          held += text;
          const events = held.split("\n\n");
          held = events.pop() ?? "";
          for (const event of events) this.handle(event);
          resolve(undefined);
        });
        response.on("error", () => {});
        this.response = response;
      });
      this.request.on("error", reject);
    });
  }

  /** @param {string} text one event, or a comment */
  handle(text) {
    /** @type {Record<string, string>} */
    const fields = {};
    for (const line of text.split("\n")) {
      const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
      if (name) fields[name] = value;
    }
    if (fields.data === undefined) return;
    const data = JSON.parse(fields.data);
    if (data.type === "connection") {
      const [{ start }] = /** @type {{ start: number }[]} */ (Object.values(data.seqs));
      if (this.cursor === "") this.last = start;
    } else if (fields.event === "gap") this.skip(data);
    else if (fields.event === "batch") for (const log of data) this.receive(log);
    else if (fields.event === undefined || fields.event === "message") this.receive(data);
    if (fields.id) this.cursor = fields.id;
  }

  /** @param {{ seq: number }} log */
  receive({ seq }) {
    if (this.last > 0 && seq !== this.last + 1)
      this.fault(`log ${seq} came after log ${this.last}`);
    this.last = seq;
    this.totals.received++;
  }

  /** @param {{ from: number | null, to: number | null, reason: string }} gap */
  skip({ from, to, reason }) {
    if (from === null || to === null) {
      this.fault(`a gap of unknown size: ${reason}`);
      return;
    }
    if (from !== this.last + 1) this.fault(`a gap from ${from} came after log ${this.last}`);
    this.last = to;
    this.totals.inGaps += to - from + 1;
  }

  /** @param {string} text */
  fault(text) {
    if (this.totals.faults.length < 20)
      this.totals.faults.push(`${resource(this.channel)}: ${text}`);
  }

  close() {
    this.request?.destroy();
  }
}

/** The files of the gateway, and the token that publishes now. */
class Files {
  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), "gateway-soak-"));
    this.config = path.join(this.folder, "gateway.toml");
    this.tokens = path.join(this.folder, "tokens.toml");
    this.secret = "";
    /** @type {string[]} */
    this.entries = [];
  }

  /**
   * Adds a token, and keeps the one before for publishes that are under way.
   *
   * @param {string} program
   */
  rotate(program) {
    const options = { name: `soak-${Date.now()}`, workspace: WORKSPACE };
    const { secret, entry } = newToken(program, options);
    this.entries = [...this.entries.slice(-1), entry];
    writeFileSync(this.tokens, this.entries.join("\n"));
    return secret;
  }

  /** @param {number} number */
  configure(number) {
    writeFileSync(
      this.config,
      `tokens = ${JSON.stringify(this.tokens)}
trusted-proxy = ["127.0.0.1"]
history-lines = ${number % 2 === 0 ? 2_000 : 1_500}
write-timeout = "10s"
log-level = "${number % 2 === 0 ? "warn" : "error"}"
`,
    );
  }

  remove() {
    rmSync(this.folder, { recursive: true });
  }
}

/**
 * Runs the soak, prints its figures, and returns whether it passed.
 *
 * @param {string} program
 * @param {{ minutes: number, rate: number, readers: number }} options
 */
async function soak(program, { minutes, rate, readers }) {
  const files = new Files();
  files.secret = files.rotate(program);
  files.configure(0);
  const { child, match } = await startUntil(
    program,
    ["--port", "0", "--config", files.config],
    /listening on (http:\/\/\S+)/,
    { show: true },
  );
  const url = match[1];
  /** @type {Totals} */
  const totals = {
    published: 0,
    received: 0,
    inGaps: 0,
    visits: 0,
    frozen: 0,
    reloads: 0,
    faults: [],
  };
  /** @type {Sample[]} */
  const samples = [];
  const running = new AbortController();
  const { signal } = running;
  try {
    const all = Array.from(
      { length: readers },
      (_, number) => new Reader(url, number % CHANNELS, totals),
    );
    await Promise.all(all.map((reader) => reader.open()));
    const tasks = [
      repeat(signal, 1_000 / rate, () => publish(url, files, totals)),
      repeat(signal, CHURN_MS, () => leaveAndReturn(all)),
      repeat(signal, RELOAD_MS, async () => {
        const secret = files.rotate(program);
        files.configure(++totals.reloads);
        child.kill("SIGHUP");
        await delay(1_000);
        files.secret = secret;
      }),
      repeat(signal, FREEZE_MS, () => freeze(url, files, totals)),
      repeat(signal, SAMPLE_MS, async () => {
        samples.push(sample(child.pid ?? 0));
        console.log(`soak: ${JSON.stringify({ ...totals, ...samples.at(-1) })}`);
      }),
    ];
    await Promise.race([delay(minutes * 60_000), ...tasks]);
    running.abort();
    await Promise.allSettled(tasks);
    await arrived(all, totals);
    return verdict(totals, samples);
  } finally {
    running.abort();
    await stop(child);
    files.remove();
  }
}

/**
 * Calls `act` every `ms` milliseconds until `signal`, without two calls at a time.
 *
 * @param {AbortSignal} signal
 * @param {number} ms
 * @param {() => Promise<unknown>} act
 */
async function repeat(signal, ms, act) {
  let due = Date.now();
  while (!signal.aborted) {
    due = Math.max(due + ms, Date.now() - 1_000);
    if (due > Date.now()) await delay(due - Date.now());
    if (!signal.aborted) await act();
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

/**
 * Publishes the next log of the numbered channels.
 *
 * @param {string} url
 * @param {Files} files
 * @param {Totals} totals
 */
async function publish(url, files, totals) {
  const number = totals.published;
  const body = logOf(number % CHANNELS, `number ${number}`);
  const { status } = await post(url, files, { body, type: "application/json" });
  if (status === 200) totals.published++;
  else totals.faults.push(`a publish was refused with ${status}`);
}

/** Returns a log as it is published. */
function logOf(/** @type {number} */ channel, /** @type {string} */ message) {
  return JSON.stringify({
    service: "etl",
    workspace_id: WORKSPACE,
    workflow_id: resource(channel),
    logData: { level: "INFO", pipeline: "SOAK", message },
  });
}

/**
 * Sends one log, or a batch.
 *
 * @param {string} url
 * @param {Files} files
 * @param {{ body: string, type: string }} content
 * @returns {Promise<{ status: number | undefined, text: string }>}
 */
function post(url, files, { body, type }) {
  const headers = {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "X-Service-Token": files.secret,
  };
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, agent };
    const request = http.request(`${url}/logs/publish`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** @param {Reader[]} all */
async function leaveAndReturn(all) {
  const reader = all[Math.floor(Math.random() * all.length)];
  reader.close();
  await reader.open();
}

/**
 * Opens a stream that is never read, and leaves its end to the gateway. The gateway notices once the
 * buffers of the connection are full, which would take a quarter of an hour at the usual rate.
 *
 * @param {string} url
 * @param {Files} files
 * @param {Totals} totals
 */
async function freeze(url, files, totals) {
  const reader = new Reader(url, FROZEN, { ...totals, faults: [] });
  await reader.open();
  reader.response?.pause();
  for (let sent = 0; sent < FLOOD; sent += 1_000) {
    const { status, text } = await post(url, files, batchOf(1_000));
    if (status !== 200) totals.faults.push(`a batch was refused with ${status}: ${text}`);
  }
  totals.frozen++;
}

/** Returns a batch of logs of a kilobyte for the channel of frozen readers. */
function batchOf(/** @type {number} */ count) {
  const log = logOf(FROZEN, "x".repeat(1_000));
  return { body: `${log}\n`.repeat(count), type: "application/x-ndjson" };
}

/**
 * @param {number} pid
 * @returns {Sample}
 */
function sample(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    residentKb: field("VmRSS"),
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: field("Threads"),
  };
}

/**
 * Waits until all readers of a channel are at the same log.
 *
 * @param {Reader[]} all
 * @param {Totals} totals
 */
async function arrived(all, totals) {
  const deadline = Date.now() + 30_000;
  const behind = () =>
    all.filter((reader) =>
      all.some((other) => other.channel === reader.channel && other.last > reader.last),
    );
  while (behind().length > 0 && Date.now() < deadline) await delay(100);
  const numbers = new Map(all.map((reader) => [reader.channel, reader.last]));
  const newest = [...numbers.values()].reduce((sum, last) => sum + last, 0);
  if (behind().length > 0) totals.faults.push(`${behind().length} readers are behind`);
  if (newest !== totals.published)
    totals.faults.push(`${totals.published} logs were published, the newest numbers say ${newest}`);
}

/**
 * Prints the figures, and returns whether nothing was lost and nothing grew.
 *
 * @param {Totals} totals
 * @param {Sample[]} samples
 */
function verdict(totals, samples) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  /** @param {Sample[]} some @param {keyof Sample} name */
  const median = (some, name) =>
    some.map((one) => one[name]).sort((a, b) => a - b)[Math.floor(some.length / 2)];
  const names = /** @type {(keyof Sample)[]} */ (Object.keys(ALLOWED));
  const ends = names.map((name) => ({
    name,
    // The first third fills the history.
    before: median(samples.slice(third, 2 * third), name),
    after: median(samples.slice(-third), name),
  }));
  for (const { name, before, after } of ends)
    if (after > before * ALLOWED[name] + 8)
      totals.faults.push(`${name} grew from ${before} to ${after}`);
  console.log(JSON.stringify({ ...totals, ends }, null, 2));
  return totals.published > 0 && totals.received > 0 && totals.faults.length === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => {
    const chosen = numberOptions("soak", { minutes: 30, rate: 200, readers: 100 }, USAGE);
    return (await soak(await buildGateway({ release: true }), chosen)) ? 0 : 1;
  });
}
