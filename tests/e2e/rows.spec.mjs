// The rows on the screen: of any height and number, gapless to the pixel, and still while they are
// read.

import { boxOf } from "../support/viewer.mjs";
import { expectNoLayoutFaults, shape } from "./shape.mjs";
import { expect, test } from "./support.mjs";

const WORDS =
  "a message that is longer than the list is wide, so that it needs several lines when it wraps; ";

test("wrapped rows have no gaps or overlaps while the reader scrolls and lines arrive", async ({
  gateway,
  demo,
  page,
}) => {
  // A hundred steps, each of which waits for frames.
  test.slow();
  await demo.openLive(gateway.url);
  for (let number = 0; number < 120; number++)
    await gateway.publish({
      message: `#${number} ${WORDS.repeat((number * 7) % 10)}\nand a line of its own`,
    });
  await expect(demo.row("#119 ")).toBeVisible();
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
  const low = (await shape(page)).rows[0].height;
  await demo.toggleWrap();
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  // Again and again, since lines keep arriving on top.
  await expect
    .poll(async () => {
      await gateway.publish({ message: WORDS.repeat(12) });
      return Math.max(...(await shape(page)).rows.map(({ height }) => height));
    })
    .toBeGreaterThan(4 * low);

  const rect = await boxOf(demo.list);
  await page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  // From here on the list keeps its position: before, each new line moves all others.
  let last = await shape(page, 140);
  for (const delta of [...Array(25).fill(140), ...Array(12).fill(-250), ...Array(60).fill(500)]) {
    const now = await shape(page, delta);
    expectNoLayoutFaults(now);
    // A row that is still visible has moved by as much as was scrolled.
    const moves = now.rows.flatMap(({ text, top }) => {
      const before = last.rows.find((row) => row.text === text);
      return before ? [before.top - top] : [];
    });
    if (moves.length > 0 && !now.isAtEnd) expect(Math.abs(moves[0] - delta)).toBeLessThan(1);
    last = now;
  }
  expect(last.isAtEnd).toBe(true);

  await demo.list.evaluate((list) => list.scrollBy(0, -700));
  const still = await shape(page);
  const before = (await demo.newestButton.textContent()) ?? "";
  await expect(demo.newestButton).not.toHaveText(before);
  expect((await shape(page)).rows).toEqual(still.rows);

  // Hidden for a while, as behind a tab of the host: there are rows at whatever position the
  // browser restores.
  for (const display of ["none", ""]) {
    await page
      .locator(".dsl-root")
      .evaluate((root, display) => (root.style.display = display), display);
    await page.waitForTimeout(100);
  }
  expectNoLayoutFaults(await shape(page));
  // Away from the end, where the list would end blank rather than move the row that is read.
  await demo.list.evaluate((list) => list.scrollBy(0, -2_000));
  await demo.toggleWrap();
  expectNoLayoutFaults(await shape(page));
  await demo.newestButton.click();
  await expect(demo.newestButton).toBeHidden();
  expect((await shape(page)).top).toBe(0);
});

test("a list taller than an element can be scrolls by pixels and reaches both ends", async ({
  start,
  record,
  demo,
  page,
}) => {
  /** @param {number} number */
  const line = (number) =>
    JSON.stringify({
      channel: "logs:etl:workspace123:workflow456",
      data: { level: "INFO", message: `row ${number}.` },
    });
  /** @param {number} index */
  const batch = (index) =>
    `event: batch\ndata: [${range(200)
      .map((at) => line(index * 200 + at))
      .join(",")}]\n\n`;
  const backend = await start(
    "replay",
    await record(range(100).map(batch).join("")),
    "--speed",
    "1000000",
  );
  await demo.open(backend.url);
  // 40 M px of rows, without the time that a million lines take.
  await demo.root.evaluate((root) => root.style.setProperty("--dsl-row-height", "2000px"));
  await demo.connectButton.click();
  await expect(demo.lineCount.first()).toContainText("20,000 lines");
  expect(await demo.list.evaluate((list) => list.scrollHeight)).toBe(8_000_000);
  const firstRow = async () => (await shape(page)).rows[0];
  expect((await firstRow()).text).toContain("row 19999.");
  // Where the scale begins, each step moves the rows by as much as was scrolled.
  await demo.list.evaluate((list) => {
    list.scrollTop = 199_000;
  });
  let last = await shape(page);
  for (let step = 0; step < 12; step++) {
    const now = await shape(page, 300);
    expectNoLayoutFaults(now);
    const row = last.rows.find(({ text }) => text === now.rows[0].text);
    expect(row && Math.round(row.top - now.rows[0].top)).toBe(300);
    last = now;
  }
  await demo.list.evaluate((list) => {
    list.scrollTop = list.scrollHeight / 2;
  });
  expect((await firstRow()).text).toMatch(/row (99\d\d|100\d\d)\./);
  await demo.list.focus();
  await page.keyboard.press("End");
  await expect(demo.row("row 0.")).toBeInViewport();
  expectNoLayoutFaults(await shape(page));
  await page.keyboard.press("Home");
  await expect(demo.row("row 19999.")).toBeInViewport();
  await expect(demo.newestButton).toBeHidden();
});

/** @param {number} length */
function range(length) {
  return [...Array(length).keys()];
}
