// The time column: one instant from any form, in the zone and the manner that the reader chose.

import { expect, test } from "./support.mjs";

/**
 * @import { Demo } from "./support.mjs"
 * @import { Gateway } from "../support/gateway.mjs"
 */

const CHOICES = ["local", "utc", "ago", "since previous"];

/**
 * Opens the page with entries, oldest first.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 * @param {Record<string, unknown>[]} entries
 */
async function opened(gateway, demo, entries) {
  await gateway.restartWith();
  for (const entry of entries) await gateway.publish({ level: "INFO", message: "m", ...entry });
  await demo.openLive(gateway.url);
  await expect(demo.rows).toHaveCount(entries.length);
}

/** @param {Demo} demo */
const times = (demo) => demo.rows.locator(".dsl-time");

/** @param {Demo} demo */
const menu = (demo) => demo.root.getByLabel("Times");

/**
 * @param {Demo} demo
 * @param {string} choice
 */
const choose = (demo, choice) => menu(demo).selectOption({ index: CHOICES.indexOf(choice) });

test.describe("in New York", () => {
  test.use({ timezoneId: "America/New_York" });

  const NIGHT = [
    { isoTime: "2026-11-26T07:13:02.004195123" },
    { isoTime: "2026-11-26T07:13:02.110" },
    { isoTime: "2026-11-26T07:13:02.870" },
  ];

  test("shows local times to the millisecond, and every digit in the tooltip", async ({
    gateway,
    demo,
  }) => {
    await opened(gateway, demo, NIGHT);
    // In summer, each line of the winter names its zone.
    await expect(times(demo)).toHaveText([
      /^02:13:02\.870( EST)?$/,
      /^02:13:02\.110( EST)?$/,
      /^02:13:02\.004( EST)?$/,
    ]);
    const last = times(demo).last();
    await expect(last).toHaveAttribute("datetime", "2026-11-26T07:13:02.004Z");
    await expect(last).toHaveAttribute(
      "title",
      "2026-11-26 02:13:02.004 EST\nsent as 2026-11-26T07:13:02.004195123",
    );
    expect(await last.evaluate((time) => time instanceof HTMLTimeElement)).toBe(true);
    await expect(menu(demo).locator("option:checked")).toHaveText(/^Time \(E[SD]T\)$/);
  });

  test("shows UTC, the time since the line before, and how long ago it was", async ({
    gateway,
    demo,
  }) => {
    await opened(gateway, demo, NIGHT);
    await choose(demo, "utc");
    await expect(times(demo).last()).toHaveText("07:13:02.004Z");
    await choose(demo, "since previous");
    await expect(times(demo).first()).toHaveText("+0.760 s");
    await gateway.publish({ message: "late", isoTime: "2026-11-26T07:13:02.670Z" });
    await expect(times(demo).first()).toHaveText("−0.200 s");
    await choose(demo, "ago");
    await gateway.publish({ message: "new", isoTime: new Date().toISOString() });
    await expect(demo.row("new").locator(".dsl-time")).toHaveText(/^(now|\d+ s ago)$/);
  });

  test("a relative time grows, also without a stream", async ({ gateway, demo }) => {
    await opened(gateway, demo, [{ isoTime: new Date().toISOString() }]);
    await choose(demo, "ago");
    await demo.disconnectButton.click();
    const seconds = async () => Number.parseInt((await times(demo).textContent()) ?? "", 10) || 0;
    const before = await seconds();
    await expect.poll(seconds).toBeGreaterThan(before + 1);
  });

  test("the hour that clocks repeat can be told apart", async ({ gateway, demo }) => {
    await opened(gateway, demo, [
      { isoTime: "2026-11-01T05:30:00Z" },
      { isoTime: "2026-11-01T06:30:00Z" },
    ]);
    await expect(times(demo)).toHaveText(["01:30:00.000 EST", "01:30:00.000 EDT"]);
  });

  test("the choice is remembered", async ({ gateway, demo, page }) => {
    await opened(gateway, demo, NIGHT);
    await choose(demo, "utc");
    await page.reload();
    await demo.connectButton.click();
    await expect(menu(demo).locator("option:checked")).toHaveText("Time (UTC)");
    await expect(times(demo).last()).toHaveText("07:13:02.004Z");
  });
});

test.describe("in Kolkata", () => {
  test.use({ timezoneId: "Asia/Kolkata" });

  test("one instant looks the same, whatever form its producer sent", async ({ gateway, demo }) => {
    await opened(gateway, demo, [
      { timestamp: 1_795_717_799_870 },
      { isoTime: "2026-11-26T18:29:59.870" },
      { timestamp: "2026-11-26T13:29:59.870-05:00" },
      { date: "Nov 26 2026 at 06:29 PM", isoTime: "2026-11-26T18:29:59.870195123" },
      { ts: 1_795_717_799.87 },
    ]);
    await expect(times(demo)).toHaveText(Array(5).fill("23:59:59.870"));
  });

  test("a time that cannot be read stays as it was sent, and looks so", async ({
    gateway,
    demo,
  }) => {
    const sent = ["18:29:59,870", "Nov 26 2026 at 06:29 PM"];
    await opened(gateway, demo, [
      { time: sent[1] },
      { time: sent[0] },
      { timestamp: 1_795_717_799 },
    ]);
    await expect(times(demo)).toHaveText(["23:59:59.000", ...sent]);
    for (const time of await times(demo).all()) {
      const isSent = sent.includes((await time.textContent()) ?? "");
      await expect(time).toHaveCSS("font-style", isSent ? "italic" : "normal");
      if (isSent) await expect(time).toHaveAttribute("title", /Shown as sent/);
    }
  });

  test("the first line of a day names it, and the headings the day on the screen", async ({
    gateway,
    demo,
  }) => {
    await opened(gateway, demo, [
      { message: "before", isoTime: "2026-11-26T18:29:59.870Z" },
      { message: "after", isoTime: "2026-11-26T18:30:00.070Z" },
    ]);
    await expect(demo.row("after").locator(".dsl-day")).toHaveText("Fri 27 Nov 2026");
    await expect(demo.row("before").locator(".dsl-day")).toBeEmpty();
    await expect(demo.root.locator(".dsl-date")).toHaveText("Fri 27 Nov 2026");
    await choose(demo, "utc");
    await expect(demo.row("after").locator(".dsl-day")).toBeEmpty();
    await expect(demo.root.locator(".dsl-date")).toHaveText("Thu 26 Nov 2026");
  });
});
