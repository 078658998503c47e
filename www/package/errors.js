// The one error class of the package. `type` is for programs, `message` for people.

export class LiveLogsError extends Error {
  constructor(type, message, { option, cause } = {}) {
    super(message);
    this.name = "LiveLogsError";
    this.type = type;
    if (option !== undefined) this.option = option;
    if (cause !== undefined) this.cause = cause;
  }
}

/** What was thrown, in words: hosts throw anything. */
export function words(thrown) {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
