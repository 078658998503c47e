// The bytes that the benchmark's server sends: lines as a real gateway words them (docs/protocol.md), numbered so that a loss is visible.
// Makes bytes, sends none.

const LEVELS = ["INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "INFO", "ERROR"];
const PIPELINES = ["INGESTION", "DATA_VALIDATION", "ETL_PROCESSING", "ENRICHMENT", "REPORTING"];
const STATUSES = ["1m 23s", "45 sec", "2m 28s", "failed", "4m 20s", "12 sec", "3m 02s"];

/** Of different lengths, as those of a job are; with the fields around them an envelope has about 325 bytes. */
const MESSAGES = [
  (n) => `Partition ${n % 64} of orders loaded: ${(n * 7919) % 100_000} rows`,
  (n) => `Validated batch ${n % 977}: ${n % 13} records rejected`,
  (n) => `Starting stage ${n % 9}`,
  (n) => `L5 tag version:v3.${n % 10} is running`,
  (n) =>
    `Publish report status: True, pipeline :: 92cd23e5-b482-${String(n % 10_000).padStart(4, "0")}`,
  (n) => `Retrying customer_${n % 31} after "connection reset" (${(n % 3) + 1})`,
  (n) => `Wrote ${(n * 31) % 5_000} rows to warehouse.fact_orders in ${n % 900} ms`,
];

const UNICODE = [
  "naïve ünïcode ✓ Größe in µm",
  "データの検証が完了しました 行",
  "загрузка завершена без ошибок",
  "😀 finished 🎉 ¡olé!",
  '\\"quoted\\" \\\\ and a tab\\tand a line\\nbreak',
];

/** What a stack trace of one screen weighs. */
const LONG = Array.from(
  { length: 24 },
  (_, depth) =>
    `    at com.datashop.etl.stage${depth}.Worker.run(Worker.java:${100 + depth}) [etl-core.jar]`,
).join("\\n");

const plain = (n) => `${escaped(MESSAGES[n % MESSAGES.length](n))} ${mark(n)}`;

/** How a line's message reads, by the name of the payload. Inside JSON already: what must be escaped is. */
const PAYLOADS = {
  usual: plain,
  // The number before the trace: of a long message a viewer may show the beginning only.
  large: (n) => `${plain(n)}\\n${LONG}`,
  unicode: (n) => `${UNICODE[n % UNICODE.length]} ${UNICODE[(n * 3) % UNICODE.length]} ${mark(n)}`,
  channels: plain,
};

/** The names of the payloads. */
export const PAYLOAD_NAMES = Object.keys(PAYLOADS);

/** How many channels the payload `channels` has, which is as many as one stream may. */
const MANY_CHANNELS = 16;

const WORKSPACE = "workspace123";

/** The channels of a payload, in the order of the cursor. */
export function channelsOf(payload) {
  const count = payload === "channels" ? MANY_CHANNELS : 1;
  return Array.from(
    { length: count },
    (_, index) => `logs:etl:${WORKSPACE}:workflow${456 + index}`,
  );
}

/** What every line's message has in it: pages look for that of the last line. */
export function mark(number) {
  return `(line ${number})`;
}

/**
 * How lines become events, by the name of the format. Each takes a list of `{ id, text }` and gives a text.
 * A format of several lines per event ends its event with the id of its last line.
 */
const FORMATS = {
  /** One line per event, as the gateway sends them today. */
  lines: (envelopes) => envelopes.map(({ id, text }) => `id: ${id}\ndata: ${text}\n\n`).join(""),
  /** 64 lines per event as a JSON array: what JSON.parse can do at best. */
  arrays: (envelopes) =>
    inGroups(
      envelopes,
      64,
      (group) => `id: ${group.at(-1).id}\ndata: [${group.map(({ text }) => text).join(",")}]\n\n`,
    ),
  /** The gateway's batch frames, for a client that asks for them; `formatOf` in server.mjs knows by which parameter. */
  batch: (envelopes) =>
    inGroups(
      envelopes,
      256,
      (group) =>
        `event: batch\nid: ${group.at(-1).id}\ndata: [${group.map(({ text }) => text).join(",")}]\n\n`,
    ),
};

/** The names of the formats. */
export const FORMAT_NAMES = Object.keys(FORMATS);

/** Lines of one payload in one format. */
export class Lines {
  #format;
  #message;
  #channels;
  #epoch;

  constructor({ payload = "usual", format = "lines", epoch = "bench0" } = {}) {
    this.#format = FORMATS[format];
    this.#message = PAYLOADS[payload];
    this.#channels = channelsOf(payload);
    this.#epoch = epoch;
  }

  /** The bytes of the lines `from..=to`, the first line being 1. */
  bytes(from, to) {
    const parts = [];
    // In blocks, since one text of all would be as large again as the bytes.
    for (let at = from; at <= to; at += BLOCK)
      parts.push(Buffer.from(this.#format(this.#envelopes(at, Math.min(to, at + BLOCK - 1)))));
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** The first event of a stream, before which nothing is promised. */
  greeting() {
    const channels = this.#channels;
    const seqs = Object.fromEntries(channels.map((channel) => [channel, { oldest: 1, newest: 0 }]));
    const now = Date.now();
    const hello = {
      type: "connection",
      status: "connected",
      channels,
      userId: "bench",
      connectionId: `bench_${now}`,
      timestamp: now,
      epoch: this.#epoch,
      seqs,
      heartbeatMs: HEARTBEAT_MS,
      refused: [],
      serverTime: now,
    };
    return `data: ${JSON.stringify(hello)}\n\n`;
  }

  /** The sign of life after the lines up to `number`. */
  heartbeat(number) {
    const seqs = Object.fromEntries(
      this.#channels.map((channel, index) => [channel, this.#seq(number, index)]),
    );
    return `event: heartbeat\ndata: ${JSON.stringify({ seqs, serverTime: Date.now() })}\n\n`;
  }

  #envelopes(from, to) {
    const now = Date.now();
    const stamp = new Date(now).toISOString();
    const list = [];
    for (let number = from; number <= to; number += 1) {
      const index = (number - 1) % this.#channels.length;
      const level = LEVELS[number % LEVELS.length];
      const entry = `{"date":"Sep 25 2025 at 01:31 PM","level":"${level}","pipeline":"${PIPELINES[number % PIPELINES.length]}","status":"${STATUSES[number % STATUSES.length]}","message":"${this.#message(number)}","timestamp":"${stamp}"}`;
      const id = `log-${now}-${number.toString(36).padStart(9, "0")}`;
      list.push({
        id: this.#cursor(number),
        text: `{"channel":"${this.#channels[index]}","data":${entry},"timestamp":${now},"id":"${id}","seq":${this.#seq(number, index)}}`,
      });
    }
    return list;
  }

  /** How many of the lines up to `number` were of a channel. */
  #seq(number, index) {
    return Math.floor((number - index - 1) / this.#channels.length) + 1;
  }

  #cursor(number) {
    if (this.#channels.length === 1) return `1.${this.#epoch}.${number.toString(36)}`;
    return `1.${this.#epoch}.${this.#channels.map((_, index) => this.#seq(number, index).toString(36)).join("-")}`;
  }
}

/** What the last event of a run is called; clients that know nothing of it do not hear it. */
export const END = "event: end\ndata: {}\n\n";

/** As the real gateway does it. */
export const HEARTBEAT_MS = 15_000;

const BLOCK = 10_000;

function escaped(text) {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

function inGroups(list, size, write) {
  let text = "";
  for (let at = 0; at < list.length; at += size) text += write(list.slice(at, at + size));
  return text;
}
