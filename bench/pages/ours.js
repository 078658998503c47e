// What the pages of our own client share: whether it knows the options that a variant asks for, and when it is live.

/** The most lines that the client takes as `capacity`, should it refuse what is asked for. */
const MOST_LINES = 2_000_000;

/**
 * Calls `open(options)` with those of the variant too, and notes on `bench.absent` when one of them is not known or not taken.
 * A capacity that is refused is brought down: how much was held is a figure of its own.
 */
export function openKnowing(bench, variant, options, open) {
  const warn = console.warn;
  console.warn = (...words) => {
    const [, name] = /there is no option "(\w+)"/.exec(words[0]) ?? [];
    if (name in variant) bench.absent = `the client has no option "${name}"`;
    warn(...words);
  };
  try {
    return openWithin(options.capacity, (capacity) => open({ ...options, ...variant, capacity }));
  } catch (error) {
    bench.absent = error.message;
    return null;
  } finally {
    console.warn = warn;
  }
}

function openWithin(capacity, open) {
  try {
    return open(capacity);
  } catch (error) {
    if (error.option !== "capacity" || capacity <= MOST_LINES) throw error;
    return open(MOST_LINES);
  }
}

/** Resolves once `status()` says that the stream is live and the greeting, which comes right behind, is taken. */
export async function live(status) {
  while (!status().isLive) await pause(5);
  await pause(100);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
