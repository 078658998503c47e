// Opens the client's streams as the options require at that moment: on the main thread, or in a
// Worker if one is wanted and available.

/** @import { ConnectionOptions } from "../../types/index.d.ts" */
/** @import { Glue, ModuleAssets, OpenStream } from "./assets.js" */

import { createWorkerHost } from "./worker_host.js";

/**
 * Returns `open`, which opens a stream for a client of `module`, and `end`, to be called when no
 * more streams will be opened. `options()` returns the options that are in force.
 *
 * @param {{ glue: Glue, assets: ModuleAssets<Glue> }} module
 * @param {() => ConnectionOptions} options
 * @returns {{ open: OpenStream, end: () => void }}
 */
export function createStreamOpener(module, options) {
  const { openEventSource, openFetch } = module.glue;
  const host = createWorkerHost(module.assets.makeWorker, options);

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
