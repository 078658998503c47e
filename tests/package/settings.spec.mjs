// What a host decides of the reader's settings: `wrap` and `remember`.

import { expect, test } from "./support.mjs";

const KEY = "datashop-live-logs";

test("an option takes precedence over what is stored, and that over the default", async ({
  host,
  page,
}) => {
  await host.open();
  await page.evaluate((key) => localStorage.setItem(key, "1 wrap=true"), KEY);
  const stored = await host.mount("one");
  await stored.connect();
  await expect(stored.wrapButton).toHaveAttribute("aria-pressed", "true");
  const decided = await host.mount("two", { wrap: false });
  await decided.connect();
  await expect(decided.wrapButton).toHaveAttribute("aria-pressed", "false");
  await decided.update({ wrap: true });
  await expect(decided.wrapButton).toHaveAttribute("aria-pressed", "true");
  expect(await page.evaluate((key) => localStorage.getItem(key), KEY)).toBe("1 wrap=true");
});

test("nothing is read or stored with remember: false", async ({ host, page }) => {
  await host.open();
  await page.evaluate((key) => localStorage.setItem(key, "1 wrap=true"), KEY);
  const one = await host.mount("one", { remember: false });
  await one.connect();
  await expect(one.wrapButton).toHaveAttribute("aria-pressed", "false");
  await page.evaluate((key) => localStorage.removeItem(key), KEY);
  await one.toggleWrap();
  await expect(one.wrapButton).toHaveAttribute("aria-pressed", "true");
  expect(await page.evaluate((key) => localStorage.getItem(key), KEY)).toBeNull();
});
