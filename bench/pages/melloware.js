// @melloware/react-logviewer with its own EventSource, following the newest line.

import { LazyLog } from "@melloware/react-logviewer";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { contend, createTally, stream } from "./contender.js";

contend(async () => {
  const tally = createTally();
  /** @type {PromiseWithResolvers<void>} */
  const greeted = Promise.withResolvers();
  const formatMessage = (/** @type {string} */ text) => {
    const { type, ...envelope } = JSON.parse(text);
    if (type === "connection") {
      greeted.resolve();
      return "connected";
    }
    tally.count(envelope);
    const { date, level, pipeline, message, status } = envelope.data;
    return `${date} ${level} ${pipeline} ${message} ${status}`;
  };
  const viewer = createElement(LazyLog, {
    url: new URL(stream(), location.href).href,
    eventsource: true,
    eventsourceOptions: { formatMessage },
    follow: true,
    height: 308,
    width: 1_000,
  });
  const place = document.body.appendChild(document.createElement("main"));
  createRoot(place).render(viewer);
  await greeted.promise;
  // It keeps all lines, but has no API to count them.
  return { ...tally, held: tally.lines, rows: "main" };
});
