// Why a line matches: its message is scrolled to the match, or the field is named.

import { expect, test } from "./support.mjs";

test("a message that is cut off is scrolled to its match, and back", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await page.setViewportSize({ width: 900, height: 700 });
  await demo.openLive(quiet.url);
  const path = "s3://lake/in/a-long-name/".repeat(12);
  await quiet.publish({ level: "INFO", message: `Wrote ${path}part-00014.snappy.parquet` });
  await quiet.publish({ level: "INFO", message: "Wrote part-00014.snappy.parquet" });
  await expect(demo.row("Wrote")).toHaveCount(2);
  await demo.searchField.fill("part-00014");
  const marks = page.locator("mark");
  await expect(marks).toHaveCount(2);
  const areInside = await marks.evaluateAll((found) =>
    found.map((mark) => {
      const { left, right } = mark.getBoundingClientRect();
      const cell = mark.closest(".dsl-message")?.getBoundingClientRect();
      return cell && cell.left <= left && right <= cell.right;
    }),
  );
  expect(areInside).toEqual([true, true]);
  await demo.searchField.fill("");
  await expect(marks).toHaveCount(0);
  expect(await demo.messages.evaluateAll((cells) => cells.map((cell) => cell.scrollLeft))).toEqual([
    0, 0,
  ]);
});

test("each line that matches has a mark or names the field that does", async ({
  gateway,
  demo,
  page,
}) => {
  const quiet = await gateway.restartWith();
  await demo.openLive(quiet.url);
  await quiet.publish({ message: "Loaded", execID: "run-8801" });
  await quiet.publish({ message: "Loaded by run-8801", execID: "run-8801" });
  await expect(demo.rows).toHaveCount(2);
  await demo.searchField.fill("run-8801");
  await expect(demo.row("execID run-8801")).toHaveCount(1);
  await expect(page.locator("mark")).toHaveText(["run-8801"]);
  await demo.searchField.fill("loaded");
  await expect(demo.row("execID run-8801")).toHaveCount(0);
});
