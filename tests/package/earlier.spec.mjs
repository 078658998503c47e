// Lines from before the page opened, and lines that the page shows itself: the options `tail` and
// `isKnown`.

import { IDS } from "../support/environment.mjs";
import { expect, ranges, test } from "./support.mjs";

test("a viewer starts with the lines that tail asks for", async ({ host, gateway }) => {
  await gateway.publishBatch(1, 1_000);
  await gateway.publishBatch(1_001, 1_200);
  await host.open();
  const one = await (await host.mount("one")).connect();
  await expect.poll(async () => ranges(await one.numbers())).toBe("201-1200");
  const two = await (await host.mount("two", { tail: 3 })).connect();
  await gateway.publishNumbers(1_201, 1_201);
  await expect.poll(async () => ranges(await two.numbers())).toBe("1198-1201");
});

test("a source starts with no line unless tail asks for some", async ({ host, gateway }) => {
  await gateway.publishBatch(1, 20);
  await host.open();
  const one = await (await host.source("one")).connect();
  const two = await (await host.source("two", { ...IDS, tail: 5 })).connect();
  await expect.poll(async () => ranges(await two.numbers())).toBe("16-20");
  await gateway.publishNumbers(21, 22);
  await expect.poll(async () => ranges(await one.numbers())).toBe("21-22");
  await expect.poll(async () => ranges(await two.numbers())).toBe("16-22");
});

test("leaves out the lines that the page knows, earlier ones included", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.publishBatch(1, 40);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      tail: 10,
      isKnown: (/** @type {{ number: number }} */ log) => log.number % 2 === 0,
    });
    live.one.handle.connect();
  });
  const rows = page.locator("#one .dsl-row .dsl-message");
  await expect(rows).toHaveCount(5);
  await gateway.publishNumbers(41, 44);
  await expect(rows).toHaveCount(7);
  await page.getByRole("button", { name: "Load earlier lines" }).click();
  await expect(page.locator("#one .dsl-count")).toHaveText("22 lines");
});

test("shows a line if isKnown throws or calls the viewer, and reports that once", async ({
  host,
  page,
  gateway,
}) => {
  host.provoked.push(/isKnown/);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      isKnown: () => {
        live.one.handle.status();
        throw new Error("no such table");
      },
    });
    live.one.handle.connect();
  });
  await expect.poll(() => page.evaluate(() => live.one.handle.status().isLive)).toBe(true);
  await gateway.publishNumbers(1, 3);
  await expect(page.locator("#one .dsl-row")).toHaveCount(3);
  const errors = await page.evaluate(() => live.one.errors.map(({ message }) => message));
  expect(errors.filter((message) => message.includes("isKnown"))).toHaveLength(1);
});

test("requests earlier lines with the host's headers", async ({ host, page, gateway }) => {
  await gateway.publishBatch(1, 40);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      tail: 10,
      transport: "fetch",
      headers: async () => ({ Authorization: "Bearer of the host" }),
    });
  });
  // A list that is not full may load them by itself.
  const requested = page.waitForRequest((request) => request.url().includes("/history"));
  await page.evaluate(() => live.one.handle.connect());
  const load = page.getByRole("button", { name: "Load earlier lines" });
  await load.click();
  expect((await requested).headers().authorization).toBe("Bearer of the host");
  await expect(page.locator("#one .dsl-count")).toHaveText("40 lines");
});

test("a viewer can be unmounted by isKnown, and others go on", async ({ host, page, gateway }) => {
  host.provoked.push(/isKnown/);
  await host.open();
  await page.evaluate(() => {
    harness.mount("one", {
      isKnown: () => {
        live.one.handle.unmount();
        return false;
      },
    });
    harness.mount("two", {});
    live.one.handle.connect();
    live.two.handle.connect();
  });
  for (const name of ["one", "two"])
    await expect
      .poll(() => page.evaluate((name) => live[name].handle.status().isLive, name))
      .toBe(true);
  await gateway.publishNumbers(1, 2);
  await expect(page.locator("#two .dsl-row")).toHaveCount(2);
  await expect(page.locator("#one .dsl-row")).toHaveCount(0);
  await expect.poll(() => gateway.connections()).toBe(1);
});

test("the button for earlier lines hands the keyboard to the list", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.publishBatch(1, 600);
  await host.open();
  await (await host.mount("one", { tail: 20 })).connect();
  const list = page.locator("#one .dsl-list");
  await list.evaluate((list) => {
    list.scrollTop = 0;
  });
  await page.locator("#one").getByRole("searchbox").fill("number");
  await list.evaluate((list) => {
    list.scrollTop = list.scrollHeight;
  });
  const button = page.getByRole("button", { name: "Load earlier lines" });
  await button.press("Enter");
  await expect(page.locator("#one .dsl-count")).toContainText("of 520 lines");
  await expect(button).toBeHidden();
  await expect(list).toBeFocused();
});

test("gives up earlier lines whose headers never come, and tries again", async ({
  host,
  page,
  gateway,
}) => {
  await gateway.publishBatch(1, 40);
  await page.clock.install();
  await host.open();
  await page.evaluate(() => {
    let calls = 0;
    harness.mount("one", {
      tail: 10,
      transport: "fetch",
      // The first call is for the stream, the second for earlier lines.
      headers: () => (++calls === 2 ? new Promise(() => {}) : {}),
    });
    live.one.handle.connect();
  });
  const button = page.locator("#one").getByRole("button", { name: /earlier|again/ });
  await button.click();
  await expect(button).toHaveText("Loading earlier lines …");
  await page.clock.runFor(25_000);
  await expect(button).toHaveText("Try again");
  await button.click();
  await expect(page.locator("#one .dsl-count")).toHaveText("40 lines");
});
