// In each framework, before a real gateway: nothing is held back, and each part of the protocol
// arrives.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gateway } from "../support/gateway.mjs";
import {
  ask,
  CHANNEL,
  FRAMEWORKS,
  HISTORY,
  IDS,
  Reader,
  STREAM,
  startHost,
  until,
} from "./support.mjs";

const gateway = new Gateway();
before(() => gateway.start());
after(() => gateway.stop());

for (const framework of Object.keys(FRAMEWORKS)) {
  test(`${framework}: a line arrives while the stream is open`, async (t) => {
    const host = await startHost(t, { gateway: gateway.url }, framework);
    // A browser that accepts compression would receive a compressed stream only when it ends.
    const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`, { "Accept-Encoding": "gzip" });
    assert.equal(reader.headers["content-encoding"], undefined);
    assert.equal(reader.headers["content-type"], "text/event-stream");
    const greeting = JSON.parse((await reader.next())?.data ?? "");
    assert.deepEqual(greeting.channels, [CHANNEL]);
    assert.equal(greeting.userId, "jane");
    for (let number = 1; number <= 3; number++) {
      assert.ok((await gateway.publish({ number })) > 0);
      assert.equal((await reader.nextNumber())?.number, number);
    }
    reader.close();
    await until("the gateway's stream is closed", async () => (await gateway.connections()) === 0);
  });

  test(`${framework}: resumes by the header, the query and the ids alone`, async (t) => {
    const host = await startHost(t, { gateway: gateway.url }, framework);
    const url = `${host.url}${STREAM}?${IDS}`;
    const first = await Reader.open(url);
    await first.next();
    await gateway.publishNumbers(1, 5);
    const { id = "" } = (await first.nextNumber()) ?? {};
    first.close();
    for (const [resumed, headers] of /** @type {const} */ ([
      [url, { "Last-Event-ID": id }],
      [`${url}&last_event_id=${id}`, {}],
      [`${url}:last_event_id=${id}`, {}],
    ])) {
      const reader = await Reader.open(resumed, headers);
      for (let number = 2; number <= 5; number++)
        assert.equal((await reader.nextNumber())?.number, number, resumed);
      reader.close();
    }
    const batched = await Reader.open(`${url}:last_event_id=${id}:batch=1`);
    await batched.next();
    const batch = await batched.next();
    assert.equal(batch?.event, "batch");
    assert.deepEqual(
      JSON.parse(batch?.data ?? "").map((/** @type {any} */ log) => log.data.number),
      [2, 3, 4, 5],
    );
    batched.close();
  });

  test(`${framework}: a stream begins with the newest lines`, async (t) => {
    const host = await startHost(t, { gateway: gateway.url }, framework);
    await gateway.publishNumbers(1, 9);
    for (const tail of ["&tail=3", ":tail=3"]) {
      const reader = await Reader.open(`${host.url}${STREAM}?${IDS}${tail}`);
      const greeting = JSON.parse((await reader.next())?.data ?? "");
      assert.deepEqual(greeting.received, ["tail"]);
      for (let number = 7; number <= 9; number++)
        assert.equal((await reader.nextNumber())?.number, number);
      reader.close();
    }
  });

  test(`${framework}: older lines come in pages`, async (t) => {
    const host = await startHost(t, { gateway: gateway.url }, framework);
    const url = `${host.url}${HISTORY}?${IDS}`;
    await gateway.publishNumbers(1, 6);
    const newest = await ask(`${url}&limit=3`, { "Accept-Encoding": "identity" });
    assert.equal(newest.status, 200);
    assert.equal(newest.headers["cache-control"], "no-store");
    assert.deepEqual(numbersOf(newest.json), [4, 5, 6]);
    const { seq } = newest.json.logs[0];
    const { epoch } = newest.json;
    const older = await ask(`${url}&limit=3&before=${seq}&epoch=${epoch}`);
    assert.deepEqual(numbersOf(older.json), [1, 2, 3]);
    const restarted = await ask(`${url}&before=${seq}&epoch=abcdef`);
    assert.deepEqual([restarted.status, restarted.json.epoch], [409, epoch]);
    const wrong = await ask(`${url}&limit=0`);
    assert.equal(wrong.status, 400);
    assert.match(wrong.json.error, /^limit/);
  });

  test(`${framework}: refusals are JSON`, async (t) => {
    const host = await startHost(t, { gateway: gateway.url, authorize: () => null }, framework);
    const answer = await ask(`${host.url}${STREAM}?${IDS}`, { "Accept-Encoding": "identity" });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["content-type"] ?? "", /^application\/json/);
    assert.match(answer.json.error, /not logged in/);
  });
}

test("a channel of another workspace is refused before the gateway is asked", async (t) => {
  const host = await startHost(t, { gateway: gateway.url });
  const answer = await ask(`${host.url}${STREAM}?workspace_id=workspace999&workflow_id=x`);
  assert.equal(answer.status, 403);
});

/** @param {{ logs: { data: { number: number } }[] }} page */
function numbersOf({ logs }) {
  return logs.map(({ data }) => data.number);
}
