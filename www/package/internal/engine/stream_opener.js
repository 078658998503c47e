// How the engine's streams are opened, as the options say at the moment: on the main thread, or in a Worker where that can be had.

import { words } from "../errors.js";

// The kinds of transport.js; what else there is passes through.
const FAILED = 1;

/**
 * `open(url, names, tell)` for `engine`, and `end()` for when no stream will be opened any more.
 * `options()` returns `{ transport, headers, withCredentials, worker, console }`.
 */
export function createOpener(engine, options) {
  const { openEventSource, openFetch } = engine.glue;
  const host = createHost(engine.assets.makeWorker, options);

  function open(url, names, tell) {
    const { transport, headers, withCredentials, worker } = options();
    const isFetch = transport === "fetch";
    const provide = () => (typeof headers === "function" ? headers() : (headers ?? {}));
    const here = () =>
      isFetch
        ? openFetch(url, provide, tell, withCredentials)
        : openEventSource(url, names, tell, withCredentials);
    return (
      (worker && host.open(isFetch ? provide : null, url, names, withCredentials, tell, here)) ||
      here()
    );
  }

  return { open, end: host.end };
}

/** One Worker for all streams of one engine's client, begun with the first that asks for it. */
function createHost(makeWorker, options) {
  let worker = null;
  let isBroken = false;
  let last = 0;
  /** The streams that are open in it: what to tell, and what to do when the Worker cannot be had. */
  const streams = new Map();

  function start() {
    try {
      worker = makeWorker();
      if (!worker) throw new Error("this build of the package has none");
      worker.onmessage = ({ data: [id, ...told] }) => hear(id, told);
      worker.onerror = (event) => {
        event.preventDefault();
        giveUp("its file could not be run");
      };
    } catch (error) {
      // A policy without worker-src, or Trusted Types.
      giveUp(words(error));
    }
  }

  /** From here on all is done on the main thread, and what was open is opened there. */
  function giveUp(why) {
    isBroken = true;
    if (options().console !== "off")
      console.info(`[live logs] reads on the main thread, since a Worker cannot be had: ${why}`);
    end();
    const left = [...streams.values()];
    streams.clear();
    for (const stream of left) stream.moveHere();
  }

  function hear(id, [kind, first, ...more]) {
    const stream = streams.get(id);
    if (!stream) return;
    stream.tell(kind, first, ...more);
    // The Worker reads on when its bytes are taken.
    if (first instanceof Uint8Array && worker) worker.postMessage(["taken", id, first.length]);
  }

  function open(provide, url, names, withCredentials, tell, openHere) {
    if (!worker && !isBroken) start();
    if (isBroken) return null;
    last += 1;
    const id = last;
    let here = null;
    streams.set(id, { tell, moveHere: () => (here = openHere()) });
    const begin = (headers) =>
      streams.has(id) && worker.postMessage(["open", id, url, names, headers, withCredentials]);
    if (provide) {
      // Here, since a function of the page does not cross.
      new Promise((resolve) => resolve(provide()))
        .then((headers) => begin([...new Headers(headers)]))
        .catch(
          (error) =>
            streams.has(id) && tell(FAILED, false, `its headers could not be had: ${words(error)}`),
        );
    } else {
      begin(null);
    }
    return {
      flush: () => here?.flush(),
      close() {
        here?.close();
        if (streams.delete(id) && worker) worker.postMessage(["close", id]);
      },
    };
  }

  function end() {
    if (worker) worker.terminate();
    worker = null;
  }

  return { open, end };
}
