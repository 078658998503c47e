// A streaming fetch that only counts bytes: the most that the browser can deliver.

import { contend, stream, wanted } from "./contender.js";

contend(async (bench) => {
  const end = new AbortController();
  const response = await fetch(stream(), { signal: end.signal });
  const expected = Number(response.headers.get("X-Bench-Bytes"));
  if (!response.body) throw new Error("the response has no body");
  const reader = response.body.getReader();
  // The greeting arrives alone, since the server waits after it.
  await reader.read();
  let bytes = 0;
  count().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });

  async function count() {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      bytes += value.length;
      if (bytes < expected) continue;
      bench.finish();
      end.abort();
      return;
    }
  }

  const lines = () => Math.min(wanted.lines, Math.floor((bytes / expected) * wanted.lines));
  return { lines, lost: () => wanted.lines - lines(), doubled: () => 0 };
});
