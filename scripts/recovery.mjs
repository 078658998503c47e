// `npm run recovery`: measures how long pages take to be live again after their gateway was killed
// and restarted.

import { buildGateway, buildPage, DIST, startGateway } from "./lib/build.mjs";
import { entry, stop } from "./lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

/** The pages, each in a browser profile of its own, and how often they lose their gateway. */
const PAGES = 10;
const RESTARTS = Number(process.argv[2] ?? 5);

/** How long the gateway is down: as long as a quick deployment takes. */
const DOWN_MS = 500;

/** After this time a connection counts as settled, and its next failure as the first. */
const SETTLED_MS = 10_500;

await entry(async () => {
  await setup("test");
  const program = await buildGateway();
  await buildPage();
  let gateway = await startGateway(program, ["--demo", "--port", "0", "--site", DIST]);
  // Not imported at the top: in a fresh clone Playwright is installed by setup.
  const { chromium } = await import("@playwright/test");
  const browser = await chromium.launch({
    executablePath: findBrowsers().chromium,
    args: CHROMIUM_FLAGS,
  });
  /** @type {number[]} */
  const times = [];
  try {
    const pages = await Promise.all(
      Array.from({ length: PAGES }, () => connected(browser, gateway.url)),
    );
    for (let restart = 0; restart < RESTARTS; restart++) {
      await pages[0].waitForTimeout(SETTLED_MS);
      await stop(gateway.child, { signal: "SIGKILL" });
      await pages[0].waitForTimeout(DOWN_MS);
      gateway = await startGateway(program, [
        "--demo",
        "--port",
        new URL(gateway.url).port,
        "--site",
        DIST,
      ]);
      const start = Date.now();
      await Promise.all(
        pages.map(async (page) => {
          await live(page);
          times.push(Date.now() - start);
        }),
      );
    }
  } finally {
    await browser.close();
    await stop(gateway.child);
  }
  times.sort((one, other) => one - other);
  const at = (/** @type {number} */ share) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))];
  console.log(
    `recovery: live again after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${times.at(-1)} ms (${times.length} recoveries, ${RESTARTS} restarts)`,
  );
});

/**
 * Opens a page and connects it.
 *
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 */
async function connected(browser, url) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.getByRole("button", { name: "Connect Live Logs" }).click();
  await live(page);
  return page;
}

/** @param {import("@playwright/test").Page} page */
function live(page) {
  return page.locator(".dsl-is-connected").waitFor({ timeout: 60_000 });
}
