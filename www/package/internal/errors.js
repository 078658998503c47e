// The package's only error class. `type` is for programs, `message` for people.

/** @import { LiveLogsErrorType } from "../types/index.d.ts" */

export class LiveLogsError extends Error {
  /**
   * @param {LiveLogsErrorType} type
   * @param {string} message
   * @param {{ option?: string, cause?: unknown }} [details]
   */
  constructor(type, message, { option, cause } = {}) {
    super(message);
    /** @type {"LiveLogsError"} */
    this.name = "LiveLogsError";
    this.type = type;
    if (option !== undefined) this.option = option;
    if (cause !== undefined) this.cause = cause;
  }
}

/**
 * Returns the message of a thrown value, which may be anything, including an error of another
 * window.
 *
 * @param {unknown} thrown
 */
export function messageOf(thrown) {
  const { message } = /** @type {{ message?: unknown }} */ (thrown ?? {});
  return typeof message === "string" ? message : String(thrown);
}
