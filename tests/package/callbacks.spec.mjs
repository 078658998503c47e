// Callbacks of the host that misbehave: they throw, or they call back into the handle at once. The stream goes on.

import { expect, test } from "./support.mjs";

for (const option of ["onStatus", "onLog"]) {
  test(`${option} that throws is told once, and the stream goes on`, async ({
    host,
    gateway,
    page,
  }) => {
    await host.open();
    await page.evaluate((option) => {
      window.calls = 0;
      host.mount("one", {
        autoConnect: true,
        [option]: () => {
          window.calls++;
          throw new Error("the host's own fault");
        },
      });
    }, option);
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
    for (let time = 0; time < 5; time++) {
      await gateway.publishNumbers(time, time);
      await expect(
        page.locator("#one .dsl-row").filter({ hasText: `number ${time}` }),
      ).toBeVisible();
    }
    await page.evaluate(() => (host.one.handle.disconnect(), host.one.handle.connect()));
    await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
    expect(await page.evaluate(() => window.calls)).toBeGreaterThan(1);
    const errors = (await page.evaluate(() => host.one.errors.map(host.plain))).filter(
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

test("onError that throws does no harm either", async ({ host, gateway, page }) => {
  await host.open();
  await page.evaluate(() => {
    window.calls = 0;
    const angry = () => {
      window.calls++;
      throw new Error("the host's own fault");
    };
    host.mount("one", { autoConnect: true, onError: angry, onLog: angry });
  });
  await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
  await gateway.publishNumbers(1, 3);
  await expect(page.locator("#one .dsl-row")).toHaveCount(3);
  await host.settle();
  expect(await page.evaluate(() => window.calls)).toBeLessThan(10);
  expect(
    (await host.told(/the host's own fault/)).length,
    "told at least on the console",
  ).toBeGreaterThan(0);
});

test("a callback that is rejected as a promise is the host's own affair", async ({
  host,
  gateway,
  page,
}) => {
  host.allowed.push(/rejected: Error: later/);
  await host.open();
  await page.evaluate(() =>
    host.mount("one", { autoConnect: true, onLog: () => Promise.reject(new Error("later")) }),
  );
  await expect.poll(() => page.evaluate(() => host.one.handle.status().state)).toBe("connected");
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
    test(`${option} may ${act} at once`, async ({ host, gateway, page }) => {
      await host.open();
      await page.evaluate(
        ({ option, act }) => {
          window.calls = 0;
          const once = () => {
            if (window.calls++ === 0) host.acts[act](host.one.handle);
          };
          host.mount("one", { [option]: once });
        },
        { option, act },
      );
      await page.evaluate(() => host.one.handle.ready);
      await page.evaluate(() => host.one.handle.connect());
      if (option === "onError")
        await page.evaluate(() => host.one.handle.update({ endpoint: "/no/such/route" }));
      await expect
        .poll(() => gateway.publish({ message: "m" }).then(() => page.evaluate(() => window.calls)))
        .toBeGreaterThan(0);
      await host.settle();
      expect(
        await page.evaluate(() =>
          host.one.errors
            .filter(({ type }) => type === "internal" || type === "callback")
            .map(host.plain),
        ),
      ).toEqual([]);
      await page.evaluate(() => [host.one, host.two].forEach((opened) => opened?.handle.unmount()));
      await host.isClosed();
      await expect(page.locator("#one")).toBeEmpty();
    });
  }
}
