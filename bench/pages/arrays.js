// EventSource with 64 lines per event, as a JSON array for JSON.parse: objects are kept, nothing is
// displayed.

import { contend, createTally, stream } from "./contender.js";

contend(async (bench) => {
  const tally = createTally();
  const held = [];
  const source = new EventSource(stream("arrays"));
  await new Promise((resolve) => {
    source.onmessage = resolve;
  });
  source.onmessage = ({ data }) => {
    for (const envelope of JSON.parse(data)) {
      tally.count(envelope);
      held.push(envelope);
    }
  };
  source.addEventListener("end", () => {
    source.close();
    bench.finish();
  });
  return { ...tally, held: () => held.length };
});
