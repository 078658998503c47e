// The gateway's own TLS in Chromium: over HTTP/2 a page opens as many streams as it needs, over
// HTTP/1.1 six per origin.

import { mkdirSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { DIST, startGateway } from "../../scripts/lib/build.mjs";
import { stop } from "../../scripts/lib/run.mjs";
import { makeCertificate } from "../support/certificate.mjs";
import { CHANNEL, required } from "../support/environment.mjs";

/** @import { Page, TestInfo } from "@playwright/test" */

const STREAMS = 50;
const LOGS = 10;

test.use({ ignoreHTTPSErrors: true });

/**
 * Runs `body` with the address of a gateway.
 *
 * @param {string[]} args
 * @param {(url: string) => Promise<void>} body
 */
async function withGateway(args, body) {
  const { child, url } = await startGateway(required("LOGS_GATEWAY"), [
    "--demo",
    "--port",
    "0",
    // Responses other than pages forbid every connection of a document.
    "--site",
    DIST,
    ...args,
  ]);
  try {
    await body(url.replace("127.0.0.1", "localhost"));
  } finally {
    await stop(child);
  }
}

/**
 * Opens the streams in a page of the gateway, which counts what each receives.
 *
 * @param {Page} page
 * @param {string} url
 */
async function openStreams(page, url) {
  await page.goto(url);
  await page.evaluate(
    ({ count, channel }) => {
      const streams = Array.from({ length: count }, (_, number) => {
        const source = new EventSource(`/logs/stream?channels=${channel}&number=${number}`);
        /** @type {{ isOpen: boolean, received: string[] }} */
        const stream = { isOpen: false, received: [] };
        source.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          if (message.type === "connection") stream.isOpen = true;
          else stream.received.push(message.data.message);
        };
        return stream;
      });
      Object.assign(window, { streams });
    },
    { count: STREAMS, channel: `logs:etl:${CHANNEL.workspace_id}:${CHANNEL.workflow_id}` },
  );
}

/**
 * Returns what the streams of the page received so far, for those that are open.
 *
 * @param {Page} page
 * @returns {Promise<string[][]>}
 */
function received(page) {
  return page.evaluate(() => {
    /** @type {{ isOpen: boolean, received: string[] }[]} */
    const streams = Reflect.get(window, "streams");
    return streams.filter(({ isOpen }) => isOpen).map(({ received }) => received);
  });
}

/** @param {TestInfo} info */
function folderOf(info) {
  const folder = info.outputPath("tls");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Publishes numbered logs from the page.
 *
 * @param {Page} page
 */
function publish(page) {
  return page.evaluate(
    async ({ count, channel }) => {
      for (let number = 0; number < count; number++) {
        const response = await fetch("/logs/publish", {
          method: "POST",
          headers: { "X-Service-Token": "l5-etl-token" },
          body: JSON.stringify({
            service: "etl",
            ...channel,
            logData: { message: `number ${number}` },
          }),
        });
        if (!response.ok) throw new Error(`status ${response.status}`);
      }
    },
    { count: LOGS, channel: CHANNEL },
  );
}

test(`over HTTP/2, a page reads ${STREAMS} streams at once`, async ({ page }, info) => {
  const { cert, key } = makeCertificate(folderOf(info));
  await withGateway(["--tls-cert", cert, "--tls-key", key], async (url) => {
    await openStreams(page, url);
    await expect.poll(async () => (await received(page)).length).toBe(STREAMS);
    await publish(page);
    const each = Array.from({ length: LOGS }, (_, number) => `number ${number}`);
    const all = Array.from({ length: STREAMS }, () => each);
    await expect.poll(() => received(page)).toEqual(all);
    const protocol = await page.evaluate(() => {
      const [entry] = performance.getEntriesByType("navigation");
      return /** @type {PerformanceNavigationTiming} */ (entry).nextHopProtocol;
    });
    expect(protocol).toBe("h2");
  });
});

test("over HTTP/1.1, the browser opens six of them", async ({ page }) => {
  await withGateway([], async (url) => {
    await openStreams(page, url);
    await expect.poll(async () => (await received(page)).length).toBe(6);
    await page.waitForTimeout(1_000);
    expect((await received(page)).length).toBe(6);
  });
});
