// Waits for functions of the host, which may never return.

/**
 * Returns what `run` resolves to. Throws the reason of `signal` as soon as it aborts, and `late`
 * after `deadline` milliseconds.
 *
 * @template T
 * @param {() => T | PromiseLike<T>} run
 * @param {AbortSignal} signal
 * @param {number} deadline
 * @param {Error} late
 * @returns {Promise<T>}
 */
export async function settled(run, signal, deadline, late) {
  signal.throwIfAborted();
  const done = new AbortController();
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => {
    const timer = setTimeout(reject, deadline, late);
    done.signal.addEventListener("abort", () => clearTimeout(timer));
    signal.addEventListener("abort", () => reject(signal.reason), { signal: done.signal });
  });
  try {
    return await Promise.race([run(), ended]);
  } finally {
    done.abort();
  }
}
