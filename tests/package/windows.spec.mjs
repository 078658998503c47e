// Other windows: elements of iframes and popups of the same origin, which are not instances of this
// window's Element, and containers that a page moves there and back.

import { expect, test } from "./support.mjs";

/**
 * @import { Frame, Page } from "@playwright/test"
 *
 * @typedef {"iframe" | "popup"} Kind
 */

/** @type {Kind[]} */
const KINDS = ["iframe", "popup"];

/**
 * Opens a window of the page's own origin with the style sheet. Runs in the page.
 *
 * @param {Kind} kind
 */
async function openWindow(kind) {
  /** @param {EventTarget} target */
  const loaded = (target) =>
    new Promise((resolve) => target.addEventListener("load", resolve, { once: true }));
  if (kind === "iframe") {
    const frame = document.createElement("iframe");
    frame.src = "./other.html";
    frame.width = "900";
    frame.height = "500";
    document.querySelector("main")?.append(frame);
    await loaded(frame);
    window.other = /** @type {typeof window} */ (frame.contentWindow);
  } else {
    const opened = window.open("./other.html", "", "width=900,height=600");
    window.other = /** @type {typeof window} */ (opened);
    await loaded(window.other);
  }
}

/**
 * Opens the other window, and returns its frame.
 *
 * @param {Page} page
 * @param {Kind} kind
 * @returns {Promise<Frame>}
 */
async function otherWindow(page, kind) {
  if (kind === "iframe") {
    await page.evaluate(openWindow, kind);
    const frame = page.frames().find((frame) => frame.url().endsWith("other.html"));
    if (!frame) throw new Error("the page has no frame other.html");
    return frame;
  }
  const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate(openWindow, kind)]);
  return popup.mainFrame();
}

/** @param {Page} page */
const state = (page) => page.evaluate(() => live.one.handle.status().state);

for (const kind of KINDS) {
  test(`mounts in an element of a ${kind}, where rows open`, async ({ host, page, gateway }) => {
    await host.open();
    const other = await otherWindow(page, kind);
    await page.evaluate(() => {
      const place = window.other.document.getElementById("place");
      if (place) harness.mount("one", {}, place);
    });
    await other.getByRole("button", { name: "Connect Live Logs" }).click();
    await expect.poll(() => state(page)).toBe("connected");
    await gateway.publish({ message: "in the other window", number: 7 });
    await other
      .locator(".dsl-row")
      .filter({ hasText: "in the other window" })
      .locator(".dsl-open")
      .click();
    await expect(other.locator(".dsl-fields")).toContainText("number7");
    await page.evaluate(() => live.one.handle.unmount());
    await expect(other.locator("#place")).toBeEmpty();
    await host.expectNoStreams();
  });

  test(`a container that moves to a ${kind} and back keeps its stream and its rows`, async ({
    host,
    page,
    gateway,
  }) => {
    test.slow();
    await host.open();
    const one = await (await host.mount("one")).connect();
    await gateway.publish({ message: "before the move" });
    await expect(one.row("before the move")).toBeVisible();
    const other = await otherWindow(page, kind);
    await page.evaluate(() => window.other.document.body.append(harness.element("one")));
    await gateway.publishNumbers(1, 9);
    const row = other.locator(".dsl-row").filter({ hasText: /number 9$/ });
    await row.locator(".dsl-open").click();
    await expect(other.locator(".dsl-fields")).toContainText("number9");
    await other.getByRole("button", { name: "Close" }).click();
    await page.evaluate(() =>
      document.querySelector("main")?.append(harness.element("one", window.other.document)),
    );
    await gateway.publishNumbers(10, 12);
    // An opened entry holds the view where it was.
    await one.newestButton.click();
    await one
      .row(/number 12$/)
      .locator(".dsl-open")
      .click();
    await expect(page.locator("#one .dsl-fields")).toContainText("number12");
    expect(await host.openedCount()).toBe(1);
    await page.evaluate(() => live.one.handle.unmount());
    await host.expectNoStreams();
  });
}

test("uses frames and timers of the window that has the container", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => {
    window.other.document.body.append(harness.element("one"));
    live.one.handle.status();
  });
  await gateway.publish({ message: "after the move" });
  await expect(other.locator(".dsl-row").filter({ hasText: "after the move" })).toBeVisible();
  await page.evaluate(() => {
    // As in a page that is hidden behind its popup: no frames, and timers that are late or never
    // run.
    window.requestAnimationFrame = () => 0;
    // @ts-expect-error Node's types of setTimeout are more than a number.
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

test("the stream and its timers survive a popup that closes", async ({ host, page, gateway }) => {
  await host.open();
  const one = await (await host.mount("one")).connect();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => {
    const container = harness.element("one");
    window.other.document.body.append(container);
    // As a page that moves its container back.
    window.other.addEventListener("pagehide", () =>
      document.querySelector("main")?.append(container),
    );
  });
  await gateway.publish({ message: "in the popup" });
  await expect(other.locator(".dsl-row").filter({ hasText: "in the popup" })).toBeVisible();
  // The window closes while one of its timers runs.
  await gateway.kill();
  await expect(other.locator(".dsl-word")).toHaveText("ERROR");
  await other.page().close();
  await gateway.start();
  await one.expectState("connected");
  await gateway.publish({ message: "back in the page" });
  await expect(one.row("back in the page")).toBeVisible();
  await host.listeners();
});

test("the visibility of the window that has the container counts", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { hiddenMs: 0 })).connect();
  const other = await otherWindow(page, "popup");
  await page.evaluate(() => window.other.document.body.append(harness.element("one")));
  await gateway.publish({ message: "moved" });
  await expect(other.locator(".dsl-row").filter({ hasText: "moved" })).toBeVisible();
  /**
   * @param {typeof window} target
   * @param {boolean} isHidden
   */
  const hide = (target, isHidden) => {
    Object.defineProperty(target.document, "visibilityState", {
      configurable: true,
      value: isHidden ? "hidden" : "visible",
    });
    target.document.dispatchEvent(new target.Event("visibilitychange"));
  };
  await page.evaluate(`(${hide})(window, true)`);
  await host.settle();
  await one.expectState("connected");
  await page.evaluate(`(${hide})(window.other, true)`);
  await one.expectState("paused");
  await page.evaluate(`(${hide})(window.other, false)`);
  await one.expectState("connected");
});

test("a change of the list's size is noticed after a move", async ({ host, page, gateway }) => {
  await host.open();
  await (await host.mount("one")).connect();
  await gateway.publishNumbers(1, 100);
  const other = await otherWindow(page, "iframe");
  await page.evaluate(() => window.other.document.body.append(harness.element("one")));
  await gateway.publishNumbers(101, 101);
  await expect(other.locator(".dsl-row").filter({ hasText: /number 101$/ })).toBeVisible();
  const before = await other.locator(".dsl-row").count();
  await other.evaluate(() => {
    const list = /** @type {HTMLElement} */ (document.querySelector(".dsl-list"));
    list.style.maxHeight = "2000px";
    list.style.height = "2000px";
  });
  await expect.poll(() => other.locator(".dsl-row").count()).toBeGreaterThan(before + 10);
});

test("accepts a URL object of another window", async ({ host, page }) => {
  await host.open();
  await otherWindow(page, "iframe");
  await page.evaluate(async () => {
    const wasmUrl = new window.other.URL("./pkg/viewer_bg.wasm", location.href);
    harness.mount("one", { wasmUrl });
    await live.one.handle.ready;
  });
  expect(await host.consoleLines(/wasmUrl/)).toEqual([]);
});
