// Nothing is lost between a publisher and a reader through the module: numbered lines, while each
// link of the chain breaks. LOGS_LINES sets how many lines each scenario publishes.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { startFaultProxy } from "../support/fault_proxy.mjs";
import { Gateway } from "../support/gateway.mjs";
import { IDS, Reader, STREAM, until } from "./support.mjs";

/** @import { ChildProcess } from "node:child_process" */
/** @import { TestContext } from "node:test" */

const LINES = Number(process.env.LOGS_LINES ?? 500);
const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), "host_program.mjs");

/** A server with the module, as a process that is killed and started again on the same port. */
class HostProcess {
  /** @type {ChildProcess | undefined} */
  #child;
  url = "";

  /** @param {string} gateway */
  constructor(gateway) {
    this.gateway = gateway;
  }

  async start() {
    const port = this.url ? new URL(this.url).port : "0";
    const { child, url } = await startGateway(process.execPath, [PROGRAM, this.gateway, port]);
    this.#child = child;
    this.url = url;
    return this;
  }

  /** @param {NodeJS.Signals} signal */
  stop(signal) {
    return stop(this.#child, { signal });
  }
}

/** Reads as the client does: reconnects with the id of the last event, and counts gaps. */
class ResumingReader {
  /** @type {number[]} */
  received = [];
  /** Numbers that a gap reported, and gaps of unknown size. */
  missing = 0;
  unknownGaps = 0;
  connections = 0;
  #cursor = "";
  #isOver = false;

  /**
   * @param {string} url
   * @param {"header" | "query" | "ids"} way How the position travels.
   */
  constructor(url, way) {
    this.url = url;
    this.way = way;
  }

  async run() {
    while (!this.#isOver) {
      try {
        await this.#readOnce();
      } catch {
        // The server is down.
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  end() {
    this.#isOver = true;
  }

  async #readOnce() {
    const cursor = this.#cursor;
    const resumed = cursor !== "";
    const url =
      this.url +
      (resumed && this.way === "query" ? `&last_event_id=${cursor}` : "") +
      (resumed && this.way === "ids" ? `:last_event_id=${cursor}` : "");
    const headers = resumed && this.way === "header" ? { "Last-Event-ID": cursor } : {};
    const reader = await Reader.open(url, headers);
    if (reader.status !== 200) return reader.close();
    this.connections += 1;
    for (;;) {
      const frame = await Promise.race([reader.next(), this.#untilOver()]);
      if (frame === undefined) break;
      if (frame.id !== "") this.#cursor = frame.id;
      if (frame.event === "gap") this.#count(JSON.parse(frame.data));
      else if (frame.id !== "") this.received.push(JSON.parse(frame.data).data.number);
    }
    reader.close();
  }

  /** @param {{ from: number | null, to: number | null }} gap */
  #count({ from, to }) {
    if (from === null || to === null) this.unknownGaps += 1;
    else this.missing += to - from + 1;
  }

  async #untilOver() {
    while (!this.#isOver) await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  }
}

/**
 * @param {TestContext} t
 * @param {{ plan?: string, way?: "header" | "query" | "ids" }} options
 */
async function startChain(t, { plan = "pass", way = "header" }) {
  const gateway = await new Gateway().start();
  const faults = await startFaultProxy(gateway.url, plan);
  const host = await new HostProcess(faults.url).start();
  const reader = new ResumingReader(`${host.url}${STREAM}?${IDS}`, way);
  const reading = reader.run();
  t.after(async () => {
    reader.end();
    await reading;
    await host.stop("SIGKILL");
    await faults.stop();
    await gateway.kill();
  });
  let number = 0;
  /** @type {number[]} */
  const accepted = [];
  const publish = async (/** @type {number} */ count) => {
    for (let left = count; left > 0; left--) {
      number += 1;
      if (await gateway.tryPublish({ number })) accepted.push(number);
    }
  };
  // From its first line on, the reader must receive every line.
  await until("the reader receives a line", async () => {
    await publish(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return reader.received.length > 0;
  });
  accepted.splice(0, accepted.indexOf(reader.received[0]));
  return { gateway, faults, host, reader, accepted, publish };
}

/** @typedef {Awaited<ReturnType<typeof startChain>>} Chain */

/**
 * Waits until the reader has received the last accepted line.
 *
 * @param {Chain} chain
 */
async function expectLast({ reader, accepted }) {
  const last = accepted[accepted.length - 1];
  await until("the last line arrives", () => reader.received[reader.received.length - 1] === last);
}

/**
 * Waits for the last accepted line, and compares all.
 *
 * @param {Chain} chain
 */
async function expectAll(chain) {
  await expectLast(chain);
  const { reader, accepted } = chain;
  assert.deepEqual(
    reader.received,
    [...new Set(reader.received)].sort((one, other) => one - other),
    "each line once, in order",
  );
  const lost = accepted.filter((number) => !reader.received.includes(number)).length;
  assert.equal(lost, reader.missing, "the lines that are missing are counted by gaps");
  console.log(
    `nothing lost: ${accepted.length} published, ${reader.received.length} received, ` +
      `${reader.missing} in gaps, ${reader.connections} connections`,
  );
}

/** Faults between the module and the gateway; each stream uses the next step of the plan. */
const FAULTS = {
  "cuts within events": "cut after=700; cut after=3001; cut after=9000; pass",
  "resets within events": "reset after=700; reset after=3001; reset after=9000; pass",
  "repeated cuts": `cut after=${LINES * 50}`,
  "pieces of one byte": "split size=1; pass",
  "refusals and errors":
    "cut after=2000; refuse; status code=500; status code=503; html; redirect to=/; pass",
};

for (const way of /** @type {const} */ (["header", "query", "ids"])) {
  for (const [name, plan] of Object.entries(FAULTS)) {
    test(`nothing is lost: ${name}, resumed by the ${way}`, async (t) => {
      const chain = await startChain(t, { plan, way });
      await chain.publish(LINES);
      await expectAll(chain);
      assert.equal(chain.reader.missing + chain.reader.unknownGaps, 0);
    });
  }
}

test("nothing is lost: the server is killed and started again, repeatedly", async (t) => {
  const chain = await startChain(t, {});
  for (let time = 0; time < 4; time++) {
    await chain.publish(LINES / 8);
    await chain.host.stop("SIGKILL");
    await chain.publish(LINES / 8);
    await chain.host.start();
    await expectLast(chain);
  }
  await expectAll(chain);
  assert.equal(chain.reader.missing + chain.reader.unknownGaps, 0);
  assert.equal(chain.reader.connections, 5);
});

test("nothing is lost: the server shuts down gracefully and starts again", async (t) => {
  const chain = await startChain(t, {});
  for (let time = 0; time < 2; time++) {
    await chain.publish(LINES / 4);
    await chain.host.stop("SIGTERM");
    await chain.publish(LINES / 4);
    await chain.host.start();
  }
  await expectAll(chain);
  assert.equal(chain.reader.missing + chain.reader.unknownGaps, 0);
});

test("nothing is lost silently: the gateway is killed and started again", async (t) => {
  const chain = await startChain(t, {});
  for (let time = 0; time < 3; time++) {
    await chain.publish(LINES / 4);
    // Its history dies with it: what the reader has not received yet is a gap of unknown size.
    await expectLast(chain);
    await chain.gateway.kill();
    await chain.publish(3);
    await chain.gateway.restartWith();
  }
  await chain.publish(10);
  await expectAll(chain);
  assert.equal(chain.reader.missing, 0);
  assert.ok(chain.reader.unknownGaps > 0, "each restart is reported");
});

test("nothing is lost silently: a history that is too short is an exact gap", async (t) => {
  const chain = await startChain(t, {});
  await chain.gateway.restartWith("--history-lines", "50");
  await until("the reader is back", async () => (await chain.gateway.connections()) > 0);
  await chain.publish(10);
  await expectLast(chain);
  await chain.host.stop("SIGKILL");
  await chain.publish(300);
  await chain.host.start();
  await expectAll(chain);
  assert.equal(chain.reader.missing, 250);
});
