// The rows on the screen: of any height, of any number, whole to the pixel, and still while they are read.

import { shape, whole } from "./shape.mjs";
import { expect, test } from "./support.mjs";

const WORDS =
  "a message that is longer than the list is wide, so that it takes as many lines as it needs and not one more; ";

test("wrapped rows stand one below the other wherever the reader scrolls, while lines come", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  for (let number = 0; number < 120; number++)
    await gateway.publish({
      message: `#${number} ${WORDS.repeat((number * 7) % 10)}\nand a line of its own`,
    });
  await expect(demo.row("#119 ")).toBeVisible();
  const wrap = page.getByRole("button", { name: "Wrap lines" });
  await expect(wrap).toHaveAttribute("aria-pressed", "false");
  const low = (await shape(page)).rows[0].height;
  await wrap.click();
  await expect(wrap).toHaveAttribute("aria-pressed", "true");
  // Just now, since lines keep coming on top.
  await gateway.publish({ message: WORDS.repeat(9) });
  await expect
    .poll(async () => Math.max(...(await shape(page)).rows.map(({ height }) => height)))
    .toBeGreaterThan(4 * low);

  const rect = await demo.list.boundingBox();
  await page.mouse.move(rect.x + rect.width / 2, rect.y + rect.height / 2);
  // From here on the reader holds the list: before, each new line moves all others.
  let last = await shape(page, 140);
  for (const way of [...Array(25).fill(140), ...Array(12).fill(-250), ...Array(60).fill(500)]) {
    const now = await shape(page, way);
    whole(now);
    // What was seen before and still is has moved by as much as was scrolled.
    const kept = now.rows.find(({ text }) => last.rows.some((row) => row.text === text));
    if (kept && !now.isAtEnd)
      expect(
        Math.abs(last.rows.find(({ text }) => text === kept.text).top - kept.top - way),
      ).toBeLessThan(1);
    last = now;
  }
  expect(last.isAtEnd).toBe(true);

  await demo.list.evaluate((list) => list.scrollBy(0, -700));
  const still = await shape(page);
  const unseen = page.getByRole("button", { name: /↑/ });
  const before = await unseen.textContent();
  await expect(unseen).not.toHaveText(before);
  expect((await shape(page)).rows).toEqual(still.rows);

  // Hidden for a while, as behind a tab of the host's: whatever position the browser gives back, there are rows.
  for (const display of ["none", ""]) {
    await page
      .locator(".dsl-root")
      .evaluate((root, display) => (root.style.display = display), display);
    await page.waitForTimeout(100);
  }
  whole(await shape(page));
  await demo.list.evaluate((list) => list.scrollBy(0, 300));
  await wrap.click();
  whole(await shape(page));
  await unseen.click();
  await expect(unseen).toBeHidden();
  expect((await shape(page)).top).toBe(0);
});

test("a list that is higher than an element can be is scrolled to the pixel, and has both ends", async ({
  start,
  record,
  demo,
  page,
}) => {
  const line = (number) =>
    JSON.stringify({
      channel: "logs:etl:workspace123:workflow456",
      data: { level: "INFO", message: `row ${number}.` },
    });
  const batch = (_, index) =>
    `event: batch\ndata: [${Array.from({ length: 200 }, (_, at) => line(index * 200 + at)).join(",")}]\n\n`;
  const backend = await start(
    "replay",
    await record(Array.from({ length: 100 }, batch).join("")),
    "--speed",
    "1000000",
  );
  await demo.open(backend.url);
  // 40 M px of rows without the time that a million lines take.
  await page.evaluate(() =>
    document.querySelector(".dsl-root").style.setProperty("--dsl-row-height", "2000px"),
  );
  await demo.connect.click();
  await expect(page.locator(".dsl-count").first()).toContainText("20,000 lines");
  expect(await demo.list.evaluate((list) => list.scrollHeight)).toBe(8_000_000);
  const first = async (way) => (await shape(page, way)).rows[0];
  expect((await first(0)).text).toContain("row 19999.");
  // Across the place where the scale begins, each step is as long on the screen as it was asked for.
  await demo.list.evaluate((list) => (list.scrollTop = 199_000));
  let last = await shape(page);
  for (let step = 0; step < 12; step++) {
    const now = await shape(page, 300);
    whole(now);
    const row = last.rows.find(({ text }) => text === now.rows[0].text);
    expect(Math.round(row.top - now.rows[0].top)).toBe(300);
    last = now;
  }
  await demo.list.evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
  expect((await first(0)).text).toMatch(/row (99\d\d|100\d\d)\./);
  await demo.list.focus();
  await page.keyboard.press("End");
  await expect(demo.row("row 0.")).toBeInViewport();
  whole(await shape(page));
  await page.keyboard.press("Home");
  await expect(demo.row("row 19999.")).toBeInViewport();
  await expect(page.getByRole("button", { name: /↑/ })).toBeHidden();
});
