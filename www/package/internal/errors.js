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

/** Returns the message of what was thrown. Hosts throw anything, also errors of other windows. */
export function words(thrown) {
  return typeof thrown?.message === "string" ? thrown.message : String(thrown);
}
