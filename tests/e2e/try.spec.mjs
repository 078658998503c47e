// The strip "Try it" of the demo page: what it breaks recovers, what it publishes arrives, and its
// counts are true.

import { expect, test } from "./support.mjs";

/** @import { Page } from "@playwright/test" */

/** The strip, opened. */
class Strip {
  /** @param {Page} page */
  constructor(page) {
    this.root = page.locator("#try");
    this.rate = this.root.getByRole("slider");
    this.status = page.locator("#try-status");
  }

  /** @param {string} name */
  press(name) {
    return this.root.getByRole("button", { name }).click();
  }

  /**
   * Returns the counts of one moment, each `NaN` while there is none.
   *
   * @returns {Promise<Record<string, number>>}
   */
  counts() {
    return this.root
      .locator("dd")
      .evaluateAll((cells) =>
        Object.fromEntries(
          cells.map((cell) => [
            cell.getAttribute("data-count"),
            Number(cell.textContent?.replaceAll(",", "").replace("–", "NaN")),
          ]),
        ),
      );
  }

  /**
   * Waits until more than `lines` arrived.
   *
   * @param {number} lines
   */
  async expectMoreThan(lines) {
    await expect.poll(async () => (await this.counts()).received).toBeGreaterThan(lines);
  }

  /** Stops the job, and waits until as many lines arrived as were published, with none missing. */
  async expectWhole() {
    await this.rate.fill("0");
    await expect(async () => {
      const { published, received, missing } = await this.counts();
      expect([received, missing]).toEqual([published, 0]);
    }).toPass();
  }
}

// Faults last ten seconds, and a viewer waits longer between attempts each time.
test.describe.configure({ timeout: 120_000 });

test.beforeEach(async ({ gateway, demo }) => {
  await gateway.restartWith("--job", "--rate", "2");
  await demo.openLive(`${gateway.url}/#try`);
});

for (const name of ["Cut it once", "Away for 10 s", "503 for 10 s", "Signed out for 10 s"])
  test(`no line is missing after: ${name}`, async ({ demo, page }) => {
    const strip = new Strip(page);
    await strip.expectMoreThan(0);
    const { received } = await strip.counts();
    await strip.press(name);
    if (name !== "Cut it once") await expect(demo.statusWord).not.toHaveText("CONNECTED");
    await expect(demo.statusWord).toHaveText("CONNECTED", { timeout: 60_000 });
    await strip.expectMoreThan(received);
    await strip.expectWhole();
  });

test("fifty errors arrive at once", async ({ demo, page }) => {
  const strip = new Strip(page);
  await strip.press("50 errors");
  await expect(strip.status).toHaveText("50 errors: 50 logs published");
  await demo.levelMenu.selectOption("Errors");
  await expect(demo.row("Row 50 refused")).toBeVisible();
});

test("the slider changes the rate of the job", async ({ page }) => {
  const strip = new Strip(page);
  await strip.rate.fill("60");
  await expect(strip.root.locator("output")).toContainText("165.7 lines/s");
  const { received } = await strip.counts();
  await strip.expectMoreThan(received + 300);
  await strip.expectWhole();
});

test("the cause of the failing night can be found", async ({ demo, page }) => {
  await new Strip(page).press("A failing night");
  await page.getByRole("searchbox").fill("checksum mismatch");
  await expect(demo.row("Job aborted due to stage failure")).toBeVisible();
});

test("hostile text changes nothing on the page", async ({ demo, page }) => {
  await new Strip(page).press("Hostile text");
  await expect(demo.row("<script>alert(2)</script> is text")).toBeVisible();
  await expect(page.locator("#live-logs :is(img, script)")).toHaveCount(0);
});

test("the strip is hidden without a sample job", async ({ gateway, demo, page }) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await expect(page.locator("#try")).toBeHidden();
});
