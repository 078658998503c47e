// Callbacks of the host that throw, or that call back into the handle at once. The stream
// continues.

import { expect, test } from "./support.mjs";

for (const option of ["onStatus", "onLog"]) {
  test(`an ${option} that throws is reported once, and the stream continues`, async ({
    host,
    gateway,
    page,
  }) => {
    await host.open();
    await page.evaluate((option) => {
      window.calls = 0;
      harness.mount("one", {
        autoConnect: true,
        [option]: () => {
          window.calls++;
          throw new Error("the host's own fault");
        },
      });
    }, option);
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
    for (let time = 0; time < 5; time++) {
      await gateway.publishNumbers(time, time);
      await expect(
        page.locator("#one .dsl-row").filter({ hasText: `number ${time}` }),
      ).toBeVisible();
    }
    await page.evaluate(() => {
      live.one.handle.disconnect();
      live.one.handle.connect();
    });
    await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
    expect(await page.evaluate(() => window.calls)).toBeGreaterThan(1);
    const errors = (await page.evaluate(() => live.one.errors.map(harness.plain))).filter(
      ({ type }) => type === "callback",
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      isOurs: true,
      type: "callback",
      option,
      cause: "Error: the host's own fault",
    });
  });
}

test("an onError that throws breaks nothing", async ({ host, gateway, page }) => {
  await host.open();
  await page.evaluate(() => {
    window.calls = 0;
    const fail = () => {
      window.calls++;
      throw new Error("the host's own fault");
    };
    harness.mount("one", { autoConnect: true, onError: fail, onLog: fail });
  });
  await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
  await gateway.publishNumbers(1, 3);
  await expect(page.locator("#one .dsl-row")).toHaveCount(3);
  await host.settle();
  expect(await page.evaluate(() => window.calls)).toBeLessThan(10);
  expect(
    (await host.consoleLines(/the host's own fault/)).length,
    "reported on the console at least",
  ).toBeGreaterThan(0);
});

test("a rejected promise of a callback is left to the host", async ({ host, gateway, page }) => {
  host.provoked.push(/rejected: Error: later/);
  await host.open();
  await page.evaluate(() =>
    harness.mount("one", { autoConnect: true, onLog: () => Promise.reject(new Error("later")) }),
  );
  await expect.poll(() => page.evaluate(() => live.one.handle.status().state)).toBe("connected");
  await gateway.publishNumbers(1, 3);
  await expect(page.locator("#one .dsl-row")).toHaveCount(3);
});

for (const option of ["onStatus", "onLog", "onError"]) {
  for (const act of [
    "disconnect",
    "reconnect",
    "clear",
    "retryNow",
    "status",
    "update",
    "unmount",
    "mount another",
  ]) {
    test(`${option} may call ${act} synchronously`, async ({ host, gateway, page }) => {
      await host.open();
      await page.evaluate(
        ({ option, act }) => {
          window.calls = 0;
          const once = () => {
            if (window.calls++ === 0) harness.acts[act](live.one.handle);
          };
          harness.mount("one", { [option]: once });
        },
        { option, act },
      );
      await page.evaluate(() => live.one.handle.ready);
      await page.evaluate(() => live.one.handle.connect());
      if (option === "onError")
        await page.evaluate(() => live.one.handle.update({ endpoint: "/no/such/route" }));
      await expect
        .poll(() => gateway.publish({ message: "m" }).then(() => page.evaluate(() => window.calls)))
        .toBeGreaterThan(0);
      await host.settle();
      expect(
        await page.evaluate(() =>
          live.one.errors
            .filter(({ type }) => type === "internal" || type === "callback")
            .map(harness.plain),
        ),
      ).toEqual([]);
      await page.evaluate(() => {
        for (const { handle } of Object.values(live)) handle.unmount();
      });
      await host.expectNoStreams();
      await expect(page.locator("#one")).toBeEmpty();
    });
  }
}
