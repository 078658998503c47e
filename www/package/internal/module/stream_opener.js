// Opens the engine's streams as the options require at that moment: on the main thread, or in a
// Worker if one is wanted and available.

/** @import { ConnectionOptions } from "../../types/index.d.ts" */
/** @import { EngineAssets, Glue, OpenStream } from "./assets.js" */

import { createWorkerHost } from "./worker_host.js";

/**
 * Returns `open`, which opens a stream for `engine`, and `end`, to be called when no more streams
 * will be opened. `options()` returns the options that are in force.
 *
 * @param {{ glue: Glue, assets: EngineAssets<Glue> }} engine
 * @param {() => ConnectionOptions} options
 * @returns {{ open: OpenStream, end: () => void }}
 */
export function createStreamOpener(engine, options) {
  const { openEventSource, openFetch } = engine.glue;
  const host = createWorkerHost(engine.assets.makeWorker, options);

  /** @type {OpenStream} */
  function open(url, names, emit) {
    const { transport, headers, withCredentials, worker } = options();
    const isFetch = transport === "fetch";
    const provide = () => (typeof headers === "function" ? headers() : (headers ?? {}));
    const openHere = () =>
      isFetch
        ? openFetch(url, provide, emit, withCredentials)
        : openEventSource(url, names, emit, withCredentials);
    const inWorker = worker
      ? host.open({
          url,
          names,
          provide: isFetch ? provide : null,
          withCredentials,
          emit,
          openHere,
        })
      : null;
    return inWorker ?? openHere();
  }

  return { open, end: host.end };
}
