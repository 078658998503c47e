// Other windows: elements of iframes and popups of the same origin, which are none of this window's Element, and containers that a page
// moves there and back.

import { expect, test } from "./support.mjs";

/** Opens a window of the page's own origin with the style sheet, and gives its body a place. Runs in the page. */
async function openWindow(kind) {
  const ready = (target) =>
    new Promise((resolve) => target.addEventListener("load", resolve, { once: true }));
  let other;
  if (kind === "iframe") {
    const frame = document.createElement("iframe");
    frame.src = "./other.html";
    frame.width = 900;
    frame.height = 500;
    document.querySelector("main").append(frame);
    await ready(frame);
    other = frame.contentWindow;
  } else {
    other = window.open("./other.html", "", "width=900,height=600");
    await ready(other);
  }
  window.other = other;
}

/** The page or frame of the other window. */
async function otherWindow(page, kind) {
  if (kind === "iframe") {
    await page.evaluate(openWindow, kind);
    return page.frames().find((frame) => frame.url().endsWith("other.html"));
  }
  const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate(openWindow, kind)]);
  return popup;
}

const state = (page) => page.evaluate(() => host.one.handle.status().state);

for (const kind of ["iframe", "popup"]) {
  test(`mounts in an element of a ${kind}, and its rows open`, async ({ host, page, gateway }) => {
    await host.open();
    const other = await otherWindow(page, kind);
    await page.evaluate(() => {
      const { mountLiveLogs } = host.viewer;
      host.one = {
        handle: mountLiveLogs(window.other.document.getElementById("place"), {
          workspaceId: "workspace123",
          workflowId: "workflow456",
        }),
      };
    });
    await other.getByRole("button", { name: "Connect Live Logs" }).click();
    await expect.poll(() => state(page)).toBe("connected");
    await gateway.publish({ message: "in the other window", number: 7 });
    await other
      .locator(".dsl-row")
      .filter({ hasText: "in the other window" })
      .locator("button")
      .click();
    await expect(other.locator(".dsl-detail .dsl-json")).toContainText('"number": 7');
    await page.evaluate(() => host.one.handle.unmount());
    await expect(other.locator("#place")).toBeEmpty();
    await host.isClosed();
  });

  test(`a container that is moved to a ${kind} and back keeps its stream, its frames and its rows`, async ({
    host,
    page,
    gateway,
  }) => {
    test.slow();
    await host.open();
    const one = await (await host.mount("one")).connected();
    await gateway.publish({ message: "before the move" });
    await expect(one.row("before the move")).toBeVisible();
    const other = await otherWindow(page, kind);
    await page.evaluate(() => window.other.document.body.append(document.getElementById("one")));
    await gateway.publishNumbers(1, 9);
    const row = other.locator(".dsl-row").filter({ hasText: /number 9$/ });
    await row.locator("button").click();
    await expect(other.locator(".dsl-detail .dsl-json")).toContainText('"number": 9');
    await other.getByRole("button", { name: "Close" }).click();
    await page.evaluate(() =>
      document.querySelector("main").append(window.other.document.getElementById("one")),
    );
    await gateway.publishNumbers(10, 12);
    await one
      .row(/number 12$/)
      .locator("button")
      .click();
    await expect(page.locator("#one .dsl-detail .dsl-json")).toContainText('"number": 12');
    expect(await host.opened()).toBe(1);
    await page.evaluate(() => host.one.handle.unmount());
    await host.isClosed();
  });
}

test("frames and timers are those of the window in which the container is", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => {
    window.other.document.body.append(document.getElementById("one"));
    // As in a page that is hidden behind its popup: no frames, and timers that come late or never.
    host.one.handle.status();
  });
  await gateway.publish({ message: "so that it looks where it is" });
  await expect(other.locator(".dsl-row").filter({ hasText: "so that it looks" })).toBeVisible();
  await page.evaluate(() => {
    window.requestAnimationFrame = () => 0;
    window.setTimeout = () => 0;
  });
  await gateway.publish({ message: "while the page is hidden" });
  await expect(
    other.locator(".dsl-row").filter({ hasText: "while the page is hidden" }),
  ).toBeVisible();
  await gateway.kill();
  await expect(other.locator(".dsl-word")).toHaveText("ERROR");
  await gateway.start();
  await expect(other.locator(".dsl-word")).toHaveText("CONNECTED");
  expect(await one.status()).toMatchObject({ state: "connected" });
});

test("a popup that closes leaves the stream and its timers alive", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connected();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => {
    const container = document.getElementById("one");
    window.other.document.body.append(container);
    // As a page does it that takes back what it lent.
    window.other.addEventListener("pagehide", () =>
      document.querySelector("main").append(container),
    );
  });
  await gateway.publish({ message: "in the popup" });
  await expect(other.locator(".dsl-row").filter({ hasText: "in the popup" })).toBeVisible();
  // A wait is under way when the window goes, by a timer of that window.
  await gateway.kill();
  await expect(other.locator(".dsl-word")).toHaveText("ERROR");
  await other.close();
  await gateway.start();
  await one.is("connected");
  await gateway.publish({ message: "back in the page" });
  await expect(one.row("back in the page")).toBeVisible();
  await host.listeners();
});

test("the visibility that counts is that of the window in which the container is", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { hiddenMs: 0 })).connected();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => window.other.document.body.append(document.getElementById("one")));
  await gateway.publish({ message: "moved" });
  await expect(other.locator(".dsl-row").filter({ hasText: "moved" })).toBeVisible();
  const hide = (target, isHidden) => {
    Object.defineProperty(target.document, "visibilityState", {
      configurable: true,
      value: isHidden ? "hidden" : "visible",
    });
    target.document.dispatchEvent(new target.Event("visibilitychange"));
  };
  await page.evaluate(`(${hide})(window, true)`);
  await host.settle();
  await one.is("connected");
  await page.evaluate(`(${hide})(window.other, true)`);
  await one.is("paused");
  await page.evaluate(`(${hide})(window.other, false)`);
  await one.is("connected");
});

test("a list is measured where it is: a change of its size after a move is seen", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  await (await host.mount("one")).connected();
  await gateway.publishNumbers(1, 100);
  const other = await otherWindow(page, "iframe");
  await page.evaluate(() => window.other.document.body.append(document.getElementById("one")));
  await gateway.publishNumbers(101, 101);
  await expect(other.locator(".dsl-row").filter({ hasText: /number 101$/ })).toBeVisible();
  const before = await other.locator(".dsl-row").count();
  await other.evaluate(() => {
    const list = document.querySelector(".dsl-list");
    list.style.maxHeight = list.style.height = "2000px";
  });
  await expect.poll(() => other.locator(".dsl-row").count()).toBeGreaterThan(before + 10);
});

test("a URL of another window is a URL", async ({ host, page }) => {
  await host.open();
  await otherWindow(page, "iframe");
  await page.evaluate(async () => {
    const wasmUrl = new window.other.URL("./pkg/viewer_bg.wasm", location.href);
    host.mount("one", { wasmUrl });
    await host.one.handle.ready;
  });
  expect(await host.told(/wasmUrl/)).toEqual([]);
});
