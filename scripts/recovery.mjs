// `npm run recovery`: how long a page takes to be live again after its gateway was killed and started, over many restarts.

import { chromium } from "@playwright/test";
import { buildGateway, buildPage, DIST, startGateway } from "./lib/build.mjs";
import { entry, stop } from "./lib/run.mjs";
import { CHROMIUM_FLAGS, findBrowsers } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const RESTARTS = Number(process.argv[2] ?? 50);

/** How long the gateway is down each time; as long as a quick deployment takes. */
const DOWN_MS = 500;

await entry(async () => {
  await setup("test");
  const program = await buildGateway();
  await buildPage();
  let gateway = await startGateway(program, ["--port", "0", "--site", DIST]);
  const browser = await chromium.launch({ executablePath: findBrowsers().chromium, args: CHROMIUM_FLAGS });
  const times = [];
  try {
    const page = await browser.newPage();
    await page.goto(gateway.url);
    await page.getByRole("button", { name: "Connect Live Logs" }).click();
    const word = (text) => page.waitForFunction((text) => document.querySelector(".dsl-word").textContent === text, text, { timeout: 60_000, polling: 20 });
    for (let restart = 0; restart < RESTARTS; restart++) {
      await word("CONNECTED");
      // Longer than it takes to settle would be fair to us; this is not.
      await page.waitForTimeout(200);
      await stop(gateway.child, { signal: "SIGKILL" });
      await page.waitForTimeout(DOWN_MS);
      gateway = await startGateway(program, ["--port", new URL(gateway.url).port, "--site", DIST]);
      const start = Date.now();
      await word("CONNECTED");
      times.push(Date.now() - start);
    }
  } finally {
    await browser.close();
    await stop(gateway.child);
  }
  times.sort((one, other) => one - other);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  console.log(`recovery: ${times.length} restarts, live again after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, at most ${times.at(-1)} ms`);
});
