// The demo page in German.

import { expect, test } from "./support.mjs";

test("the viewer is German with ?lang=de, and English again by the link", async ({
  gateway,
  demo,
  page,
}) => {
  await page.goto(`${gateway.url}/?lang=de`);
  await page.getByRole("button", { name: "Live-Logs verbinden" }).click();
  await demo.expectStatus("VERBUNDEN");
  await expect(demo.root).toHaveAttribute("lang", "de");
  await expect(demo.lineCount).toHaveText(/Zeile/);
  await page.getByRole("link", { name: "English" }).click();
  await expect(demo.connectButton).toBeVisible();
  await page.getByRole("link", { name: "Deutsch" }).click();
  await expect(page.getByRole("button", { name: "Live-Logs verbinden" })).toBeVisible();
});
