// The headless client whole in a module worker, engine and all: what moving more than the reading there could win at best.
// Nothing is displayed, and the page is told once, at the end.

import { contend, createCount, endpoint, wanted } from "./contender.js";

contend(async (bench) => {
  const count = createCount();
  const worker = new Worker("./core-worker-thread.js", { type: "module" });
  const route = new URL(endpoint(), location.href).href;
  worker.postMessage({ endpoint: route, capacity: wanted.capacity, last: wanted.last, options: wanted.options });
  await new Promise((resolve) => (worker.onmessage = resolve));
  worker.onmessage = ({ data }) => {
    count.add(data);
    bench.finish();
  };
  return count;
});
