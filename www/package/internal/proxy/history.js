// Forwards one page of the gateway's history. It is JSON, so it is sent only once it is complete.

/** @import { IncomingMessage } from "node:http" */

import { isOfType } from "./answer.js";
import { Refusal } from "./refusal.js";

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
 * Returns the whole body of a response.
 *
 * @param {IncomingMessage} answer
 * @param {string} address
 * @param {number} idleMs How long the gateway may be silent within it.
 * @returns {Promise<Buffer>}
 */
export function bodyOf(answer, address, idleMs) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let bytes = 0;
    const fail = (/** @type {string} */ what, status = 502) => {
      reject(new Refusal(status, `upstream ${address} ${what}`));
      answer.destroy();
    };
    const timer = setTimeout(() => fail(`was silent for ${idleMs / 1_000} s`, 504), idleMs);
    answer.on("data", (/** @type {Buffer} */ chunk) => {
      timer.refresh();
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) fail(`sent more than ${MAX_BYTES} bytes of history`);
    });
    answer.once("end", () => resolve(Buffer.concat(chunks)));
    answer.once("close", () => {
      clearTimeout(timer);
      fail("ended its response early");
    });
  });
}
