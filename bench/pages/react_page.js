// What the pages of the React contenders share.

import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { createTally, stream } from "./contender.js";

/**
 * @import { FunctionComponent } from "react"
 * @import { Envelope } from "../types.js"
 *
 * @typedef {ReturnType<typeof createTally>} Tally
 *
 * @typedef {object} LogsProps
 * @property {Tally} tally
 * @property {() => void} onGreeted
 */

/**
 * Renders a component that reads the stream, and resolves to its tally at the greeting.
 *
 * @param {FunctionComponent<LogsProps>} Logs
 */
export async function renderLogs(Logs) {
  const tally = createTally();
  /** @type {PromiseWithResolvers<void>} */
  const greeted = Promise.withResolvers();
  createRoot(document.body.appendChild(document.createElement("main"))).render(
    createElement(Logs, { tally, onGreeted: greeted.resolve }),
  );
  await greeted.promise;
  return tally;
}

/**
 * Reads the stream; returns a function that closes it.
 *
 * @param {LogsProps} props
 * @param {(envelope: Envelope) => void} onEnvelope
 */
export function readStream({ tally, onGreeted }, onEnvelope) {
  const source = new EventSource(stream());
  source.onmessage = ({ data }) => {
    const envelope = JSON.parse(data);
    if (envelope.type === "connection") return onGreeted();
    tally.count(envelope);
    onEnvelope(envelope);
  };
  return () => source.close();
}
