// A streaming fetch, the npm package eventsource-parser, and JSON.parse: nothing is kept, nothing
// is displayed.

import { createParser } from "eventsource-parser";
import { contend, createTally, stream } from "./contender.js";

/** @import { EventSourceParser } from "eventsource-parser" */

contend(async (bench) => {
  const tally = createTally();
  const end = new AbortController();
  const { body } = await fetch(stream(), { signal: end.signal });
  if (!body) throw new Error("the stream has no body");
  /** @type {PromiseWithResolvers<void>} */
  const greeted = Promise.withResolvers();

  const parser = createParser({
    onEvent({ event, data }) {
      if (event === "end") {
        bench.finish();
        end.abort();
      }
      if (event) return;
      const envelope = JSON.parse(data);
      if (envelope.type === "connection") greeted.resolve();
      else tally.count(envelope);
    },
  });

  read(body.getReader(), parser);
  await greeted.promise;
  return tally;
});

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {EventSourceParser} parser
 */
async function read(reader, parser) {
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
}
