// Ten states of the viewer, as they look in both schemes and as a screen reader finds them. After a
// wanted change: `npx playwright test --config tests/e2e/playwright.config.mjs states -u`, and look
// at each changed picture in tests/e2e/states.spec.mjs-snapshots.

import { FIRST_ERROR, night } from "./night.mjs";
import { frames } from "./reading.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 *
 * @typedef {{ gateway: Gateway, demo: Demo, page: Page }} Parts
 */

test.use({ viewport: { width: 1_000, height: 640 }, timezoneId: "America/New_York" });
test.describe.configure({ timeout: 90_000 });

/** @param {Parts} parts */
async function openNight({ gateway, demo }) {
  await gateway.restartWith();
  await gateway.publishAll(night());
  await demo.openLive(gateway.url);
  await expect(demo.lineCount).toHaveText("700 lines");
}

/**
 * What leads to each state.
 *
 * @type {Readonly<Record<string, (parts: Parts) => Promise<void>>>}
 */
const STATES = {
  async idle({ gateway, demo }) {
    await demo.open(gateway.url);
  },
  async empty({ gateway, demo }) {
    await gateway.restartWith();
    await demo.openLive(gateway.url);
  },
  async live(parts) {
    await openNight(parts);
  },
  async flood(parts) {
    await openNight(parts);
    await parts.demo.pauseButton.click();
    for (let batch = 0; batch < 5; batch++)
      await parts.gateway.publishAll(
        Array.from({ length: 1_000 }, (_, index) => ({
          level: index === 7 ? "ERROR" : "INFO",
          pipeline: "LOAD",
          message: `row ${index}`,
        })),
      );
    await expect(parts.demo.newestButton).toHaveText("↑ 5,000 new");
  },
  async errors(parts) {
    await openNight(parts);
    await parts.demo.levelMenu.only("ERROR");
    await expect(parts.demo.lineCount).toHaveText("4 of 700 lines match");
  },
  async search(parts) {
    await openNight(parts);
    await parts.demo.searchField.fill("refused");
    await parts.page.getByRole("button", { name: "Highlight" }).click();
    await expect(parts.page.locator(".dsl-matches")).toHaveText("1 of 3");
  },
  async entry(parts) {
    await STATES.errors(parts);
    await parts.demo.row(FIRST_ERROR).locator(".dsl-message").click();
    await expect(parts.page.locator(".dsl-full")).toBeVisible();
  },
  async nothing(parts) {
    await openNight(parts);
    await parts.demo.searchField.fill("absent");
    await expect(parts.demo.lineCount).toHaveText("0 of 700 lines match");
  },
  async gap({ gateway, demo }) {
    await gateway.restartWith("--history-lines", "5");
    await demo.openLive(gateway.url);
    await gateway.publishAll(night().slice(0, 5));
    await expect(demo.lineCount).toHaveText("5 lines");
    await demo.disconnectButton.click();
    await gateway.publishAll(night().slice(5, 60));
    await demo.connectButton.click();
    await expect(demo.row("lines missing")).toBeVisible();
  },
  async refused({ gateway, demo, page }) {
    await page.route("**/sse/logs/stream*", (route) =>
      route.fulfill({ status: 403, json: { error: "forbidden" } }),
    );
    await demo.open(gateway.url);
    await demo.connectButton.click();
    await expect(demo.statusWord).toHaveText("ERROR");
  },
};

for (const [name, lead] of Object.entries(STATES))
  test(`the state "${name}" looks as it did`, async ({ gateway, demo, page }) => {
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await lead({ gateway, demo, page });
    // Neither a hovered button nor a caret.
    await page.mouse.move(0, 0);
    await frames(page);
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.emulateMedia({ colorScheme });
      await expect(demo.root).toHaveScreenshot(`${name}-${colorScheme}.png`, {
        // What depends on the clock.
        mask: [page.locator(".dsl-vitals, .dsl-duration, .dsl-detail .dsl-count, .dsl-notice")],
        // Versions of Chromium differ in the edges of letters.
        threshold: 0.3,
        maxDiffPixelRatio: 0.02,
      });
    }
  });

for (const name of ["idle", "live", "flood", "search", "entry"])
  test(`a screen reader finds the state "${name}" as it was`, async ({ gateway, demo, page }) => {
    await STATES[name]({ gateway, demo, page });
    await frames(page);
    // Without the status bar, which depends on the clock. It is all that an idle viewer has.
    const part = name === "idle" ? demo.root : demo.section;
    await expect(part).toMatchAriaSnapshot({ name: `${name}.yml` });
  });
