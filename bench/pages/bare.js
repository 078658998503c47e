// The baseline: the browser's EventSource on the main thread, with a handler that only counts. With
// `show` it writes the newest line into the page, the minimum for a display; with `read` it reads
// the data of each event, the minimum for a client that keeps lines.

import { contend, createCount, stream } from "./contender.js";

const [isShown, isRead] = ["show", "read"].map((name) =>
  new URLSearchParams(location.search).has(name),
);

contend(async (bench) => {
  const count = createCount();
  const source = new EventSource(stream());
  // The greeting is the first message.
  await new Promise((resolve) => {
    source.onmessage = resolve;
  });
  const line = isShown ? document.body.appendChild(document.createElement("p")) : null;
  source.onmessage = () => count.add();
  if (line)
    source.onmessage = ({ data }) => {
      line.textContent = data;
    };
  if (isRead) source.onmessage = ({ data }) => count.add(data ? 1 : 0);
  source.addEventListener("end", () => {
    source.close();
    bench.finish();
  });
  return { ...count, ...(line && { rows: "p" }) };
});
