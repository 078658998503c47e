// What the pages of our client share: whether it supports the options of a variant, and when it is
// live.

/** The largest `capacity` that the client accepts. */
const MOST_LINES = 2_000_000;

/**
 * Calls `open` with the options and those of the variant. If one of them is unknown or rejected,
 * sets `bench.absent`. A capacity that is too large is reduced: how much was held is a figure of
 * its own.
 *
 * @template T
 * @param {{ absent: string | null }} bench
 * @param {Record<string, unknown>} variant
 * @param {Record<string, unknown> & { capacity: number }} options
 * @param {(options: Record<string, unknown>) => T} open
 */
export function openVariant(bench, variant, options, open) {
  const warn = console.warn;
  console.warn = (...parts) => {
    const [, name] = /there is no option "(\w+)"/.exec(parts[0]) ?? [];
    if (name in variant) bench.absent = `the client has no option "${name}"`;
    warn(...parts);
  };
  try {
    const opened = openWithin(options.capacity, (capacity) =>
      open({ ...options, ...variant, capacity }),
    );
    return bench.absent === null ? opened : null;
  } catch (error) {
    bench.absent = error instanceof Error ? error.message : String(error);
    return null;
  } finally {
    console.warn = warn;
  }
}

/**
 * @template T
 * @param {number} capacity
 * @param {(capacity: number) => T} open
 */
function openWithin(capacity, open) {
  try {
    return open(capacity);
  } catch (error) {
    const isTooLarge = /** @type {{ option?: string }} */ (error).option === "capacity";
    if (!isTooLarge || capacity <= MOST_LINES) throw error;
    return open(MOST_LINES);
  }
}

/**
 * Resolves once the stream is live and the greeting, which follows, is processed.
 *
 * @param {() => { isLive: boolean }} status
 */
export async function live(status) {
  while (!status().isLive) await pause(5);
  await pause(100);
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
