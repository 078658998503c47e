// The policy matrix in Chromium: each policy, with the viewer and without, with a just-in-time
// compiler and without. firefox.mjs runs it in Firefox.

import { required } from "../support/environment.mjs";
import { ENOUGH, expectedOn, POLICIES, readCell } from "./policies.mjs";
import { expect, test } from "./support.mjs";

for (const [name, policyCase] of Object.entries(POLICIES)) {
  for (const file of ["index.html", "headless.html"]) {
    test(`${file} under ${name}`, async ({ page, hasWasm, hasSimd, startGateway }) => {
      const site = { site: required("LOGS_PACKAGE_SITE"), csp: policyCase.policy };
      const gateway = await startGateway(site, "--job", "--rate", "200");
      await page.goto(`${gateway.url}/${file}`);
      expect(await page.evaluate(() => typeof WebAssembly === "object")).toBe(hasWasm);
      await page.getByRole("button", { name: "Connect Live Logs" }).click();
      await expect.poll(() => page.evaluate(() => cell.count())).toBeGreaterThanOrEqual(ENOUGH);
      await expect(page.locator("li").nth(5)).toBeVisible();
      expect(await page.evaluate(readCell)).toEqual(expectedOn(policyCase, { hasWasm, hasSimd }));
    });
  }
}
