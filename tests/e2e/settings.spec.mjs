// What the viewer remembers of its reader.

import { expect, test } from "./support.mjs";

const KEY = "datashop-live-logs";

test("wrapping is remembered across visits", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
  await demo.wrapButton.click();
  expect(await page.evaluate((key) => localStorage.getItem(key), KEY)).toBe("1 wrap=true");
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  await demo.wrapButton.click();
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
});

for (const stored of ["", "1 wrap=maybe", "2 wrap=true", '{"wrap":true}', `1 ${"x".repeat(1e6)}`])
  test(`a manipulated storage is ignored: ${stored.slice(0, 20)}`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.addInitScript(
      ([key, value]) => {
        if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
      },
      [KEY, stored],
    );
    await demo.openLive(gateway.url);
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
    await demo.wrapButton.click();
    await demo.openLive(gateway.url);
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  });

for (const [what, deny] of /** @type {const} */ ([
  [
    "blocked",
    () =>
      Object.defineProperty(window, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      }),
  ],
  [
    "full",
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    },
  ],
]))
  test(`a ${what} storage only means that nothing is remembered`, async ({
    gateway,
    demo,
    page,
  }) => {
    await page.addInitScript(deny);
    await demo.openLive(gateway.url);
    await demo.wrapButton.click();
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
    await demo.openLive(gateway.url);
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
  });
