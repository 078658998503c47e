// A plain React client as a first version: a state update per message, the newest 200 lines kept,
// each a row.

import { createElement, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { contend, createTally, stream } from "./contender.js";

/** @import { Envelope } from "../types.js" */

const KEPT = 200;

contend(async () => {
  const tally = createTally();
  /** @type {PromiseWithResolvers<void>} */
  const greeted = Promise.withResolvers();
  createRoot(document.body.appendChild(document.createElement("main"))).render(
    createElement(Logs, { tally, onGreeted: greeted.resolve }),
  );
  await greeted.promise;
  return { ...tally, held: () => document.querySelectorAll("li").length, rows: "li" };
});

/**
 * @param {object} props
 * @param {ReturnType<typeof createTally>} props.tally
 * @param {() => void} props.onGreeted
 */
function Logs({ tally, onGreeted }) {
  const [logs, setLogs] = useState(/** @type {Envelope[]} */ ([]));
  useEffect(() => {
    const source = new EventSource(stream());
    source.onmessage = ({ data }) => {
      const envelope = JSON.parse(data);
      if (envelope.type === "connection") return onGreeted();
      tally.count(envelope);
      setLogs((logs) => [envelope, ...logs].slice(0, KEPT));
    };
    return () => source.close();
  }, [tally, onGreeted]);
  return createElement("ol", null, logs.map(row));
}

/** @param {Envelope} envelope */
function row({ id, data: { level, pipeline, status, date, message } }) {
  const cells = [date, level, pipeline, message, status].map((text, index) =>
    createElement("span", { key: index }, `${text} `),
  );
  return createElement("li", { key: id, className: level }, cells);
}
