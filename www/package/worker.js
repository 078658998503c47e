// Streams in a Worker: what transport.js tells there is passed on to the page's thread, which has the engine.
// Messages to it: ["open", id, url, names, headers or null, withCredentials], ["taken", id, bytes], ["close", id]; from it: [id, kind, …].

import { EVENTS, FAILED, openEventSource, openFetch } from "../../src/browser/transport.js";

/** Bytes that may be under way to the page before no more are read. */
const MOST_BYTES = 4 << 20;

const streams = new Map();

self.onmessage = ({ data: [what, id, ...given] }) => {
  if (what === "open") open(id, ...given);
  const stream = streams.get(id);
  if (what === "taken") stream?.taken(given[0]);
  if (what === "close") {
    stream?.transport?.close();
    streams.delete(id);
  }
};

function open(id, url, names, headers, withCredentials) {
  let underWay = 0;
  let goOn = null;
  const stream = {
    transport: null,
    taken(bytes) {
      underWay -= bytes;
      if (underWay <= MOST_BYTES / 2) goOn?.();
    },
  };
  streams.set(id, stream);

  /** Gives a promise when it is time to wait. */
  function tell(kind, first, ...more) {
    if (!(first instanceof Uint8Array)) {
      self.postMessage([id, kind, first, ...more]);
      return undefined;
    }
    // What was packed lies in a buffer that transport.js uses again.
    const bytes = kind === EVENTS ? first.slice() : first;
    underWay += bytes.length;
    self.postMessage([id, kind, bytes], [bytes.buffer]);
    return underWay > MOST_BYTES ? new Promise((resolve) => (goOn = resolve)) : undefined;
  }

  try {
    stream.transport = headers
      ? openFetch(url, () => headers, tell, withCredentials)
      : openEventSource(url, names, tell, withCredentials);
  } catch (error) {
    tell(FAILED, false, error.message);
  }
}
