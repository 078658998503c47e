// The gateway's stream with other clients: an independent library that resumes by header, and curl.

import { spawnSync } from "node:child_process";
import { EventSource } from "eventsource";
import { expect, test } from "./support.mjs";

const STREAM = "/logs/stream?channels=logs:etl:workspace123:workflow456";

test("a client that only supports onmessage and ids loses nothing across cuts", async ({
  gateway,
  faults,
}) => {
  test.slow();
  const quiet = await gateway.restartWith();
  const proxy = await faults(quiet, "cut after=4000; cut after=9000; pass");
  /** @type {{ cursor: string, type?: string, data?: { message: string }, seq: number }[]} */
  const seen = [];
  const source = new EventSource(`${proxy.url}${STREAM}`);
  source.onmessage = (event) => seen.push({ cursor: event.lastEventId, ...JSON.parse(event.data) });
  try {
    await expect.poll(() => seen[0]?.type).toBe("connection");
    for (let number = 0; number < 100; number++)
      await quiet.publish({ message: `number ${number}` });
    const numbers = () => seen.flatMap(({ data }) => (data ? [data.message] : []));
    await expect.poll(() => numbers().length, { timeout: 40_000 }).toBe(100);
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, number) => `number ${number}`));
    const logs = seen.filter(({ data }) => data);
    expect(logs.map(({ seq }) => seq)).toEqual(logs.map((_, index) => index + 1));
    expect(
      logs.every(({ cursor }) => /^1\.[0-9a-z]{6}\.[0-9a-z]+$/.test(cursor) && cursor.length < 128),
    ).toBe(true);
  } finally {
    source.close();
  }
});

test("curl reads the stream, and resumes from a cursor", async ({ gateway }) => {
  const quiet = await gateway.restartWith("--heartbeat", "200ms");
  await quiet.publish({ message: "one" });
  await quiet.publish({ message: "two" });
  /** @param {string[]} args */
  const curl = (...args) =>
    spawnSync(
      "curl",
      ["--silent", "--no-buffer", "--max-time", "1", ...args, `${quiet.url}${STREAM}`],
      { encoding: "utf8" },
    ).stdout;
  const fresh = curl();
  const [, epoch] = /"epoch":"([0-9a-z]{6})"/.exec(fresh) ?? [];
  expect(fresh).not.toContain('"message":"two"');
  expect(fresh).toMatch(/event: heartbeat\ndata: .*"logs:etl:workspace123:workflow456":2/);
  expect(curl("-H", `Last-Event-ID: 1.${epoch}.1`)).toMatch(
    /id: 1\.[0-9a-z]{6}\.2\ndata: .*"message":"two"/,
  );
  expect(curl("-H", "Last-Event-ID: log-1795472915237-ndezmtrxi")).toContain('"reason":"unknown"');
  expect(curl("-H", "Last-Event-ID: 1.zzzzzz.1")).toContain('"reason":"restarted"');
});
