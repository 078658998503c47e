// A night of three pipelines, one of which fails at 02:13 in New York: 700 lines, oldest first.

/** When the first error was logged, in milliseconds since 1970 (UTC). */
const FAILED_AT = Date.parse("2026-11-26T07:13:02.004Z");

/** The start of the message of the first error. */
export const FIRST_ERROR = "Job aborted due to stage failure";

/** What the message of each error of the failed pipeline contains. */
export const FAILURE = /Job aborted|connection refused/;

/** The whole message of the first error. */
export const TRACE = [
  `${FIRST_ERROR}: Task 14 in stage 3.0 failed 4 times`,
  ..."abcdefgh".split("").map((name) => `\tat org.apache.spark.scheduler.${name}(Stage.scala:14)`),
  "Caused by: java.io.IOException: footer checksum mismatch in part-00014",
  "\tat org.apache.parquet.Footer.read(Footer.java:81)",
].join("\n");

const PIPELINES = ["EXTRACT", "LOAD", "NOISY"];

/** Returns the lines of the night. */
export function night() {
  const before = Array.from({ length: 400 }, (_, index) =>
    line(index, FAILED_AT - (400 - index) * 500),
  );
  const failure = {
    level: "ERROR",
    pipeline: "LOAD",
    time: FAILED_AT,
    message: TRACE,
    execID: "run-8801",
    context: { attempt: 4, host: "worker-7" },
  };
  const refused = Array.from({ length: 3 }, (_, index) => ({
    level: "ERROR",
    pipeline: "LOAD",
    time: FAILED_AT + 1_000 + index * 60,
    message: `connection refused by warehouse-${index}`,
  }));
  const after = Array.from({ length: 296 }, (_, index) =>
    line(index, FAILED_AT + 2_000 + index * 500),
  );
  return [...before, failure, ...refused, ...after];
}

/**
 * @param {number} index
 * @param {number} time
 */
function line(index, time) {
  const pipeline = PIPELINES[index % 3];
  const message = pipeline === "NOISY" ? `heartbeat ${index}` : `progress ${index} of 400`;
  return {
    level: index % 10 === 4 ? "DEBUG" : "INFO",
    pipeline,
    time,
    message,
    execID: `run-${8_800 + (index % 2)}`,
  };
}
