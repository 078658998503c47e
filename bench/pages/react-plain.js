// A plain React client as a first version: a state update per message, the newest 200 lines kept,
// each a row.

import { createElement, useEffect, useState } from "react";
import { contend } from "./contender.js";
import { readStream, renderLogs } from "./react_page.js";

/** @import { Envelope } from "../types.js" */
/** @import { LogsProps } from "./react_page.js" */

const KEPT = 200;

contend(async () => {
  const tally = await renderLogs(Logs);
  return { ...tally, held: () => document.querySelectorAll("li").length, rows: "li" };
});

/** @param {LogsProps} props */
function Logs({ tally, onGreeted }) {
  const [logs, setLogs] = useState(/** @type {Envelope[]} */ ([]));
  useEffect(() => {
    return readStream({ tally, onGreeted }, (envelope) =>
      setLogs((logs) => [envelope, ...logs].slice(0, KEPT)),
    );
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
