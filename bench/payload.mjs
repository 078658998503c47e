// The bytes that the benchmark's server sends: lines as a real gateway sends them
// (docs/protocol.md), numbered so that a loss is visible.

/** @typedef {{ id: string, text: string }} Envelope */

const LEVELS = ["INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "INFO", "ERROR"];
const PIPELINES = ["INGESTION", "DATA_VALIDATION", "ETL_PROCESSING", "ENRICHMENT", "REPORTING"];
const STATUSES = ["1m 23s", "45 sec", "2m 28s", "failed", "4m 20s", "12 sec", "3m 02s"];

/**
 * Messages of different lengths, as a job has them; an envelope has about 325 bytes.
 *
 * @type {((n: number) => string)[]}
 */
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

/** A stack trace of one screen. */
const LONG = Array.from(
  { length: 24 },
  (_, depth) =>
    `    at com.datashop.etl.stage${depth}.Worker.run(Worker.java:${100 + depth}) [etl-core.jar]`,
).join("\\n");

/** @param {number} n */
const plain = (n) => `${escaped(MESSAGES[n % MESSAGES.length](n))} ${mark(n)}`;

/**
 * The message of a line, by the name of the payload, escaped for JSON.
 *
 * @type {Record<string, (n: number) => string>}
 */
const PAYLOADS = {
  usual: plain,
  // The number comes before the trace: a viewer may show only the beginning of a long message.
  large: (n) => `${plain(n)}\\n${LONG}`,
  unicode: (n) => `${UNICODE[n % UNICODE.length]} ${UNICODE[(n * 3) % UNICODE.length]} ${mark(n)}`,
  channels: plain,
};

/** The names of the payloads. */
export const PAYLOAD_NAMES = Object.keys(PAYLOADS);

/** The number of channels of the payload `channels`: the most that one stream may have. */
const MANY_CHANNELS = 16;

const WORKSPACE = "workspace123";

/**
 * Returns the channels of a payload, in the order of the cursor.
 *
 * @param {string} payload
 */
export function channelsOf(payload) {
  const count = payload === "channels" ? MANY_CHANNELS : 1;
  return Array.from(
    { length: count },
    (_, index) => `logs:etl:${WORKSPACE}:workflow${456 + index}`,
  );
}

/**
 * Returns the mark in the message of a line: pages look for that of the last line.
 *
 * @param {number} number
 */
function mark(number) {
  return `(line ${number})`;
}

/**
 * Formats lines as events, by the name of the format. An event with several lines has the id of its
 * last line.
 *
 * @type {Record<string, (envelopes: Envelope[]) => string>}
 */
const FORMATS = {
  /** One line per event, as the gateway sends them by default. */
  lines: (envelopes) => envelopes.map(({ id, text }) => `id: ${id}\ndata: ${text}\n\n`).join(""),
  /** 64 lines per event as a JSON array: the best case for JSON.parse. */
  arrays: (envelopes) =>
    inGroups(envelopes, 64, (group) => `id: ${lastOf(group).id}\ndata: ${jsonArrayOf(group)}\n\n`),
  /**
   * The batch frames of the gateway, for a client that asks for them; see `formatOf` in server.mjs.
   */
  batch: (envelopes) =>
    inGroups(
      envelopes,
      256,
      (group) => `event: batch\nid: ${lastOf(group).id}\ndata: ${jsonArrayOf(group)}\n\n`,
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

  /**
   * Returns the bytes of the lines `from..=to`, the first line being 1.
   *
   * @param {number} from
   * @param {number} to
   */
  bytes(from, to) {
    const parts = [];
    // In blocks, since a single string would be as large again as the bytes.
    for (let at = from; at <= to; at += BLOCK)
      parts.push(Buffer.from(this.#format(this.#envelopes(at, Math.min(to, at + BLOCK - 1)))));
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Returns the first event of a stream: lines before it need not be delivered. */
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

  /**
   * Returns a heartbeat after the lines up to `number`.
   *
   * @param {number} number
   */
  heartbeat(number) {
    const seqs = Object.fromEntries(
      this.#channels.map((channel, index) => [channel, this.#seq(number, index)]),
    );
    return `event: heartbeat\ndata: ${JSON.stringify({ seqs, serverTime: Date.now() })}\n\n`;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #envelopes(from, to) {
    const now = Date.now();
    const stamp = new Date(now).toISOString();
    const list = [];
    for (let number = from; number <= to; number += 1) {
      const index = (number - 1) % this.#channels.length;
      const level = LEVELS[number % LEVELS.length];
      const pipeline = PIPELINES[number % PIPELINES.length];
      const status = STATUSES[number % STATUSES.length];
      const entry = [
        `{"date":"Sep 25 2025 at 01:31 PM","level":"${level}","pipeline":"${pipeline}",`,
        `"status":"${status}","message":"${this.#message(number)}","timestamp":"${stamp}"}`,
      ].join("");
      const id = `log-${now}-${number.toString(36).padStart(9, "0")}`;
      const seq = this.#seq(number, index);
      const text = [
        `{"channel":"${this.#channels[index]}","data":${entry},`,
        `"timestamp":${now},"id":"${id}","seq":${seq}}`,
      ].join("");
      list.push({ id: this.#cursor(number), text });
    }
    return list;
  }

  /**
   * Counts the lines up to `number` in one channel.
   *
   * @param {number} number
   * @param {number} index
   */
  #seq(number, index) {
    return Math.floor((number - index - 1) / this.#channels.length) + 1;
  }

  /** @param {number} number */
  #cursor(number) {
    const seqs = this.#channels.map((_, index) => this.#seq(number, index).toString(36));
    return `1.${this.#epoch}.${seqs.join("-")}`;
  }
}

/** The last event of a run; clients ignore events with unknown names. */
export const END = "event: end\ndata: {}\n\n";

/** The default interval of the real gateway. */
export const HEARTBEAT_MS = 15_000;

const BLOCK = 10_000;

/** @param {Envelope[]} group */
function jsonArrayOf(group) {
  return `[${group.map(({ text }) => text).join(",")}]`;
}

/** @param {Envelope[]} group */
function lastOf(group) {
  return group[group.length - 1];
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

/**
 * @param {Envelope[]} list
 * @param {number} size
 * @param {(group: Envelope[]) => string} write
 */
function inGroups(list, size, write) {
  let text = "";
  for (let at = 0; at < list.length; at += size) text += write(list.slice(at, at + size));
  return text;
}
