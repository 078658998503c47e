// Storm mode: similar lines that arrive too fast to read are offered as one row.

import { seriousViolations } from "../support/accessibility.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 */

/** @param {Page} page */
const group = (page) => page.getByRole("button", { name: "Group similar lines" });

/**
 * Publishes lines that differ only in their numbers until `isOver`.
 *
 * @param {Gateway} gateway
 * @param {() => Promise<boolean>} isOver
 */
async function storm(gateway, isOver) {
  let sent = 0;
  while (!(await isOver())) {
    await gateway.publishAll(
      Array.from({ length: 200 }, () => ({
        level: "INFO",
        pipeline: "LOAD",
        message: `Reading part ${++sent} of "table ${sent % 7}"`,
      })),
    );
  }
  return sent;
}

test("similar lines become one row when the reader accepts the offer, and lines again", async ({
  gateway,
  demo,
  page,
}) => {
  test.slow();
  const quiet = await gateway.restartWith("--history-lines", "60000");
  await demo.openLive(quiet.url);
  await quiet.publish({ level: "INFO", pipeline: "LOAD", message: "Started" });
  await expect(demo.rows).toHaveCount(1);
  await expect(group(page)).toBeHidden();
  const sent = await storm(quiet, () => group(page).isVisible());
  await expect(group(page)).toHaveCount(1);
  const all = `${(sent + 1).toLocaleString("en")} lines`;
  await expect(demo.lineCount).toHaveText(all);
  expect(await seriousViolations(page)).toEqual([]);

  await group(page).click();
  await expect(demo.list).toBeFocused();
  await expect(demo.rows).toHaveCount(2);
  await expect(demo.lineCount).toHaveText(all);
  const row = demo.row("Reading part");
  await expect(row.locator(".dsl-message")).toHaveText(
    `Reading part ${sent} of "table ${sent % 7}"`,
  );
  const sign = row.getByRole("button", { name: /^×/ });
  await expect(sign).toHaveText(`×${sent.toLocaleString("en")}`);
  await quiet.publish({ level: "INFO", pipeline: "LOAD", message: 'Reading part 99 of "last"' });
  await expect(sign).toHaveText(`×${(sent + 1).toLocaleString("en")}`);
  await expect(row.locator(".dsl-message")).toHaveText('Reading part 99 of "last"');
  await sign.click();
  await expect(row.locator(".dsl-message")).toContainText(/Reading part 1 of "table 1"\n/);
  await sign.click();

  await demo.searchField.fill('"part 12 of"');
  await expect(demo.lineCount).toContainText("1 of ");
  await expect(row.locator(".dsl-message")).toHaveText('Reading part 12 of "table 5"');
  await demo.searchField.fill("");
  await expect(demo.rows).toHaveCount(2);

  await expect(group(page)).toBeHidden();
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Do not group similar lines" }).click();
  await expect(demo.list).toBeFocused();
  await expect(demo.row('Reading part 99 of "last"')).toHaveCount(1);
  await expect(demo.row("Reading part")).not.toHaveCount(1);
});
