// What a request may ask for, and what reaches the gateway of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  CHANNEL,
  HISTORY,
  IDS,
  Reader,
  STREAM,
  startHost,
  startUpstream,
} from "./support.mjs";

/** @import { TestContext } from "node:test" */

/** @param {TestContext} t */
async function start(t) {
  const upstream = await startUpstream(t, (request, response) => {
    const isHistory = request.url?.startsWith("/logs/history");
    const type = isHistory ? "application/json" : "text/event-stream";
    response.writeHead(200, { "Content-Type": type }).end(isHistory ? "{}" : "data: x\n\n");
  });
  const host = await startHost(t, { gateway: upstream.url });
  return { upstream, host };
}

/** Queries after the two ids, with the parameters that the gateway receives. */
const FORWARDED = {
  "": {},
  "&last_event_id=1.abcdef.7%26x": { last_event_id: "1.abcdef.7&x" },
  "&batch=1&tail=1000": { batch: "1", tail: "1000" },
  "&batch=0": { batch: "0" },
  "&tail=0": { tail: "0" },
  "&last_event_id=": {},
  "&other=1&channels=logs:etl:workspace999:x": {},
  ":batch=1": { batch: "1" },
  ":last_event_id=1.k3x09a.76-4-_:batch=1:tail=1000": {
    last_event_id: "1.k3x09a.76-4-_",
    batch: "1",
    tail: "1000",
  },
  ":last_event_id=1.k3x09a.7&last_event_id=1.k3x09a.9": { last_event_id: "1.k3x09a.9" },
  ":last_event_id=1.k3x09a.7&last_event_id=": { last_event_id: "1.k3x09a.7" },
  ":last_event_id=1.k3x09a.7&last_event_id=+": { last_event_id: "1.k3x09a.7" },
  ":tail=7&tail=0": { tail: "0" },
  ":last_event_id=": {},
  ":last_event_id=a=b": { last_event_id: "a=b" },
  "%3Atail%3D5": { tail: "5" },
};

for (const [more, expected] of Object.entries(FORWARDED)) {
  test(`forwards ${JSON.stringify(more)}`, async (t) => {
    const { upstream, host } = await start(t);
    const reader = await Reader.open(`${host.url}${STREAM}?${IDS}${more}`);
    assert.equal(reader.status, 200);
    const [{ url }] = upstream.requests;
    const query = Object.fromEntries(new URL(url ?? "", upstream.url).searchParams);
    assert.deepEqual(query, { channels: CHANNEL, ...expected });
  });
}

test("streams the channel of another service", async (t) => {
  const { upstream, host } = await start(t);
  await Reader.open(`${host.url}${STREAM}?${IDS}&service=function`);
  const [{ url }] = upstream.requests;
  assert.equal(
    new URL(url ?? "", upstream.url).searchParams.get("channels"),
    "logs:function:workspace123:workflow456",
  );
});

/** Queries that are refused, each with a part of the error. */
const REFUSED = {
  "": "workspace_id is missing",
  "workspace_id=workspace123": "workflow_id is missing",
  "workspace_id=&workflow_id=b": "workspace_id is empty",
  "workspace_id=a&workflow_id=": "workflow_id is empty",
  "workspace_id=workspace123&workspace_id=workspace999&workflow_id=b":
    "workspace_id appears more than once",
  "workspace_id=workspace123&workspace%5Fid=workspace999&workflow_id=b":
    "workspace_id appears more than once",
  [`${IDS}&workflow_id=c`]: "workflow_id appears more than once",
  [`${IDS}&service=a&service=b`]: "service appears more than once",
  [`${IDS}&service=`]: "service is empty",
  [`${IDS}&last_event_id=1&last_event_id=2`]: "last_event_id appears more than once",
  [`${IDS}&batch=1&batch=1`]: "batch appears more than once",
  [`${IDS}&batch=`]: "batch is",
  [`${IDS}&batch=true`]: "batch is",
  [`${IDS}&tail=10001`]: "tail is",
  [`${IDS}&tail=-1`]: "tail is",
  [`${IDS}&tail=`]: "tail is",
  [`${IDS}&tail=1e3`]: "tail is",
  [`${IDS}:channel=x`]: 'workflow_id has "channel=x" after',
  [`${IDS}:workflow789`]: 'workflow_id has "workflow789" after',
  [`${IDS}:`]: "workflow_id has",
  [`${IDS}:__proto__=1`]: "workflow_id has",
  [`${IDS}:batch=1:batch=1`]: "batch appears more than once in workflow_id",
  [`${IDS}:tail=99999`]: "tail is",
  "workspace_id=workspace123:tail=5&workflow_id=b": "workspace_id is",
  "workspace_id=workspace123&workflow_id=a,logs:etl:workspace999:b": "workflow_id is",
  "workspace_id=workspace123&workflow_id=..": "workflow_id is",
  "workspace_id=workspace123&workflow_id=*": "workflow_id is",
  "workspace_id=workspace123&workflow_id=a%00b": "workflow_id is",
  "workspace_id=workspace123&workflow_id=a%0D%0AX-User-Id:+root": "workflow_id is",
  "workspace_id=workspace123&workflow_id=%FF": "workflow_id is",
  "workspace_id=workspace123&workflow_id=%E2%80%AEa": "workflow_id is",
  "workspace_id=workspace123&workflow_id=+a": "workflow_id is",
  [`workspace_id=workspace123&workflow_id=${"a".repeat(129)}`]: "workflow_id is",
};

for (const [query, error] of Object.entries(REFUSED)) {
  test(`refuses ${JSON.stringify(query.slice(0, 90))}`, async (t) => {
    const { upstream, host } = await start(t);
    const answer = await ask(`${host.url}${STREAM}?${query}`);
    assert.equal(answer.status, 400);
    assert.ok(answer.json.error.startsWith(error), answer.text);
    assert.equal(upstream.requests.length, 0);
  });
}

test("refuses a repeated Last-Event-ID", async (t) => {
  const { host } = await start(t);
  const answer = await ask(`${host.url}${STREAM}?${IDS}`, { "Last-Event-ID": ["1", "2"] });
  assert.deepEqual(
    [answer.status, answer.json.error],
    [400, "Last-Event-ID appears more than once"],
  );
});

test("refuses other methods, and answers HEAD like GET without a body", async (t) => {
  const { host } = await start(t);
  for (const method of ["POST", "PUT", "DELETE"]) {
    const answer = await ask(`${host.url}${STREAM}?${IDS}`, {}, method);
    assert.deepEqual([answer.status, answer.headers.allow], [405, "GET, HEAD"]);
  }
  const head = await ask(`${host.url}${STREAM}?${IDS}`, {}, "HEAD");
  assert.deepEqual(
    [head.status, head.headers["content-type"], head.text],
    [200, "text/event-stream", ""],
  );
});

test("forwards the parameters of the history", async (t) => {
  const { upstream, host } = await start(t);
  const answer = await ask(`${host.url}${HISTORY}?${IDS}&before=76&limit=10&epoch=k3x09a&x=1`);
  assert.deepEqual([answer.status, answer.text], [200, "{}"]);
  const { pathname, searchParams } = new URL(upstream.requests[0].url ?? "", upstream.url);
  assert.equal(pathname, "/logs/history");
  assert.deepEqual(Object.fromEntries(searchParams), {
    channel: CHANNEL,
    before: "76",
    limit: "10",
    epoch: "k3x09a",
  });
  const repeated = await ask(`${host.url}${HISTORY}?${IDS}&before=76&before=7`);
  assert.deepEqual([repeated.status, repeated.json.error], [400, "before appears more than once"]);
});
