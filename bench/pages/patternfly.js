// PatternFly's LogViewer, fed in batches and wired as in its demo: scrolled to the newest row with
// each batch.

import "@patternfly/react-core/dist/styles/base.css";
import { LogViewer } from "@patternfly/react-log-viewer";
import { createElement, useEffect, useRef, useState } from "react";
import { contend } from "./contender.js";
import { readStream, renderLogs } from "./react_page.js";

/** @import { LogsProps } from "./react_page.js" */

/** Often enough to look live. */
const BATCH_MS = 50;

contend(async () => {
  const tally = await renderLogs(Logs);
  return { ...tally, held: tally.lines, rows: "main" };
});

/** @param {LogsProps} props */
function Logs({ tally, onGreeted }) {
  const [lines, setLines] = useState(/** @type {string[]} */ ([]));
  const viewer = useRef(/** @type {{ scrollToBottom(): void } | null} */ (null));
  useEffect(() => {
    /** @type {string[]} */
    let waiting = [];
    const close = readStream({ tally, onGreeted }, ({ data }) => {
      const { date, level, pipeline, message, status } = data;
      waiting.push(`${date} ${level} ${pipeline} ${message} ${status}`);
    });
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const batch = waiting;
      waiting = [];
      setLines((lines) => lines.concat(batch));
    }, BATCH_MS);
    return () => {
      clearInterval(timer);
      close();
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
