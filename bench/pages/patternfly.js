// PatternFly's LogViewer, fed in batches and wired as in its demo: scrolled to the newest row with
// each batch.

import "@patternfly/react-core/dist/styles/base.css";
import { LogViewer } from "@patternfly/react-log-viewer";
import { createElement, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { contend, createTally, stream } from "./contender.js";

/** Often enough to look live. */
const BATCH_MS = 50;

contend(async () => {
  const tally = createTally();
  /** @type {PromiseWithResolvers<void>} */
  const greeted = Promise.withResolvers();
  createRoot(document.body.appendChild(document.createElement("main"))).render(
    createElement(Logs, { tally, onGreeted: greeted.resolve }),
  );
  await greeted.promise;
  return { ...tally, held: tally.lines, rows: "main" };
});

/**
 * @param {object} props
 * @param {ReturnType<typeof createTally>} props.tally
 * @param {() => void} props.onGreeted
 */
function Logs({ tally, onGreeted }) {
  const [lines, setLines] = useState(/** @type {string[]} */ ([]));
  const viewer = useRef(/** @type {{ scrollToBottom(): void } | null} */ (null));
  useEffect(() => {
    /** @type {string[]} */
    let waiting = [];
    const source = new EventSource(stream());
    source.onmessage = ({ data }) => {
      const envelope = JSON.parse(data);
      if (envelope.type === "connection") return onGreeted();
      tally.count(envelope);
      const { date, level, pipeline, message, status } = envelope.data;
      waiting.push(`${date} ${level} ${pipeline} ${message} ${status}`);
    };
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const batch = waiting;
      waiting = [];
      setLines((lines) => lines.concat(batch));
    }, BATCH_MS);
    return () => {
      clearInterval(timer);
      source.close();
    };
  }, [tally, onGreeted]);
  useEffect(() => {
    if (lines.length > 0) viewer.current?.scrollToBottom();
  }, [lines]);
  return createElement(LogViewer, {
    data: lines,
    height: 308,
    hasLineNumbers: false,
    scrollToRow: lines.length,
    innerRef: viewer,
  });
}
