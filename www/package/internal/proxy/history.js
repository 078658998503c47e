// Forwards one page of the gateway's history. It is JSON, so it is sent only once it is complete.

/** @import { IncomingMessage } from "node:http" */

import { isOfType } from "./answer.js";
import { refusalOfGateway } from "./refusal.js";

/** A page ends at 1 MiB, but a single log, of 1 MiB, may follow its last one. */
const MAX_BYTES = 4 << 20;

/** Responses whose fields a reader needs: the wrong parameter, and the current epoch. */
const PASSED_ON = [400, 409];

/**
 * Returns whether the gateway's own words are for the reader.
 *
 * @param {IncomingMessage} answer
 */
export function isForReader(answer) {
  return PASSED_ON.includes(answer.statusCode ?? 0) && isOfType(answer, "application/json");
}

/**
 * Returns the whole body of a response, byte for byte.
 *
 * @param {IncomingMessage} answer
 * @param {string} address
 * @param {number} deadline Milliseconds until it must have arrived.
 * @returns {Promise<Buffer>}
 */
export function bodyOf(answer, address, deadline) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let bytes = 0;
    const fail = (/** @type {string} */ what, status = 502) => {
      reject(refusalOfGateway(status, address, what));
      answer.destroy();
    };
    const late = `did not send its history within ${deadline / 1_000} s`;
    const timer = setTimeout(() => fail(late, 504), deadline);
    answer.on("data", (/** @type {Buffer} */ chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) fail(`sent more than ${MAX_BYTES} bytes of history`);
    });
    answer.once("end", () => {
      const body = Buffer.concat(chunks);
      // Not parsed: a page is up to 1 MiB, and this process serves others meanwhile.
      if (isObject(body)) resolve(body);
      else fail("answered with JSON that is not a page of logs");
    });
    answer.once("close", () => {
      clearTimeout(timer);
      fail("ended its response early");
    });
  });
}

/** @param {Buffer} body */
function isObject(body) {
  return body.subarray(0, 16).toString("latin1").trimStart().startsWith("{");
}
