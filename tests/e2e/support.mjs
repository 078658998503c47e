// Fixtures of the end-to-end tests: a gateway that serves the demo page, and the demo page, watched
// for what must never happen.

import { writeFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { DIST } from "../../scripts/lib/build.mjs";
import { FacetMenu } from "../support/facet_menu.mjs";
import { test as base } from "../support/fixtures.mjs";
import { collectFaults, expectNoFaults } from "../support/page_probe.mjs";
import { rememberOwnLogs, Viewer } from "../support/viewer.mjs";

/**
 * @import { Fixtures, Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { ServerFixtures, TestArgs, WorkerArgs } from "../support/fixtures.mjs"
 *
 * @typedef {object} DemoFixtures
 * @property {Gateway} gateway A gateway with the sample job at five lines a second.
 * @property {(...args: string[]) => Promise<Gateway>} start
 *   Starts another gateway: `start("replay", file)`.
 * @property {Demo} demo The demo page.
 * @property {(text: string) => Promise<string>} record
 *   Writes a recording for `replay`, and returns its path.
 */

export { expect };

/** The demo page. */
export class Demo extends Viewer {
  /** @param {Page} page */
  constructor(page) {
    super(page);
    this.page = page;
    this.workflowMenu = page.locator("#workflow");
    this.levelMenu = new FacetMenu(page, "Levels");
    this.pipelineMenu = new FacetMenu(page, "Pipelines");
    this.lineCount = page.locator(".dsl-count");
  }

  /** @param {string} url */
  async open(url) {
    await this.page.goto(url);
    await expect(this.connectButton).toBeVisible();
    return this;
  }

  /**
   * Opens the page, connects, and waits until it is live.
   *
   * @param {string} url
   */
  async openLive(url) {
    await this.open(url);
    await this.connectButton.click();
    await this.expectLive();
    return this;
  }

  /** Remembers the page's own logs, which must not change. */
  ownLogs() {
    return rememberOwnLogs(this.page);
  }
}

/** @type {Fixtures<DemoFixtures, {}, TestArgs & ServerFixtures, WorkerArgs>} */
const fixtures = {
  gateway: async ({ startGateway }, use) =>
    use(await startGateway({ site: DIST }, "--job", "--rate", "5")),

  start: async ({ startGateway }, use) => use((...args) => startGateway({ site: DIST }, ...args)),

  // After each test: no policy violated, nothing thrown, no dialog shown, no panic.
  demo: async ({ page }, use) => {
    const faults = await collectFaults(page, (message) =>
      /policy|violat|panicked/i.test(message.text()),
    );
    await use(new Demo(page));
    expectNoFaults(faults);
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
  record: async ({}, use, info) => {
    await use(async (text) => {
      const file = info.outputPath("recording.sse");
      await writeFile(file, text);
      return file;
    });
  },
};

export const test = base.extend(fixtures);
