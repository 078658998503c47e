// The page itself: its Content-Security-Policy, its accessibility, and how it looks in the dark and
// on a phone.

import { readFile } from "node:fs/promises";
import { DIST } from "../../scripts/lib/build.mjs";
import { publishAllLevels, seriousViolations } from "../support/accessibility.mjs";
import { expect, test } from "./support.mjs";

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'self'",
].join("; ");

test("is served under the strict policy, without anything inline", async ({ gateway }) => {
  const response = await fetch(gateway.url, { headers: { Accept: "text/html" } });
  expect(response.headers.get("content-security-policy")).toBe(POLICY);
  const html = await readFile(`${DIST}/index.html`, "utf8");
  expect(html.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/g)).toBeNull();
});

test("works with Trusted Types enforced", async ({ gateway, demo, page, context }) => {
  await context.route(`${gateway.url}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: {
        ...response.headers(),
        "content-security-policy": `${POLICY}; require-trusted-types-for 'script'`,
      },
    });
  });
  await demo.openLive(gateway.url);
  await demo.rows.first().getByRole("button").click();
  await expect(page.locator(".dsl-fields")).toBeVisible();
  // On a page that is not watched for violations: shows that the policy is enforced.
  const other = await context.newPage();
  await other.goto(gateway.url);
  const attempt = other.evaluate(() => {
    document.createElement("p").innerHTML = "<b>";
  });
  await expect(attempt).rejects.toThrow("TrustedHTML");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`has no serious accessibility violation (${colorScheme})`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await demo.open(gateway.url);
    expect(await seriousViolations(page)).toEqual([]);
    await demo.connectButton.click();
    await demo.expectLive();
    await publishAllLevels(gateway);
    await expect(demo.row("a AUDIT")).toBeVisible();
    await demo.rows.first().getByRole("button").click();
    expect(await seriousViolations(page)).toEqual([]);
    await gateway.kill();
    await demo.expectStatus("ERROR");
    expect(await seriousViolations(page)).toEqual([]);
  });
}

test("the LIVE mark does not pulse with reduced motion", async ({ gateway, demo, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await demo.openLive(gateway.url);
  expect(
    await page.locator(".dsl-pulse").evaluate((pulse) => getComputedStyle(pulse).animationName),
  ).toBe("none");
});

test("fits a phone", async ({ gateway, demo, page }) => {
  await page.setViewportSize({ width: 360, height: 700 });
  await demo.openLive(gateway.url);
  await gateway.publish({
    level: "INFO",
    pipeline: "A_VERY_LONG_NAME_OF_A_PIPELINE_STAGE",
    message: "long ".repeat(100),
  });
  await expect(demo.row("A_VERY_LONG")).toBeVisible();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
});

test("can be operated by keyboard alone", async ({ gateway, demo, page }) => {
  await demo.open(gateway.url);
  await demo.workflowMenu.focus();
  await page.keyboard.press("Tab");
  await expect(page.getByText("Try it")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(demo.connectButton).toBeFocused();
  await page.keyboard.press("Enter");
  await demo.expectLive();
  await expect(demo.rows.first()).toBeVisible();
  await demo.rows.first().getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-full")).toBeVisible();
  await page.locator(".dsl-full").focus();
  await page.keyboard.press("Escape");
  await expect(page.locator(".dsl-full")).toBeHidden();
});
