// Streams as the client consumes them: everything that arrives together is delivered in one call,
// because a call into WebAssembly for each event would cost more than the event itself. What a
// response or an event means is decided by crates/core, not here.
//
// A transport is `{ close(), flush() }`. It reports through `emit(kind, first, second, third)`:
//   OPENED
//   FAILED    first: whether the browser refuses to retry; second: the reason if the page is it
//   EVENTS    first: the bytes of packed events, which crates/wire/src/packed.rs unpacks
//   RESPONSE  first: the status, 0 for a redirect, undefined if there was no response;
//             second: Content-Type; third: Retry-After
//   BYTES     first: bytes of the stream as received
// The bytes of EVENTS are valid only until `emit` returns. Nothing is emitted after `close()`.

export const OPENED = 0;
export const FAILED = 1;
export const EVENTS = 2;
export const RESPONSE = 3;
export const BYTES = 4;

/**
 * `emit` may return a promise to apply back-pressure: the stream is read again once it resolves.
 *
 * @typedef {(kind: number, first?: unknown, second?: unknown, third?: unknown) => unknown} Emit
 * @typedef {() => HeadersInit | Promise<HeadersInit>} HeadersProvider
 * @typedef {{ close(): void, flush(): void }} Transport
 */

/**
 * Opens an EventSource. `names` lists the events to listen to, separated by commas, in the order in
 * which packed.rs numbers them. `withCredentials` sends cookies to another origin too.
 *
 * @param {string} url
 * @param {string} names
 * @param {Emit} emit
 * @param {boolean} [withCredentials]
 * @returns {Transport}
 * @throws whatever the `EventSource` constructor throws
 */
export function openEventSource(url, names, emit, withCredentials) {
  const source = new EventSource(url, { withCredentials: Boolean(withCredentials) });
  const events = packEvents((bytes) => emit(EVENTS, bytes));
  let isClosed = false;
  const flush = () => {
    if (!isClosed) events.flush();
  };
  source.onopen = () => {
    flush();
    emit(OPENED);
  };
  source.onerror = (event) => {
    // An event that the server itself named "error" arrives here too.
    if (isMessage(event)) return;
    // The flush may close this very transport.
    flush();
    if (!isClosed) emit(FAILED, source.readyState === CLOSED);
  };
  const listeners = names.split(",").map((name, index) => {
    const prefix = `${SEPARATOR}${index}`;
    const listener = (/** @type {Event} */ event) => {
      if (isMessage(event)) events.add(prefix, event);
    };
    source.addEventListener(name, listener);
    return /** @type {const} */ ([name, listener]);
  });
  return {
    flush,
    close() {
      isClosed = true;
      source.onopen = source.onerror = null;
      for (const [name, listener] of listeners) source.removeEventListener(name, listener);
      source.close();
      events.end();
    },
  };
}

/**
 * Opens a stream by `fetch`. `provide` returns the headers of this attempt, or a promise of them.
 * `withCredentials` sends cookies to another origin too. Bytes that `emit` does not accept yet are
 * not read, so the server sees the back-pressure.
 *
 * @param {string} url
 * @param {HeadersProvider | null | undefined} provide
 * @param {Emit} emit
 * @param {boolean} [withCredentials]
 * @returns {Transport}
 */
export function openFetch(url, provide, emit, withCredentials) {
  const abort = new AbortController();
  let hasResponse = false;
  let isClosed = false;

  async function run() {
    const headers = await makeHeaders(provide);
    if (isClosed) return;
    const response = await fetch(url, {
      headers,
      cache: "no-store",
      credentials: withCredentials ? "include" : "same-origin",
      redirect: "manual",
      signal: abort.signal,
    });
    if (isClosed) return;
    hasResponse = true;
    // The browser hides both the status and the target of a redirect.
    const status = response.type === "opaqueredirect" ? 0 : response.status;
    emit(
      RESPONSE,
      status,
      response.headers.get("Content-Type") ?? "",
      response.headers.get("Retry-After") ?? "",
    );
    if (isClosed) return;
    if (response.body) await read(response.body.getReader());
    else emit(FAILED, false);
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  async function read(reader) {
    let start = performance.now();
    for (;;) {
      const { value, done } = await reader.read();
      if (isClosed) return;
      if (done) break;
      const accepted = emit(BYTES, value);
      if (accepted) await accepted;
      if (isClosed) return;
      if (performance.now() - start > SLICE_MS) {
        await nextTask();
        start = performance.now();
      }
    }
    emit(FAILED, false);
  }

  run().catch((error) => {
    if (isClosed) return;
    if (error instanceof HeadersError) emit(FAILED, false, error.message);
    else if (hasResponse) emit(FAILED, false);
    // The browser's message is the same for every network failure, so it is not passed on.
    else emit(RESPONSE);
  });
  return {
    flush() {},
    close() {
      isClosed = true;
      abort.abort();
    },
  };
}

/**
 * Returns whether the server sent this event. Decided by shape, not by class: polyfills and other
 * windows have classes of their own, and the browser's own error event has no data.
 *
 * @param {Event} event
 * @returns {event is MessageEvent<string>}
 */
function isMessage(event) {
  return "data" in event && typeof event.data === "string";
}

/**
 * Returns the data and the id of an event in the form that a stream has them: without `SEPARATOR`,
 * and the id on one line. The browser guarantees that; a polyfill may not.
 *
 * @param {MessageEvent<string>} event
 */
function contentOf(event) {
  const { data, lastEventId } = event;
  if (event instanceof MessageEvent) return [data, lastEventId];
  return [data.replace(/\r\n?/g, "\n"), String(lastEventId ?? "").replace(/[\r\n]/g, "")];
}

/**
 * Collects events until the browser has no more of them at hand, and packs them into one array.
 *
 * @param {(bytes: Uint8Array) => void} deliver
 */
function packEvents(deliver) {
  /** @type {string[]} */
  let packed = [];
  let bytes = new Uint8Array(0);
  let length = 0;
  let characters = 0;
  const encoder = new TextEncoder();
  // Not a timer: browsers delay timers by 4 ms, and in hidden tabs by a second.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = flush;

  /**
   * @param {string} prefix
   * @param {MessageEvent<string>} event
   */
  function add(prefix, event) {
    const [data, id] = contentOf(event);
    if (characters === 0) port2.postMessage(0);
    packed.push(`${prefix}${id}\n`);
    characters += data.length + 1;
    if (data.length < LARGE_CHARACTERS) {
      packed.push(data);
    } else {
      encodePacked();
      encode(data);
    }
    if (characters > MAX_CHARACTERS) flush();
  }

  /** Joins small texts, since each call of the encoder costs more than they do. */
  function encodePacked() {
    if (packed.length > 0) encode(packed.join(""));
    packed = [];
  }

  /** @param {string} text */
  function encode(text) {
    // A UTF-16 code unit takes at most three bytes.
    const needed = length + text.length * 3;
    if (bytes.length < needed) {
      const larger = new Uint8Array(needed * 2);
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    length += encoder.encodeInto(text, bytes.subarray(length)).written;
  }

  function flush() {
    if (characters === 0) return;
    encodePacked();
    const end = length;
    length = characters = 0;
    deliver(bytes.subarray(0, end));
  }

  return {
    add,
    flush,
    end() {
      characters = 0;
      port1.onmessage = null;
      port1.close();
    },
  };
}

/** @param {HeadersProvider | null | undefined} provide */
async function makeHeaders(provide) {
  try {
    const headers = new Headers(provide ? await provide() : {});
    headers.set("Accept", "text/event-stream");
    return headers;
  } catch (error) {
    const { message } = /** @type {{ message?: unknown }} */ (Object(error));
    throw new HeadersError(`could not get request headers: ${message ?? error}`);
  }
}

/** The page failed to provide the request headers. */
class HeadersError extends Error {}

/**
 * Resolves in a task of its own, after the browser had the chance to draw and to handle input.
 *
 * @returns {Promise<void>}
 */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Flushes early, since a stream that never pauses would otherwise collect without end. */
const MAX_CHARACTERS = 1 << 20;

/** Texts of at least this length are encoded by themselves: joining would copy them. */
const LARGE_CHARACTERS = 4_096;

/** How long bytes are read without a pause: half a frame on a fast screen. */
const SLICE_MS = 8;

/** Begins each packed event. A carriage return ends a line in a stream, so no field contains it. */
const SEPARATOR = "\r";

/** `EventSource.CLOSED`, which a replaced `EventSource` need not define. */
const CLOSED = 2;
