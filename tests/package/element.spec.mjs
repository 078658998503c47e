// <datashop-live-logs>, as pages without a framework and frameworks without React use it.

import { readFile } from "node:fs/promises";
import { expect, test } from "./support.mjs";

const OTHER = { workspace_id: "workspace123", workflow_id: "other" };
const EARLY = { workspace_id: "workspace123", workflow_id: "early" };

/** The element of the page, in a host's words. */
class LiveLogs {
  constructor(page) {
    this.page = page;
    this.place = page.locator("datashop-live-logs").first();
    this.rows = this.place.locator(".dsl-row");
    this.word = this.place.locator(".dsl-word");
  }

  do(verb) {
    return this.place.evaluate((element, verb) => element[verb](), verb);
  }

  set(name, value) {
    return this.place.evaluate(
      (element, [name, value]) =>
        value === null ? element.removeAttribute(name) : element.setAttribute(name, value),
      [name, value],
    );
  }

  property(name) {
    return this.place.evaluate((element, name) => element[name], name);
  }

  assign(name, value) {
    return this.place.evaluate(
      (element, [name, value]) => void (element[name] = value),
      [name, value],
    );
  }

  async is(state) {
    await expect.poll(async () => (await this.do("status")).state).toBe(state);
  }

  async connected() {
    await expect(this.word).toBeVisible();
    await this.do("connect");
    await this.is("connected");
    return this;
  }

  row(text) {
    return this.rows.filter({ hasText: text });
  }

  heard(name) {
    return this.page.evaluate(
      (name) =>
        window.heard[name].map((detail) =>
          detail instanceof Error
            ? { name: detail.name, type: detail.type, option: detail.option }
            : detail,
        ),
      name,
    );
  }
}

async function opened(host) {
  await host.open("element.html");
  return new LiveLogs(host.page);
}

test("connects, clears and disconnects by its verbs and its button", async ({ host, gateway }) => {
  const logs = await opened(host);
  await expect(logs.word).toHaveText("DISCONNECTED");
  await logs.place.getByRole("button", { name: "Connect Live Logs" }).click();
  await logs.is("connected");
  await gateway.publish({ message: "in the element" });
  await expect(logs.row("in the element")).toBeVisible();
  await logs.do("clear");
  await expect(logs.rows).toHaveCount(0);
  await logs.do("retryNow");
  await logs.do("disconnect");
  await logs.is("disconnected");
  await host.isClosed();
});

test("its attributes are live", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connected();
  await gateway.publish({ message: "of the first" });
  await expect(logs.row("of the first")).toBeVisible();
  await logs.set("workflow-id", "other");
  await expect.poll(() => gateway.publish({ message: "of the other" }, OTHER)).toBe(1);
  await expect(logs.row("of the other").first()).toBeVisible();
  await expect(logs.row("of the first")).toHaveCount(0);
  await logs.set("log-title", "Mine");
  await expect(logs.place.locator(".dsl-section .dsl-title")).toHaveText("Mine");
  await logs.set("log-title", null);
  await expect(logs.place.locator(".dsl-section .dsl-title")).toHaveText("Live logs");
  await logs.set("capacity", "3");
  for (let number = 0; number < 6; number++)
    await gateway.publish({ message: `m ${number}` }, OTHER);
  await expect(logs.row("m 5")).toBeVisible();
  await expect(logs.row("m 2")).toHaveCount(0);
  const ink = () =>
    logs.place
      .locator(".dsl-section")
      .evaluate((section) => getComputedStyle(section).backgroundColor);
  await logs.set("theme", "light");
  const light = await ink();
  await logs.set("theme", "dark");
  expect(await ink()).not.toBe(light);
  expect(await host.streams()).toHaveLength(1);
});

test("its properties are live, and say what its attributes say", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connected();
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
  await expect(logs.place.locator(".dsl-section .dsl-title")).toHaveText("Mine");
  await logs.assign("capacity", 77);
  expect(await logs.property("capacity")).toBe(77);
  await logs.assign("theme", "dark");
  expect(await logs.property("theme")).toBe("dark");
  await logs.assign("workflowId", null);
  await host.isClosed();
});

test("connects by itself with auto-connect, also when it comes later", async ({
  host,
  gateway,
}) => {
  const logs = await opened(host);
  await expect(logs.word).toHaveText("DISCONNECTED");
  await logs.set("auto-connect", "");
  await logs.is("connected");
  await logs.set("auto-connect", null);
  await logs.is("connected");
  expect(await gateway.publish({ message: "m" })).toBe(1);
  expect(await logs.property("autoConnect")).toBe(false);
});

test("its events carry what the callbacks get", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connected();
  for (let number = 1; number <= 5; number++) await gateway.publish({ number });
  await expect
    .poll(async () => (await logs.heard("log")).flat().map(({ number }) => number))
    .toEqual([1, 2, 3, 4, 5]);
  expect((await logs.heard("status")).map(({ state }) => state)).toContain("connected");
  await logs.set("endpoint", "/no/such/route");
  await expect
    .poll(async () => (await logs.heard("error")).map(({ type }) => type))
    .toContain("not_found");
});

test("a wrong id or endpoint is an error event, and the last right value stays", async ({
  host,
  gateway,
}) => {
  const logs = await (await opened(host)).connected();
  for (const [name, value, option, right] of [
    ["workflow-id", "a:b", "workflowId", "workflow456"],
    ["workspace-id", "a,b", "workspaceId", "workspace123"],
    ["endpoint", "javascript:alert(1)", "endpoint", null],
  ]) {
    await logs.set(name, value);
    await expect
      .poll(async () => (await logs.heard("error")).at(-1), name)
      .toMatchObject({ name: "LiveLogsError", type: "option", option });
    await expect(logs.place.getByRole("alert")).toContainText(option);
    await logs.set(name, right);
    await expect(logs.place.getByRole("alert")).toHaveCount(0);
  }
  await logs.is("connected");
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(logs.row("still here")).toBeVisible();
});

test("any other attribute that is wrong counts as absent, with one warning", async ({
  host,
  gateway,
}) => {
  const logs = await (await opened(host)).connected();
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
        () => host.told(new RegExp(`: ${option}: expected .*; the default is used instead`)),
        `${name}=${value}`,
      )
      .not.toEqual([]);
    await logs.set(name, null);
  }
  expect(await logs.heard("error")).toEqual([]);
  await expect(logs.place.getByRole("alert")).toHaveCount(0);
  await logs.is("connected");
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(logs.row("still here")).toBeVisible();
});

test("a wrong attribute reads as the default that is used", async ({ host }) => {
  const logs = await opened(host);
  for (const [name, property, value, is] of [
    ["capacity", "capacity", "many", 10_000],
    ["theme", "theme", "blue", "auto"],
    ["transport", "transport", "websocket", "eventsource"],
    ["console", "console", "loud", "changes"],
    ["backend", "backend", "python", "auto"],
  ]) {
    await logs.set(name, value);
    expect(await logs.property(property), name).toBe(is);
  }
});

test("each property of its types is one of its attributes", async ({ host, page }) => {
  await opened(host);
  const types = await readFile(
    new URL("../../www/package/types/element.d.ts", import.meta.url),
    "utf8",
  );
  const [, body] = /interface DatashopLiveLogs extends HTMLElement \{([^}]*)\}/.exec(types);
  const typed = [...body.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
  const real = await page.evaluate(() =>
    Object.keys(
      Object.getOwnPropertyDescriptors(customElements.get("datashop-live-logs").prototype),
    ).filter(
      (name) =>
        Object.getOwnPropertyDescriptor(customElements.get("datashop-live-logs").prototype, name)
          .set,
    ),
  );
  expect(typed.sort()).toEqual(real.sort());
  const [, listed] = /Attributes: `([^`]*)`/.exec(types);
  expect(listed.split(/[\s*]+/).sort()).toEqual(
    await page.evaluate(() =>
      customElements.get("datashop-live-logs").observedAttributes.toSorted(),
    ),
  );
});

test("a wrong attribute does not hold up those that are right", async ({ host, gateway }) => {
  const logs = await (await opened(host)).connected();
  await logs.set("endpoint", "javascript:alert(1)");
  await logs.set("workflow-id", "other");
  await expect.poll(() => gateway.publish({ message: "of the other" }, OTHER)).toBe(1);
  await expect
    .poll(async () => (await logs.heard("error")).map(({ option }) => option))
    .toContain("endpoint");
});

test("a wrong attribute that is not essential does not keep it from mounting", async ({
  host,
  page,
}) => {
  await opened(host);
  await page.evaluate(() => {
    document.getElementById("there").innerHTML =
      '<datashop-live-logs workspace-id="workspace123" workflow-id="workflow456" locale="en-US@posix" capacity="x" auto-connect></datashop-live-logs>';
  });
  await expect(page.locator("#there .dsl-word")).toHaveText("CONNECTED");
});

test("a wrong attribute from the start is told in the page, and mended by a right one", async ({
  host,
  page,
}) => {
  const logs = await opened(host);
  await expect(logs.word).toBeVisible();
  await page.evaluate(() => {
    const wrong = document.createElement("datashop-live-logs");
    window.wrong = [];
    wrong.addEventListener("error", ({ detail }) => window.wrong.push(detail?.type));
    wrong.setAttribute("workspace-id", "workspace123");
    wrong.setAttribute("workflow-id", "a:b");
    document.getElementById("there").append(wrong);
  });
  await expect.poll(() => page.evaluate(() => window.wrong)).toEqual(["option"]);
  await page
    .locator("#there datashop-live-logs")
    .evaluate((element) => element.setAttribute("workflow-id", "workflow456"));
  await expect(page.locator("#there .dsl-word")).toHaveText("DISCONNECTED");
});

test("moving it keeps the stream and the lines", async ({ host, page, gateway }) => {
  const logs = await (await opened(host)).connected();
  await gateway.publish({ message: "before the move" });
  await expect(logs.row("before the move")).toBeVisible();
  const before = await host.opened();
  await page.evaluate(() =>
    document.getElementById("there").append(document.querySelector("datashop-live-logs")),
  );
  await gateway.publish({ message: "after the move" });
  await expect(page.locator("#there .dsl-row").filter({ hasText: "after the move" })).toBeVisible();
  await expect(
    page.locator("#there .dsl-row").filter({ hasText: "before the move" }),
  ).toBeVisible();
  // By the other ways in which frameworks move: before another, into a fragment and out of it.
  await page.evaluate(() => {
    const element = document.querySelector("datashop-live-logs");
    document.getElementById("here").prepend(element);
    const fragment = document.createDocumentFragment();
    fragment.append(element);
    document.getElementById("here").append(fragment);
  });
  await gateway.publish({ message: "after the second move" });
  await expect(logs.row("after the second move")).toBeVisible();
  expect(await host.opened()).toBe(before);
  expect(await gateway.connections()).toBe(1);
});

test("removing it closes, and bringing it back begins again", async ({ host, page, gateway }) => {
  const logs = await (await opened(host)).connected();
  await page.evaluate(() => {
    window.kept = document.querySelector("datashop-live-logs");
    window.kept.remove();
  });
  await host.isClosed();
  expect(await page.evaluate(() => window.kept.status())).toMatchObject({ isLive: false });
  for (const verb of ["connect", "disconnect", "retryNow", "clear"])
    await page.evaluate((verb) => window.kept[verb](), verb);
  await host.settle();
  await host.isClosed();
  await page.evaluate(() => document.getElementById("here").append(window.kept));
  await logs.connected();
  expect(await gateway.publish({ message: "back" })).toBe(1);
  await expect(logs.row("back")).toBeVisible();
  await page.evaluate(() => document.getElementById("here").replaceChildren());
  await host.isClosed();
});

test("properties that were set before it was defined count", async ({ host, page, gateway }) => {
  await opened(host);
  await page.evaluate(() => {
    window.early.autoConnect = true;
    document.getElementById("there").append(window.early);
  });
  await expect.poll(() => gateway.publish({ message: "early" }, EARLY)).toBe(1);
  await expect(page.locator("#there .dsl-row").filter({ hasText: "early" }).first()).toBeVisible();
});

test("may have another name as well, and being defined twice is no fault", async ({
  host,
  page,
}) => {
  await opened(host);
  await page.evaluate(() => {
    window.defineLiveLogs();
    window.defineLiveLogs("my-live-logs");
    window.defineLiveLogs("my-live-logs");
    const mine = document.createElement("my-live-logs");
    mine.setAttribute("workspace-id", "workspace123");
    mine.setAttribute("workflow-id", "workflow456");
    mine.setAttribute("auto-connect", "");
    document.getElementById("there").append(mine);
  });
  await expect(page.locator("my-live-logs .dsl-word")).toHaveText("CONNECTED");
});

test("made and removed over and over it leaves nothing open", async ({ host, page }) => {
  await opened(host);
  await page.evaluate(async () => {
    for (let time = 0; time < 30; time++) {
      document.getElementById("there").replaceChildren();
      const element = document.createElement("datashop-live-logs");
      element.workspaceId = "workspace123";
      element.workflowId = "workflow456";
      element.autoConnect = true;
      document.getElementById("there").append(element);
      if (time % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    document.getElementById("there").replaceChildren();
    document.getElementById("here").replaceChildren();
  });
  await host.settle();
  await host.isClosed();
});
