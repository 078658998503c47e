// Whether the viewer can be read and used by everybody: axe-core on each of its states, contrast among it, in light and in dark.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, test } from "./support.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

for (const theme of ["light", "dark"]) {
  for (const by of ["the page", "its option"]) {
    test(`has no serious accessibility fault (${theme} by ${by})`, async ({
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
      expect(await faults(page)).toEqual([]);
      await one.connected();
      for (const level of ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "AUDIT"])
        await gateway.publish({ level, pipeline: "P", message: `a ${level}`, status: "failed" });
      await expect(one.row("a AUDIT")).toBeVisible();
      await one.rows.first().getByRole("button").click();
      expect(await faults(page)).toEqual([]);
      await gateway.kill();
      await expect(one.word).toHaveText("ERROR");
      expect(await faults(page)).toEqual([]);
    });
  }
}

test("what is said in the place of a view that broke is heard and can be used", async ({
  host,
  page,
}) => {
  await host.open();
  await page.route("**/pkg/**", (route) => route.fulfill({ status: 404, body: "no such file" }));
  await page.evaluate(() => (host.mount("one"), host.one.handle.ready.catch(() => {})));
  await expect(page.locator("#one").getByRole("alert")).toBeVisible();
  await expect(page.locator("#one").getByRole("button", { name: "Start again" })).toBeVisible();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    expect(await faults(page)).toEqual([]);
  }
});

test("works by keyboard alone", async ({ host, page }) => {
  await host.open();
  const one = await host.mount("one");
  await one.ready();
  await page.keyboard.press("Tab");
  await expect(one.connectButton).toBeFocused();
  await page.keyboard.press("Enter");
  await one.is("connected");
});

/** What axe finds that is serious or worse. Run through evaluate: a script tag would not pass the page's policy. */
async function faults(page) {
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}
