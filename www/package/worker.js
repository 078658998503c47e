// The package's Worker: opens streams, and passes what they emit to the page's thread, where the
// client runs (internal/module/worker_host.js). It receives:
//   ["open", id, url, names, headers or null, withCredentials]
//   ["taken", id, length]   acknowledges bytes
//   ["close", id]
// and sends [id, kind, first, second, third], the arguments of `emit`.

/** @import { Emit, Transport } from "../../src/browser/transport.js" */

import { EVENTS, FAILED, openEventSource, openFetch } from "../../src/browser/transport.js";

/** Stops reading while more than this many bytes are on their way to the page. */
const MAX_BYTES_IN_FLIGHT = 4 << 20;

/**
 * The global object: only what is used of it, since the types of pages and Workers exclude each
 * other.
 *
 * @type {{
 *   onmessage: ((event: MessageEvent<[type: string, id: number, ...args: any[]]>) => void) | null,
 *   postMessage(message: unknown, transfer?: Transferable[]): void,
 * }}
 */
const scope = /** @type {any} */ (self);

/** @type {Map<number, { transport: Transport | null, acknowledge(length: number): void }>} */
const streams = new Map();

scope.onmessage = ({ data: [type, id, ...args] }) => {
  if (type === "open") {
    const [url, names, headers, withCredentials] = args;
    open(id, url, names, headers, withCredentials);
  }
  const stream = streams.get(id);
  if (type === "taken") stream?.acknowledge(args[0]);
  if (type === "close") {
    stream?.transport?.close();
    streams.delete(id);
  }
};

/**
 * @param {number} id
 * @param {string} url
 * @param {string} names
 * @param {[string, string][] | null} headers `null` for an EventSource
 * @param {boolean} [withCredentials]
 */
function open(id, url, names, headers, withCredentials) {
  let inFlight = 0;
  /** @type {(() => void) | null} */
  let resume = null;
  /** @type {{ transport: Transport | null, acknowledge(length: number): void }} */
  const stream = {
    transport: null,
    acknowledge(length) {
      inFlight -= length;
      if (inFlight <= MAX_BYTES_IN_FLIGHT / 2) resume?.();
    },
  };
  streams.set(id, stream);

  /** @type {Emit} */
  function emit(kind, first, ...rest) {
    if (!(first instanceof Uint8Array)) {
      scope.postMessage([id, kind, first, ...rest]);
      return undefined;
    }
    // Packed events are in a buffer that transport.js reuses.
    const bytes = kind === EVENTS ? first.slice() : first;
    inFlight += bytes.length;
    scope.postMessage([id, kind, bytes], [bytes.buffer]);
    if (inFlight <= MAX_BYTES_IN_FLIGHT) return undefined;
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      resume = resolve;
    });
  }

  try {
    stream.transport = headers
      ? openFetch(url, () => headers, emit, withCredentials)
      : openEventSource(url, names, emit, withCredentials);
  } catch (error) {
    emit(FAILED, false, error instanceof Error ? error.message : String(error));
  }
}
