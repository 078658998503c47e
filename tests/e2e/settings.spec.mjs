// What the viewer remembers of its reader.

import { expect, test } from "./support.mjs";

const KEY = "datashop-live-logs";

test("wrapping is remembered across visits", async ({ gateway, demo, page }) => {
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
  await demo.toggleWrap();
  expect(await page.evaluate((key) => localStorage.getItem(key), KEY)).toBe("1 wrap=true");
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
  await demo.toggleWrap();
  await demo.openLive(gateway.url);
  await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
});

test("in a narrow section, a menu has the buttons that change the view", async ({
  gateway,
  demo,
  page,
}) => {
  await demo.openLive(gateway.url);
  await expect(demo.viewButton).toBeHidden();
  await expect(demo.wrapButton).toBeVisible();
  for (const width of [1_000, 320]) {
    await page.setViewportSize({ width, height: 640 });
    await expect(demo.wrapButton).toBeHidden();
    await demo.viewButton.click();
    await expect(demo.wrapButton).toBeInViewport({ ratio: 1 });
    await demo.wrapButton.click();
    await page.keyboard.press("Escape");
    await expect(demo.wrapButton).toBeHidden();
    await expect(demo.viewButton).toBeFocused();
    await demo.viewButton.press("Enter");
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", String(width === 1_000));
    await demo.searchField.focus();
    await expect(demo.wrapButton).toBeHidden();
  }
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
    await demo.toggleWrap();
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
    await demo.toggleWrap();
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "true");
    await demo.openLive(gateway.url);
    await expect(demo.wrapButton).toHaveAttribute("aria-pressed", "false");
  });
