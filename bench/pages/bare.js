// The yardstick: the browser's EventSource on the main thread, with a handler that does nothing but count.
// With `show=1` it writes the newest line into the page, which is the least that a display can do.

import { contend, createCount, stream } from "./contender.js";

const isShown = new URLSearchParams(location.search).has("show");

contend(async (bench) => {
  const count = createCount();
  const source = new EventSource(stream());
  // The greeting is the first message.
  await new Promise((resolve) => (source.onmessage = resolve));
  const line = isShown ? document.body.appendChild(document.createElement("p")) : null;
  source.onmessage = line ? ({ data }) => (line.textContent = data) : () => count.add();
  source.addEventListener("end", () => {
    source.close();
    bench.finish();
  });
  return { ...count, ...(line && { rows: "p" }) };
});
