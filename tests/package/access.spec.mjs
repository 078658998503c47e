// Accessibility of the viewer: axe-core on each of its states, in light and in dark.

import { publishAllLevels, seriousViolations } from "../support/accessibility.mjs";
import { expect, test } from "./support.mjs";

const THEMES = /** @type {const} */ (["light", "dark"]);

for (const theme of THEMES) {
  for (const by of ["the page", "its option"]) {
    test(`has no serious accessibility violation (${theme} by ${by})`, async ({
      host,
      page,
      gateway,
    }) => {
      await page.emulateMedia({
        colorScheme: by === "the page" ? theme : theme === "dark" ? "light" : "dark",
      });
      await host.open();
      const one = await host.mount("one", { theme: by === "the page" ? "auto" : theme });
      await one.ready();
      expect(await seriousViolations(page)).toEqual([]);
      await one.connect();
      await publishAllLevels(gateway);
      await expect(one.row("a AUDIT")).toBeVisible();
      await one.rows.first().locator(".dsl-open").click();
      expect(await seriousViolations(page)).toEqual([]);
      await gateway.kill();
      await expect(one.statusWord).toHaveText("ERROR");
      expect(await seriousViolations(page)).toEqual([]);
    });
  }
}

test("the message in place of a broken view is accessible", async ({ host, page }) => {
  await host.open();
  await page.route("**/pkg/**", (route) => route.fulfill({ status: 404, body: "no such file" }));
  await page.evaluate(() => {
    harness.mount("one");
    return live.one.handle.ready.catch(() => {});
  });
  await expect(page.locator("#one").getByRole("alert")).toBeVisible();
  await expect(page.locator("#one").getByRole("button", { name: "Start again" })).toBeVisible();
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousViolations(page)).toEqual([]);
  }
});

test("can be operated by keyboard alone", async ({ host, page }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  await page.keyboard.press("Tab");
  await expect(one.connectButton).toBeFocused();
  await page.keyboard.press("Enter");
  await one.expectState("connected");
});
