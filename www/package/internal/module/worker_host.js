// Runs streams in a Worker (worker.js), one Worker for all streams of a client. If it fails, the
// streams move to the main thread.

/** @import { Emit, HeadersProvider, Transport } from "../../../../src/browser/transport.js" */
/** @import { ConnectionOptions } from "../../types/index.d.ts" */

import { FAILED } from "../../../../src/browser/transport.js";
import { messageOf } from "../errors.js";

/**
 * @typedef {object} StreamRequest
 * @property {string} url
 * @property {string} names
 * @property {HeadersProvider | null} provide `null` for an EventSource
 * @property {boolean | undefined} withCredentials
 * @property {Emit} emit
 * @property {() => Transport} openHere opens the stream on the main thread
 */

/**
 * Starts the Worker with the first stream.
 *
 * @param {() => Worker | undefined} makeWorker
 * @param {() => ConnectionOptions} options
 */
export function createWorkerHost(makeWorker, options) {
  /** @type {Worker | null} */
  let worker = null;
  let isBroken = false;
  let lastId = 0;
  /**
   * The open streams by id.
   *
   * @type {Map<number, { emit: Emit, moveHere: () => void }>}
   */
  const streams = new Map();

  function start() {
    try {
      worker = makeWorker() ?? null;
      if (!worker) throw new Error("this build of the package has none");
      worker.onmessage = ({ data: [id, ...event] }) => receive(id, event);
      worker.onerror = (event) => {
        event.preventDefault();
        fallBack("its script could not be run");
      };
    } catch (error) {
      // A policy without worker-src, or Trusted Types.
      fallBack(messageOf(error));
    }
  }

  /**
   * Moves all streams to the main thread, where later ones will be opened too.
   *
   * @param {string} reason
   */
  function fallBack(reason) {
    isBroken = true;
    if (options().console !== "off")
      console.info(`[live logs] reads on the main thread because no Worker can run: ${reason}`);
    end();
    const moved = [...streams.values()];
    streams.clear();
    for (const stream of moved) stream.moveHere();
  }

  /**
   * @param {number} id
   * @param {[kind: number, first?: unknown, ...rest: unknown[]]} event
   */
  function receive(id, [kind, first, ...rest]) {
    const stream = streams.get(id);
    if (!stream) return;
    stream.emit(kind, first, ...rest);
    // Acknowledges the bytes, so that the Worker reads on.
    if (first instanceof Uint8Array && worker) worker.postMessage(["taken", id, first.length]);
  }

  /**
   * Opens a stream in the Worker, or returns `null` if there is none.
   *
   * @param {StreamRequest} request
   * @returns {Transport | null}
   */
  function open({ url, names, provide, withCredentials, emit, openHere }) {
    if (!worker && !isBroken) start();
    if (isBroken) return null;
    lastId += 1;
    const id = lastId;
    /** @type {Transport | null} */
    let here = null;
    streams.set(id, {
      emit,
      moveHere: () => {
        here = openHere();
      },
    });
    const begin = (/** @type {[string, string][] | null} */ headers) => {
      if (streams.has(id)) worker?.postMessage(["open", id, url, names, headers, withCredentials]);
    };
    if (provide) {
      // Called here, since a function of the page cannot be sent to a Worker.
      new Promise((resolve) => resolve(provide()))
        .then((headers) => begin([...new Headers(headers)]))
        .catch((error) => {
          if (streams.has(id))
            emit(FAILED, false, `could not get request headers: ${messageOf(error)}`);
        });
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
