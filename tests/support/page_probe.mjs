// Watches a page for what must never happen, and for the streams that it opens. The script that
// runs in the page is tests/package/site/page_probe.js.

import { fileURLToPath } from "node:url";
import { expect } from "@playwright/test";

/** @import { ConsoleMessage, Page } from "@playwright/test" */

/** The pages of tests/package/site load the script themselves, so that Firefox has it too. */
const SCRIPT = fileURLToPath(new URL("../package/site/page_probe.js", import.meta.url));

/** Reads what the probe in a page has recorded. */
export class PageProbe {
  #page;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** Adds the probe to every document that the page loads from now on. */
  async install() {
    await this.#page.addInitScript({ path: SCRIPT });
  }

  /**
   * Returns the URLs of all event streams that the page has opened so far, closed ones included.
   */
  openedUrls() {
    return this.#page.evaluate(() => probe.urls);
  }

  /** Returns the URLs of the event streams that the page has not closed. */
  streamUrls() {
    return this.#page.evaluate(() => [...probe.streams].map(({ url }) => url));
  }

  /**
   * Counts the streams of a route that are connecting or open.
   *
   * @param {string} route
   */
  openStreams(route) {
    return this.#page.evaluate(
      (route) =>
        [...probe.streams].filter(
          ({ url, readyState }) =>
            readyState !== EventSource.CLOSED && new URL(url).pathname === route,
        ).length,
      route,
    );
  }

  /**
   * Returns the lines of the console that match.
   *
   * @param {RegExp} pattern
   */
  async consoleLines(pattern) {
    return (await this.#page.evaluate(() => probe.console)).filter((line) => pattern.test(line));
  }

  /** Returns the violations of the page's policy. */
  violations() {
    return this.#page.evaluate(() => probe.violations);
  }
}

/**
 * Collects what a page must not do: throw, open a dialog, or write a line to the console that
 * `isFault` names. A violation of the policy is written there as `policy violated: …`.
 *
 * @param {Page} page
 * @param {(message: ConsoleMessage) => boolean} isFault
 */
export async function collectFaults(page, isFault) {
  /** @type {string[]} */
  const faults = [];
  await page.addInitScript(() => {
    document.addEventListener(
      "securitypolicyviolation",
      ({ effectiveDirective, blockedURI, sample }) =>
        console.error(`policy violated: ${effectiveDirective} ${blockedURI} ${sample}`.trim()),
    );
  });
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    if (isFault(message)) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  dismissDialogs(page, faults);
  return faults;
}

/**
 * Dismisses every dialog, and adds it to `faults`.
 *
 * @param {Page} page
 * @param {string[]} faults
 */
export function dismissDialogs(page, faults) {
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
}

/**
 * Expects that no fault was collected, apart from those that the test provokes.
 *
 * @param {string[]} faults
 * @param {RegExp[]} [provoked]
 */
export function expectNoFaults(faults, provoked = []) {
  expect(faults.filter((fault) => !provoked.some((pattern) => pattern.test(fault)))).toEqual([]);
}
