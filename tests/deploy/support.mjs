// What the tests of deploy/ share: readers and publishers over HTTP/2, and what readers must have
// received.

import assert from "node:assert/strict";
import { connect } from "node:http2";
import { which } from "../../scripts/lib/tools.mjs";

/** A deadline that only a broken test reaches. */
const PATIENCE_MS = 20_000;

const IDS = { workspace_id: "workspace123", workflow_id: "workflow456" };
const STREAM = "/logs/stream?channels=logs:etl:workspace123:workflow456";

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until `done` returns true.
 *
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} done
 */
export async function until(what, done) {
  const start = Date.now();
  while (!(await done())) {
    if (Date.now() - start > PATIENCE_MS) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}

/**
 * Sends a request on a connection of its own, and returns the whole response.
 *
 * @param {{ url: string, ca: string }} server
 * @param {string} path
 * @param {{ method?: string, headers?: Record<string, string | string[]>, body?: string }} [options]
 * @returns {Promise<{ status: number, headers: Record<string, unknown>, text: string }>}
 */
export function exchange({ url, ca }, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const connection = connect(url, { ca });
    connection.on("error", reject);
    const request = connection.request({ ":method": method, ":path": path, ...headers });
    let status = 0;
    /** @type {Record<string, unknown>} */
    let received = {};
    let text = "";
    request.setEncoding("utf8");
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`${path}: no response`)));
    request.on("response", (head) => {
      status = Number(head[":status"]);
      received = head;
    });
    request.on("data", (piece) => {
      text += piece;
    });
    request.on("error", reject);
    request.on("close", () => {
      connection.destroy();
      if (status === 0) reject(new Error(`${path}: no response`));
      else resolve({ status, headers: received, text });
    });
    request.end(body);
  });
}

/** Reads as a browser does: over HTTP/2, and again from the last id after each end. */
export class Reader {
  /** @type {number[]} */
  received = [];
  /** Numbers that gaps reported, and gaps of unknown size. */
  missing = 0;
  unknownGaps = 0;
  connections = 0;
  /** The streams that ended without a goodbye. */
  broken = 0;
  #cursor = "";
  #isOver = false;
  /** @type {import("node:http2").ClientHttp2Session | undefined} */
  #connection;

  /** @param {{ url: string, ca: string }} server */
  constructor(server) {
    this.server = server;
    this.done = this.#run();
  }

  async end() {
    this.#isOver = true;
    this.#connection?.destroy();
    await this.done;
  }

  async #run() {
    while (!this.#isOver) {
      await this.#readOnce();
      await sleep(50);
    }
  }

  #readOnce() {
    return new Promise((resolve) => {
      const connection = connect(this.server.url, { ca: this.server.ca });
      this.#connection = connection;
      connection.on("error", () => {});
      connection.on("close", () => resolve(undefined));
      /** @type {Record<string, string>} */
      const headers = this.#cursor ? { "last-event-id": this.#cursor } : {};
      const request = connection.request({ ":path": STREAM, ...headers });
      let text = "";
      let [isStream, hasGoodbye] = [false, false];
      request.setEncoding("utf8");
      request.on("error", () => {});
      request.on("response", (head) => {
        isStream = head[":status"] === 200;
        this.connections += isStream ? 1 : 0;
        if (!isStream) request.close();
      });
      request.on("data", (piece) => {
        const frames = (text + piece).split("\n\n");
        text = frames.pop() ?? "";
        for (const frame of frames) hasGoodbye = this.#take(frame) || hasGoodbye;
      });
      request.on("close", () => {
        this.broken += isStream && !hasGoodbye ? 1 : 0;
        connection.destroy();
      });
    });
  }

  /**
   * Takes an event, and returns whether it is the goodbye.
   *
   * @param {string} frame
   */
  #take(frame) {
    const field = (/** @type {string} */ name) =>
      frame.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1] ?? "";
    const id = field("id");
    if (id) this.#cursor = id;
    const event = field("event");
    if (event === "gap") this.#count(JSON.parse(field("data")));
    else if (event === "" && id) this.received.push(JSON.parse(field("data")).data.number);
    return event === "bye";
  }

  /** @param {{ from: number | null, to: number | null }} gap */
  #count({ from, to }) {
    if (from === null || to === null) this.unknownGaps += 1;
    else this.missing += to - from + 1;
  }
}

/** Publishes numbers through a server, each until it is accepted. */
export class Publisher {
  /** @type {number[]} */
  accepted = [];
  /** Requests that failed or were refused. */
  refused = 0;
  #number = 0;
  #isOver = false;
  #server = { url: "", ca: "" };
  done = Promise.resolve();

  /**
   * @param {{ url: string, ca: string }} server
   * @param {Reader} reader
   */
  static async start(server, reader) {
    const publisher = new Publisher();
    // From its first number on, the reader must receive every number.
    await until("the reader receives a number", async () => {
      await publisher.#publish(server);
      await sleep(20);
      return reader.received.length > 0;
    });
    publisher.accepted.splice(0, publisher.accepted.indexOf(reader.received[0]));
    publisher.#server = server;
    publisher.resume();
    return publisher;
  }

  /** Publishes on after `end`. */
  resume() {
    this.#isOver = false;
    this.done = this.#run();
  }

  /**
   * Waits until so many more numbers are accepted.
   *
   * @param {number} count
   */
  async more(count) {
    const enough = this.accepted.length + count;
    await until(`${count} more numbers are accepted`, () => this.accepted.length >= enough);
  }

  async end() {
    this.#isOver = true;
    await this.done;
  }

  async #run() {
    while (!this.#isOver) {
      await this.#publish(this.#server);
      await sleep(2);
    }
  }

  /**
   * Publishes the next number. A repetition has the same key, so nothing is stored twice.
   *
   * @param {{ url: string, ca: string }} server
   */
  async #publish(server) {
    const number = ++this.#number;
    const options = {
      method: "POST",
      headers: { "x-service-token": "l5-etl-token", "idempotency-key": `number-${number}` },
      body: JSON.stringify({ service: "etl", ...IDS, logData: { number } }),
    };
    for (;;) {
      const status = await exchange(server, "/logs/publish", options).then(
        ({ status }) => status,
        () => 0,
      );
      if (status === 200) break;
      this.refused += 1;
      await sleep(20);
    }
    this.accepted.push(number);
  }
}

/**
 * Waits for the last number, compares all, and prints what happened. Returns how many are missing.
 *
 * @param {Reader} reader
 * @param {Publisher} publisher
 */
export async function expectAll(reader, publisher) {
  const lost = await lostBy(reader, publisher);
  console.log(
    `nothing lost: ${publisher.accepted.length} accepted, ${reader.received.length} received, ` +
      `${lost} in gaps, ${reader.unknownGaps} gaps of unknown size, ` +
      `${reader.connections} connections`,
  );
  return lost;
}

/**
 * Waits for the last number, and compares all: each once and in order, or in a gap. Returns how many
 * are missing.
 *
 * @param {Reader} reader
 * @param {Publisher} publisher
 */
export async function lostBy(reader, { accepted }) {
  const last = accepted[accepted.length - 1];
  await until("the last number arrives", () => reader.received.at(-1) === last);
  const sorted = [...new Set(reader.received)].sort((one, other) => one - other);
  assert.deepEqual(reader.received, sorted, "each number once, in order");
  const lost = accepted.filter((number) => !sorted.includes(number)).length;
  if (reader.unknownGaps === 0) assert.equal(lost, reader.missing, "what is missing is in gaps");
  return lost;
}

/**
 * Returns the options of a test that starts `program`: it is skipped where the program is missing,
 * except in CI.
 *
 * @param {string} program
 */
export function needs(program) {
  const isMissing = !process.env.CI && which(program) === undefined;
  return { skip: isMissing ? `${program} is missing` : false };
}
