// `npm run screenshot`: renews the pictures in docs/pictures that show the page.

import { mkdirSync } from "node:fs";
import path from "node:path";
import { buildGateway, buildPage, DIST, startGateway } from "./lib/build.mjs";
import { entry, ROOT, stop } from "./lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const FOLDER = path.join(ROOT, "docs/pictures");

await entry(async () => {
  await setup("test");
  const program = await buildGateway();
  await buildPage();
  mkdirSync(FOLDER, { recursive: true });
  const { child, url } = await startGateway(program, [
    "--demo",
    "--port",
    "0",
    "--job",
    "--rate",
    "5",
    "--site",
    DIST,
  ]);
  // Not imported at the top: in a fresh clone Playwright is installed by setup.
  const { chromium } = await import("@playwright/test");
  const browser = await chromium.launch({
    executablePath: findBrowsers().chromium,
    args: CHROMIUM_FLAGS,
  });
  try {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      const page = await browser.newPage({ viewport: { width: 1200, height: 760 }, colorScheme });
      await page.goto(url);
      await page.getByRole("button", { name: "Connect Live Logs" }).click();
      await page.locator(".dsl-row").nth(10).waitFor();
      // Emoji need a font of the system (Debian: fonts-noto-color-emoji).
      await page.screenshot({ path: path.join(FOLDER, `logs-page-${colorScheme}.png`) });
      await page.close();
    }
    console.log(`screenshot: ${FOLDER}`);
  } finally {
    await browser.close();
    await stop(child);
  }
});
