// Options: every wrong one throws when the proxy is created, without repeating a secret.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogsProxy } from "../../www/package/proxy.js";
import { retryAfter } from "../../www/package/internal/proxy/answer.js";
import { Tail } from "../../www/package/internal/proxy/tail.js";
import { allowAll } from "./support.mjs";

const RIGHT = { gateway: "http://127.0.0.1:8080", authorize: allowAll };

/** Options that are wrong, each with a part of the error. */
const WRONG = {
  "no gateway": [{ gateway: undefined }, "gateway: expected a URL"],
  "no URL": [{ gateway: "127.0.0.1:8080" }, "gateway: expected a URL"],
  "a file": [{ gateway: "file:///etc/passwd" }, "gateway: expected a URL"],
  "a URL with a password": [{ gateway: "http://me:hunter2@host" }, "without a user"],
  "a URL with an odd password": [{ gateway: "http:\\\\hunter2@host" }, "without a user"],
  "a URL with a query": [{ gateway: "http://host/?a=1" }, "without a query"],
  "a URL with a fragment": [{ gateway: "http://host/#a" }, "without a query"],
  "a URL with a space": [{ gateway: "http://host /" }, "gateway: expected a URL"],
  "no authorize": [{ authorize: undefined }, "authorize is undefined: expected a function"],
  "authorize as data": [{ authorize: { userId: "jane" } }, "authorize is object"],
  "a relative path": [{ path: "logs/stream" }, "path is string"],
  "a path with a query": [{ path: "/logs/stream?a" }, "path is string"],
  "a misspelt option": [{ maxStreamPerUser: 3 }, "unknown option maxStreamPerUser"],
  "a misspelt deadline": [{ deadlines: { idle: 3 } }, "unknown option deadlines.idle"],
  "a negative number": [{ heartbeatMs: -1 }, "heartbeatMs is -1: expected a whole number"],
  "a text for a number": [{ maxStreamsPerUser: "3" }, "maxStreamsPerUser is string"],
  "an endless deadline": [{ deadlines: { idleMs: 2 ** 31 } }, "deadlines.idleMs is 2147483648"],
  "no object of deadlines": [{ deadlines: 5 }, "deadlines is 5"],
  "a header of the proxy": [{ headers: { "X-User-Id": "root" } }, "headers.X-User-Id: the proxy"],
  "a header of two lines": [{ headers: { A: "hunter2\r\nB: c" } }, "headers.A: expected a string"],
  "a list of headers": [{ headers: [["A", "b"]] }, "headers is object"],
  "no callback": [{ onError: "log" }, "onError is string"],
};

for (const [name, [options, error]] of Object.entries(WRONG)) {
  test(`rejects ${name}`, () => {
    assert.throws(
      () => createLogsProxy(/** @type {any} */ ({ ...RIGHT, .../** @type {object} */ (options) })),
      (/** @type {unknown} */ thrown) => {
        assert.ok(thrown instanceof TypeError);
        assert.ok(
          thrown.message.startsWith(`logs proxy: ${error}`) ||
            thrown.message.includes(/** @type {string} */ (error)),
          thrown.message,
        );
        assert.ok(!thrown.message.includes("hunter2"));
        return true;
      },
    );
  });
}

test("accepts the URLs to which paths can be appended", () => {
  for (const gateway of ["http://127.0.0.1:3000/", "https://Host/api//", "http://[::1]:9/a@b"])
    createLogsProxy({ ...RIGHT, gateway });
});

test("bounds a Retry-After", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  for (const [value, seconds] of /** @type {const} */ ([
    ["7", 7],
    ["0", 0],
    ["999999999", 600],
    ["99999999999999999999999", 600],
    ["Fri, 27 Nov 2026 12:00:30 GMT", 30],
    ["Fri, 27 Nov 2026 11:00:00 GMT", 0],
    ["Sat, 28 Nov 2026 12:00:00 GMT", 600],
    ["-1", undefined],
    ["", undefined],
    ["soon", undefined],
  ]))
    assert.equal(retryAfter(value, now), seconds, value);
});

/** Texts, with whether they end a line, and an event. */
const ENDS = {
  "": [true, true],
  "data: a\n\n": [true, true],
  "data: a\r\n\r\n": [true, true],
  "data: a\n\r\n": [true, true],
  "\n": [true, true],
  "\r\n": [true, true],
  "data: a\r\r": [false, true],
  "data: a\r\n\r": [false, true],
  "data: a\n\r": [false, true],
  "data: a\n": [true, false],
  "data: a\r\n": [true, false],
  "data: a\n\ndata: b\n": [true, false],
  "data: a": [false, false],
  d: [false, false],
  "data: a\r": [false, false],
  "data: a\n\ndata: b": [false, false],
};

for (const [text, ends] of Object.entries(ENDS)) {
  test(`knows where ${JSON.stringify(text)} ends, however it is split`, () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const tail = new Tail();
      tail.push(Buffer.from(text.slice(0, cut)));
      tail.push(Buffer.from(text.slice(cut)));
      assert.deepEqual([tail.endsLine, tail.endsEvent], ends);
    }
  });
}
