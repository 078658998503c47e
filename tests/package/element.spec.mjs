// <datashop-live-logs>, as pages without a framework and frameworks other than React use it.

import { readFile } from "node:fs/promises";
import { OTHER } from "../support/environment.mjs";
import { Viewer } from "../support/viewer.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Page } from "@playwright/test"
 * @import { DatashopLiveLogs } from "../../www/package/types/element.js"
 */

const EARLY = { workspace_id: "workspace123", workflow_id: "early" };

/** The element of the page. */
class LiveLogs extends Viewer {
  /** @param {Page} page */
  constructor(page) {
    const place = page.locator("datashop-live-logs").first();
    super(place);
    this.page = page;
    this.place = /** @type {import("@playwright/test").Locator} */ (place);
  }

  /**
   * Calls a verb of the element.
   *
   * @param {"connect" | "disconnect" | "retryNow" | "clear"} verb
   */
  call(verb) {
    return this.place.evaluate(
      (/** @type {DatashopLiveLogs} */ element, verb) => element[verb](),
      verb,
    );
  }

  status() {
    return this.place.evaluate((/** @type {DatashopLiveLogs} */ element) => element.status());
  }

  /**
   * Sets an attribute, or removes it if `value` is `null`.
   *
   * @param {string} name
   * @param {string | null} value
   */
  set(name, value) {
    return this.place.evaluate(
      (element, { name, value }) =>
        value === null ? element.removeAttribute(name) : element.setAttribute(name, value),
      { name, value },
    );
  }

  /**
   * Returns a property.
   *
   * @param {keyof DatashopLiveLogs} name
   * @returns {Promise<unknown>}
   */
  property(name) {
    return this.place.evaluate((/** @type {any} */ element, name) => element[name], name);
  }

  /**
   * Sets a property.
   *
   * @param {keyof DatashopLiveLogs} name
   * @param {unknown} value
   */
  assign(name, value) {
    return this.place.evaluate((element, properties) => void Object.assign(element, properties), {
      [name]: value,
    });
  }

  /**
   * Waits for a state.
   *
   * @param {import("../../www/package/types/index.js").LogsState} state
   */
  async expectState(state) {
    await expect.poll(async () => (await this.status()).state).toBe(state);
  }

  /** Connects, and waits until it is connected. */
  async connect() {
    await expect(this.statusWord).toBeVisible();
    await this.call("connect");
    await this.expectState("connected");
    return this;
  }

  /** The states that status events had. */
  states() {
    return this.page.evaluate(() => elementEvents.status.map(({ state }) => state));
  }

  /** The logs that log events had. */
  logs() {
    return this.page.evaluate(() => elementEvents.log.flat());
  }

  /** The errors that error events had. */
  errors() {
    return this.page.evaluate(() =>
      elementEvents.error.map(({ name, type, option }) => ({ name, type, option })),
    );
  }
}

/** @param {import("./support.mjs").HostPage} host */
async function opened(host) {
  await host.open("element.html");
  return new LiveLogs(host.page);
}

test("connects, clears and disconnects by its verbs and its button", async ({ host, gateway }) => {
  const logs = await opened(host);
  await expect(logs.statusWord).toHaveText("DISCONNECTED");
  await logs.connectButton.click();
  await logs.expectState("connected");
  await gateway.publish({ message: "in the element" });
  await expect(logs.row("in the element")).toBeVisible();
  await logs.call("clear");
  await expect(logs.rows).toHaveCount(0);
  await logs.call("retryNow");
  await logs.call("disconnect");
  await logs.expectState("disconnected");
  await host.expectNoStreams();
});

test("changes of attributes apply at once", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connect();
  await gateway.publish({ message: "of the first" });
  await expect(logs.row("of the first")).toBeVisible();
  await logs.set("workflow-id", "other");
  await expect.poll(() => gateway.publish({ message: "of the other" }, OTHER)).toBe(1);
  await expect(logs.row("of the other").first()).toBeVisible();
  await expect(logs.row("of the first")).toHaveCount(0);
  await logs.set("log-title", "Mine");
  await expect(logs.title).toHaveText("Mine");
  await logs.set("log-title", null);
  await expect(logs.title).toHaveText("Live logs");
  await logs.set("capacity", "3");
  for (let number = 0; number < 6; number++)
    await gateway.publish({ message: `m ${number}` }, OTHER);
  await expect(logs.row("m 5")).toBeVisible();
  await expect(logs.row("m 2")).toHaveCount(0);
  const background = () =>
    logs.section.evaluate((section) => getComputedStyle(section).backgroundColor);
  await logs.set("theme", "light");
  const light = await background();
  await logs.set("theme", "dark");
  expect(await background()).not.toBe(light);
  expect(await host.streamUrls()).toHaveLength(1);
});

test("properties reflect attributes, and changes of them apply at once", async ({
  host,
  gateway,
}) => {
  const logs = await (await opened(host)).connect();
  expect(await logs.property("workspaceId")).toBe("workspace123");
  expect(await logs.property("workflowId")).toBe("workflow456");
  expect(await logs.property("autoConnect")).toBe(false);
  expect(await logs.property("capacity")).toBe(10_000);
  expect(await logs.property("service")).toBe("etl");
  expect(await logs.property("theme")).toBe("auto");
  expect(await logs.property("endpoint")).toBeNull();
  expect(await logs.property("logTitle")).toBeNull();
  expect(await logs.property("locale")).toBeNull();
  await logs.assign("workflowId", "other");
  await expect.poll(() => gateway.publish({ message: "of the other" }, OTHER)).toBe(1);
  expect(await logs.property("workflowId")).toBe("other");
  await logs.assign("logTitle", "Mine");
  await expect(logs.title).toHaveText("Mine");
  await logs.assign("capacity", 77);
  expect(await logs.property("capacity")).toBe(77);
  await logs.assign("theme", "dark");
  expect(await logs.property("theme")).toBe("dark");
  // An option that is on by default is turned off by a value, not by the absence of one.
  expect([await logs.property("wrap"), await logs.property("remember")]).toEqual([null, true]);
  await logs.assign("wrap", true);
  await expect(logs.wrapButton).toHaveAttribute("aria-pressed", "true");
  expect(await logs.property("titleBadge")).toBe(true);
  await logs.assign("titleBadge", false);
  expect(await logs.property("titleBadge")).toBe(false);
  await logs.assign("titleBadge", true);
  expect(await logs.property("titleBadge")).toBe(true);
  expect(await logs.property("links")).toBe(false);
  expect(await logs.property("announceEvery")).toBe(15);
  await logs.assign("announceEvery", 0);
  expect(await logs.property("announceEvery")).toBe(0);
  await logs.assign("workflowId", null);
  await host.expectNoStreams();
});

test("connects by itself with auto-connect, even if it is set later", async ({ host, gateway }) => {
  const logs = await opened(host);
  await expect(logs.statusWord).toHaveText("DISCONNECTED");
  await logs.set("auto-connect", "");
  await logs.expectState("connected");
  await logs.set("auto-connect", null);
  await logs.expectState("connected");
  expect(await gateway.publish({ message: "m" })).toBe(1);
  expect(await logs.property("autoConnect")).toBe(false);
});

test("events carry what callbacks receive", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connect();
  for (let number = 1; number <= 5; number++) await gateway.publish({ number });
  await expect
    .poll(async () => (await logs.logs()).map(({ number }) => number))
    .toEqual([1, 2, 3, 4, 5]);
  expect(await logs.states()).toContain("connected");
  await logs.set("endpoint", "/no/such/route");
  await expect
    .poll(async () => (await logs.errors()).map(({ type }) => type))
    .toContain("not_found");
});

test("an invalid id or endpoint is an error event, and the last valid value stays", async ({
  host,
  gateway,
}) => {
  const logs = await (await opened(host)).connect();
  /** @type {[string, string, string, string | null][]} */
  const cases = [
    ["workflow-id", "a:b", "workflowId", "workflow456"],
    ["workspace-id", "a,b", "workspaceId", "workspace123"],
    ["endpoint", "javascript:alert(1)", "endpoint", null],
  ];
  for (const [name, value, option, valid] of cases) {
    await logs.set(name, value);
    await expect
      .poll(async () => (await logs.errors()).at(-1), name)
      .toMatchObject({ name: "LiveLogsError", type: "option", option });
    await expect(logs.place.getByRole("alert")).toContainText(option);
    await logs.set(name, valid);
    await expect(logs.place.getByRole("alert")).toHaveCount(0);
  }
  await logs.expectState("connected");
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(logs.row("still here")).toBeVisible();
});

test("any other invalid attribute counts as absent, with one warning", async ({
  host,
  gateway,
}) => {
  const logs = await (await opened(host)).connect();
  for (const [name, value, option] of [
    ["capacity", "-1", "capacity"],
    ["capacity", "many", "capacity"],
    ["theme", "blue", "theme"],
    ["locale", "zh_Hans", "locale"],
    ["transport", "websocket", "transport"],
    ["console", "loud", "console"],
  ]) {
    await logs.set(name, value);
    await expect
      .poll(
        () =>
          host.consoleLines(new RegExp(`: ${option}: expected .*; the default is used instead`)),
        `${name}=${value}`,
      )
      .not.toEqual([]);
    await logs.set(name, null);
  }
  expect(await logs.errors()).toEqual([]);
  await expect(logs.place.getByRole("alert")).toHaveCount(0);
  await logs.expectState("connected");
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(logs.row("still here")).toBeVisible();
});

test("an invalid attribute reads as the default that is used", async ({ host }) => {
  const logs = await opened(host);
  /** @type {[string, keyof DatashopLiveLogs, string, unknown][]} */
  const cases = [
    ["capacity", "capacity", "many", 10_000],
    ["theme", "theme", "blue", "auto"],
    ["transport", "transport", "websocket", "eventsource"],
    ["console", "console", "loud", "changes"],
    ["backend", "backend", "python", "auto"],
  ];
  for (const [name, property, value, fallback] of cases) {
    await logs.set(name, value);
    expect(await logs.property(property), name).toBe(fallback);
  }
});

test("its types declare each of its properties and attributes", async ({ host, page }) => {
  await opened(host);
  const types = await readFile(
    new URL("../../www/package/types/element.d.ts", import.meta.url),
    "utf8",
  );
  const [, body] = /interface DatashopLiveLogs extends HTMLElement \{([^}]*)\}/.exec(types) ?? [];
  const typed = [...body.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
  const real = await page.evaluate(() => {
    const { prototype } = /** @type {CustomElementConstructor} */ (
      customElements.get("datashop-live-logs")
    );
    return Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([, { set }]) => set)
      .map(([name]) => name);
  });
  expect(typed.sort()).toEqual(real.sort());
  const [, listed] = /Attributes: `([^`]*)`/.exec(types) ?? [];
  expect(listed.split(/[\s*]+/).sort()).toEqual(
    await page.evaluate(() => {
      const { observedAttributes } = /** @type {{ observedAttributes: string[] }} */ (
        /** @type {unknown} */ (customElements.get("datashop-live-logs"))
      );
      return observedAttributes.toSorted();
    }),
  );
});

test("an invalid attribute does not block valid ones", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connect();
  await logs.set("endpoint", "javascript:alert(1)");
  await logs.set("workflow-id", "other");
  await expect.poll(() => gateway.publish({ message: "of the other" }, OTHER)).toBe(1);
  await expect
    .poll(async () => (await logs.errors()).map(({ option }) => option))
    .toContain("endpoint");
});

test("an invalid attribute that is not essential does not prevent mounting", async ({
  host,
  page,
}) => {
  await opened(host);
  await page.evaluate(() => {
    const ids = 'workspace-id="workspace123" workflow-id="workflow456"';
    const invalid = 'locale="en-US@posix" capacity="x"';
    element("there").innerHTML =
      `<datashop-live-logs ${ids} ${invalid} auto-connect></datashop-live-logs>`;
  });
  await expect(page.locator("#there .dsl-word")).toHaveText("CONNECTED");
});

test("an invalid initial attribute is reported in the page until a valid one is set", async ({
  host,
  page,
}) => {
  const logs = await opened(host);
  await expect(logs.statusWord).toBeVisible();
  await page.evaluate(() => {
    const invalid = document.createElement("datashop-live-logs");
    window.received = [];
    invalid.addEventListener("error", (event) => {
      if (event instanceof CustomEvent) window.received.push(event.detail.type);
    });
    invalid.setAttribute("workspace-id", "workspace123");
    invalid.setAttribute("workflow-id", "a:b");
    element("there").append(invalid);
  });
  await expect.poll(() => page.evaluate(() => window.received)).toEqual(["option"]);
  await page
    .locator("#there datashop-live-logs")
    .evaluate((element) => element.setAttribute("workflow-id", "workflow456"));
  await expect(page.locator("#there .dsl-word")).toHaveText("DISCONNECTED");
});

test("moving the element keeps the stream and the lines", async ({ host, page, gateway }) => {
  const logs = await (await opened(host)).connect();
  await gateway.publish({ message: "before the move" });
  await expect(logs.row("before the move")).toBeVisible();
  const before = await host.openedCount();
  await page.evaluate(() =>
    element("there").append(...document.querySelectorAll("#here datashop-live-logs")),
  );
  await gateway.publish({ message: "after the move" });
  await expect(page.locator("#there .dsl-row").filter({ hasText: "after the move" })).toBeVisible();
  await expect(
    page.locator("#there .dsl-row").filter({ hasText: "before the move" }),
  ).toBeVisible();
  // The other ways in which frameworks move elements: before another, into a fragment and out of
  // it.
  await page.evaluate(() => {
    const [logs] = document.querySelectorAll("datashop-live-logs");
    element("here").prepend(logs);
    const fragment = document.createDocumentFragment();
    fragment.append(logs);
    element("here").append(fragment);
  });
  await gateway.publish({ message: "after the second move" });
  await expect(logs.row("after the second move")).toBeVisible();
  expect(await host.openedCount()).toBe(before);
  expect(await gateway.connections()).toBe(1);
});

test("removing the element disconnects, and inserting it again starts again", async ({
  host,
  page,
  gateway,
}) => {
  const logs = await (await opened(host)).connect();
  await page.evaluate(() => {
    [window.removed] = document.querySelectorAll("datashop-live-logs");
    window.removed.remove();
  });
  await host.expectNoStreams();
  expect(await page.evaluate(() => window.removed.status())).toMatchObject({ isLive: false });
  for (const verb of /** @type {const} */ (["connect", "disconnect", "retryNow", "clear"]))
    await page.evaluate((verb) => window.removed[verb](), verb);
  await host.settle();
  await host.expectNoStreams();
  await page.evaluate(() => element("here").append(window.removed));
  await logs.connect();
  expect(await gateway.publish({ message: "back" })).toBe(1);
  await expect(logs.row("back")).toBeVisible();
  await page.evaluate(() => element("here").replaceChildren());
  await host.expectNoStreams();
});

test("properties that were set before the definition apply", async ({ host, page, gateway }) => {
  await opened(host);
  await page.evaluate(() => {
    window.early.autoConnect = true;
    element("there").append(window.early);
  });
  await expect.poll(() => gateway.publish({ message: "early" }, EARLY)).toBe(1);
  await expect(page.locator("#there .dsl-row").filter({ hasText: "early" }).first()).toBeVisible();
});

test("may be defined under another name and more than once", async ({ host, page }) => {
  await opened(host);
  await page.evaluate(() => {
    window.defineLiveLogs();
    window.defineLiveLogs("my-live-logs");
    window.defineLiveLogs("my-live-logs");
    const mine = document.createElement("my-live-logs");
    mine.setAttribute("workspace-id", "workspace123");
    mine.setAttribute("workflow-id", "workflow456");
    mine.setAttribute("auto-connect", "");
    element("there").append(mine);
  });
  await expect(page.locator("my-live-logs .dsl-word")).toHaveText("CONNECTED");
});

test("repeated creation and removal leaves no stream open", async ({ host, page }) => {
  await opened(host);
  await page.evaluate(async () => {
    for (let time = 0; time < 30; time++) {
      element("there").replaceChildren();
      const logs = document.createElement("datashop-live-logs");
      logs.workspaceId = "workspace123";
      logs.workflowId = "workflow456";
      logs.autoConnect = true;
      element("there").append(logs);
      if (time % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    element("there").replaceChildren();
    element("here").replaceChildren();
  });
  await host.settle();
  await host.expectNoStreams();
});
