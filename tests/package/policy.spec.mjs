// The matrix in Chromium: each policy, with the viewer and without, with a just-in-time compiler and without. Firefox's half is firefox.mjs.

import { Gateway } from "./gateway.mjs";
import { ENOUGH, expectedOn, POLICIES, readCell } from "./policies.mjs";
import { expect, test } from "./support.mjs";

for (const [name, cell] of Object.entries(POLICIES)) {
  for (const file of ["index.html", "headless.html"]) {
    test(`${file} under ${name}`, async ({ page, hasWasm, hasSimd }) => {
      const gateway = await new Gateway(cell.policy).start("--job", "--rate", "200");
      try {
        await page.goto(`${gateway.url}/${file}`);
        expect(await page.evaluate(() => typeof WebAssembly === "object")).toBe(hasWasm);
        await page.getByRole("button", { name: "Connect Live Logs" }).click();
        await expect.poll(() => page.evaluate(() => cell.count())).toBeGreaterThanOrEqual(ENOUGH);
        await expect(page.locator("li").nth(5)).toBeVisible();
        expect(await page.evaluate(readCell)).toEqual(expectedOn(cell, { hasWasm, hasSimd }));
      } finally {
        await gateway.kill();
      }
    });
  }
}
