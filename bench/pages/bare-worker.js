// The browser's EventSource in a module worker, with a handler that only counts. The page receives
// one message, at the end.

import { contend, createCount, stream } from "./contender.js";

contend(async (bench) => {
  const count = createCount();
  const worker = new Worker("./bare-worker-thread.js", { type: "module" });
  worker.postMessage(new URL(stream(), location.href).href);
  await new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  worker.onmessage = ({ data }) => {
    count.add(data);
    bench.finish();
  };
  return count;
});
