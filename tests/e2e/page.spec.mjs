// The page itself: its Content-Security-Policy, its accessibility, its looks in the dark and on a phone.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { DIST } from "../../scripts/lib/build.mjs";
import { expect, test } from "./support.mjs";

const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; frame-ancestors 'self'";

test("is served under the strict policy, and has nothing inline", async ({ gateway }) => {
  const answer = await fetch(gateway.url, { headers: { Accept: "text/html" } });
  expect(answer.headers.get("content-security-policy")).toBe(POLICY);
  const html = await readFile(`${DIST}/index.html`, "utf8");
  expect(html.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/g)).toBeNull();
});

test("works where Trusted Types are enforced as well", async ({ gateway, demo, page, context }) => {
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
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  await demo.rows.first().getByRole("button").click();
  await expect(page.locator(".dsl-json")).toBeVisible();
  // Shown on a page that nobody watches for violations: the policy is in force, so the above means something.
  const other = await context.newPage();
  await other.goto(gateway.url);
  const tried = other.evaluate(() => (document.createElement("p").innerHTML = "<b>"));
  await expect(tried).rejects.toThrow("TrustedHTML");
});

for (const colorScheme of ["light", "dark"]) {
  test(`has no serious accessibility fault (${colorScheme})`, async ({ gateway, demo, page }) => {
    await page.emulateMedia({ colorScheme });
    await demo.open(gateway.url);
    expect(await faults(page)).toEqual([]);
    await demo.connect.click();
    await demo.live();
    for (const level of ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "AUDIT"])
      await gateway.publish({ level, pipeline: "P", message: `a ${level}`, status: "failed" });
    await expect(demo.row("a AUDIT")).toBeVisible();
    await demo.rows.first().getByRole("button").click();
    expect(await faults(page)).toEqual([]);
    await gateway.kill();
    await demo.word("ERROR");
    expect(await faults(page)).toEqual([]);
  });
}

test("the LIVE mark keeps still for those who asked for less motion", async ({
  gateway,
  demo,
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
  expect(
    await page.locator(".dsl-pulse").evaluate((pulse) => getComputedStyle(pulse).animationName),
  ).toBe("none");
});

test("fits a phone", async ({ gateway, demo, page }) => {
  await page.setViewportSize({ width: 360, height: 700 });
  await demo.open(gateway.url);
  await demo.connect.click();
  await demo.live();
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

test("works by keyboard alone", async ({ gateway, demo, page }) => {
  await demo.open(gateway.url);
  await demo.workflow.focus();
  await page.keyboard.press("Tab");
  await expect(demo.connect).toBeFocused();
  await page.keyboard.press("Enter");
  await demo.live();
  await expect(demo.rows.first()).toBeVisible();
  await demo.rows.first().getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".dsl-json")).toBeVisible();
  await page.locator(".dsl-json").focus();
  await page.keyboard.press("Escape");
  await expect(page.locator(".dsl-json")).toBeHidden();
});

/** What axe finds that is serious or worse. Run through evaluate: a script tag would not pass the page's policy. */
async function faults(page) {
  await page.evaluate(
    await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
  );
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}
