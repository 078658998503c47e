// Opens the client's streams as the options require at that moment: on the main thread, or in a
// Worker if one is wanted and available.

/** @import { ConnectionOptions } from "../../types/index.d.ts" */
/** @import { Glue, ModuleAssets, OpenStream } from "./assets.js" */

import { createWorkerHost } from "./worker_host.js";

/**
 * Returns the function that returns or promises the host's headers, or `undefined` if the transport
 * sends none.
 *
 * @param {ConnectionOptions} options
 */
export function providedHeaders({ transport, headers }) {
  if (transport !== "fetch") return undefined;
  return () => (typeof headers === "function" ? headers() : (headers ?? {}));
}

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
    const { transport, withCredentials, worker } = options();
    const isFetch = transport === "fetch";
    const provide = providedHeaders(options()) ?? (() => ({}));
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
