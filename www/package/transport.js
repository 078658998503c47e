// Streams, as the engine hears them: what came in one go is told in one call. An engine that was called for each event would spend
// more time at its door than on the line. Decides nothing: what an answer or an event means is core's business.
//
// A transport is `{ close(), flush() }`, and tells `tell(kind, first, second, third)`:
//   OPENED
//   FAILED   first: whether the browser itself would not try again, second: why, where the page is the reason
//   EVENTS   first: bytes of events, as crates/wire/src/packed.rs unpacks them
//   ANSWER   first: status, 0 for a redirect, nothing for no answer; second: content type; third: Retry-After
//   BYTES    first: bytes of the stream as they came
// Bytes of EVENTS are the hearer's only until `tell` returns. After `close()` nothing is told.

const OPENED = 0;
export const FAILED = 1;
export const EVENTS = 2;
const ANSWER = 3;
const BYTES = 4;

/** So many characters wait at most: a stream that never pauses would else become one text without an end. */
const MOST_CHARACTERS = 1 << 20;

/** For so long bytes are taken without looking whether a frame is due: half of one, on a fast screen. */
const SLICE_MS = 8;

/** No event's data, name or id can have it: in a stream it ends a line. */
const BETWEEN = "\r";

/** `EventSource.CLOSED`, which a replaced `EventSource` need not name. */
const CLOSED = 2;

const encoder = new TextEncoder();

/**
 * Opens an EventSource. `names` are those of the events that are listened to, in the order by which packed.rs knows them.
 * With `withCredentials` cookies are sent to another origin too. Throws what the browser throws.
 */
export function openEventSource(url, names, tell, withCredentials) {
  const source = new EventSource(url, { withCredentials: Boolean(withCredentials) });
  const events = packEvents((bytes) => tell(EVENTS, bytes));
  let isClosed = false;
  const flush = () => isClosed || events.flush();
  source.onopen = () => {
    flush();
    tell(OPENED);
  };
  source.onerror = (event) => {
    // A server's own event of this name arrives here too.
    if (isMessage(event)) return;
    // It may close this very transport.
    flush();
    if (!isClosed) tell(FAILED, source.readyState === CLOSED);
  };
  const listeners = names.split(",").map((name, index) => {
    const prefix = `${BETWEEN}${index}`;
    const listener = (event) => {
      if (isMessage(event)) events.add(prefix, event);
    };
    source.addEventListener(name, listener);
    return [name, listener];
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
 * Whether the server sent this event. Told by its shape: a polyfill has classes of its own, and so has every other window; the error
 * event of the browser itself has no data.
 */
function isMessage(event) {
  return typeof event.data === "string";
}

/**
 * The data and the id of an event, as they would stand in a stream: without `BETWEEN`, and the id on one line. Those of the browser
 * itself do; those of code that replaces it need not.
 */
function contentOf(event) {
  const { data, lastEventId } = event;
  if (event instanceof MessageEvent) return [data, lastEventId];
  return [data.replace(/\r\n?/g, "\n"), String(lastEventId ?? "").replace(/[\r\n]/g, "")];
}

/** Collects events until the browser has no more of them at hand, and packs them into one array of bytes. */
function packEvents(take) {
  let packed = [];
  let bytes = new Uint8Array(0);
  let length = 0;
  let characters = 0;
  // Not a timer: browsers hold those back for 4 ms, and in hidden tabs for a second.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = flush;

  function add(prefix, event) {
    const [data, id] = contentOf(event);
    if (characters === 0) port2.postMessage(0);
    packed.push(`${prefix}${id}\n`);
    characters += data.length + 1;
    if (data.length < LARGE) {
      packed.push(data);
    } else {
      put(packed);
      packed = [];
      encode(data);
    }
    if (characters > MOST_CHARACTERS) flush();
  }

  /** Small texts are joined, since each way into the bytes costs more than they; large ones are not, since that would copy them. */
  function put(texts) {
    if (texts.length > 0) encode(texts.join(""));
  }

  function encode(text) {
    // A character is at most three bytes.
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
    put(packed);
    packed = [];
    const end = length;
    length = characters = 0;
    take(bytes.subarray(0, end));
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

/** Characters from which on a text is encoded by itself. */
const LARGE = 4_096;

/**
 * Opens a stream by `fetch`. `provide()` gives the headers of this attempt, or a promise of them; none when it is left out.
 * With `withCredentials` cookies are sent to another origin too. What is not taken is not read: the server feels it.
 */
export function openFetch(url, provide, tell, withCredentials) {
  const abort = new AbortController();
  let isAnswered = false;
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
    // The browser does not tell where a redirect leads, and gives no status.
    isAnswered = true;
    const status = response.type === "opaqueredirect" ? 0 : response.status;
    tell(
      ANSWER,
      status,
      response.headers.get("Content-Type") ?? "",
      response.headers.get("Retry-After") ?? "",
    );
    if (!isClosed) await read(response.body.getReader());
  }

  async function read(reader) {
    let start = performance.now();
    for (;;) {
      const { value, done } = await reader.read();
      if (isClosed) return;
      if (done) break;
      // A promise where who is told cannot take more now.
      const taken = tell(BYTES, value);
      if (taken) await taken;
      if (isClosed) return;
      if (performance.now() - start > SLICE_MS) {
        await nextTask();
        start = performance.now();
      }
    }
    tell(FAILED, false);
  }

  run().catch((error) => {
    if (isClosed) return;
    if (error instanceof Unprovided) tell(FAILED, false, error.message);
    else if (isAnswered) tell(FAILED, false);
    // What the browser says of a network that fails is the same sentence for all that may be wrong.
    else tell(ANSWER);
  });
  return {
    flush() {},
    close() {
      isClosed = true;
      abort.abort();
    },
  };
}

async function makeHeaders(provide) {
  try {
    const headers = new Headers(provide ? await provide() : {});
    headers.set("Accept", "text/event-stream");
    return headers;
  } catch (error) {
    throw new Unprovided(`its headers could not be had: ${error?.message ?? error}`);
  }
}

/** The page could not say with which headers to ask. */
class Unprovided extends Error {}

/** When the browser has drawn what was due, and heard what was pressed. */
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
