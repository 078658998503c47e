// The section in places that its author never saw: scaled, narrow, right to left, in flex and grid, in quirks mode, with names of any length.

import { faults, shape, walk, whole } from "./shape.mjs";
import { expect, test } from "./support.mjs";

// Each test scrolls through the whole list, some of them several times.
test.describe.configure({ timeout: 240_000 });

const LINES = 100;
const NAME = "a_name_that_never_ends_".repeat(9);

const SCALED = {
  "zoom 0.8": { zoom: "0.8" },
  "zoom 1.3": { zoom: "1.3" },
  "a scale of 0.5": { transform: "scale(0.5)" },
  "a scale of 1.5": { transform: "scale(1.5)" },
};

for (const [name, style] of Object.entries(SCALED)) {
  test(`every line is reached under ${name}`, async ({ gateway, demo, page }) => {
    await filled(gateway, demo, page, { ...style, transformOrigin: "0 0" });
    await reachesAll(demo, page);
    await wrap(page);
    await reachesAll(demo, page);
  });
}

test("a dialog that opens with an animation is measured as it stays", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page, {}, () => {
    const host = document.getElementById("host");
    host.style.transform = "scale(0.1)";
    window.opening = host.animate([{ transform: "scale(0.1)" }, { transform: "scale(1)" }], {
      duration: 300,
      fill: "forwards",
    });
    window.opening.pause();
  });
  await page.evaluate(() => (window.opening.play(), window.opening.finished));
  await reachesAll(demo, page);
});

test("a section that is mounted unseen is measured when it is shown", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page, { display: "none" });
  await page.locator("#host").evaluate((host) => (host.style.display = ""));
  await reachesAll(demo, page);
});

const CHANGES = {
  "a property": () =>
    document.querySelector(".dsl-root").style.setProperty("--dsl-row-height", "41.5px"),
  "a font, by which rows are high": () =>
    style(".dsl-root { --dsl-row-height: 2.5em } .dsl-row { font-size: 19px }"),
  zoom: () => (document.getElementById("host").style.zoom = "1.25"),
  "a narrower place": () => (document.getElementById("host").style.width = "420px"),
};

for (const [name, change] of Object.entries(CHANGES)) {
  for (const wraps of [false, true]) {
    test(`rows stay whole when ${name} changes${wraps ? ", wrapped" : ""}`, async ({
      gateway,
      demo,
      page,
    }) => {
      await filled(gateway, demo, page);
      await page.evaluate(() => {
        window.style = (text) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(text);
          document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        };
      });
      if (wraps) await wrap(page);
      await demo.list.evaluate((list) => list.scrollBy(0, 600));
      whole(await shape(page));
      await page.evaluate(change);
      await expect.poll(async () => faults(await shape(page))).toEqual([]);
      await reachesAll(demo, page);
    });
  }
}

test("wrapped rows follow a font that changes only where lines break", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page);
  await wrap(page);
  await demo.list.evaluate((list) => list.scrollBy(0, 400));
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".dsl-message { letter-spacing: 6px }");
    document.adoptedStyleSheets = [sheet];
  });
  await expect.poll(async () => faults(await shape(page))).toEqual([]);
  await reachesAll(demo, page);
});

test("a message can be read in any narrow place of a wide page", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page);
  await gateway.publish({
    level: "ERROR",
    pipeline: NAME,
    message: `last ${"words ".repeat(30)}`,
    duration: "1h 23m 45s",
    timestamp: "2026-11-27T10:00:00.123456789Z",
  });
  await expect(demo.row("last words")).toHaveCount(1);
  for (const wraps of [false, true]) {
    if (wraps) await wrap(page);
    for (const width of [700, 500, 360, 240]) {
      await page
        .locator("#host")
        .evaluate((host, width) => (host.style.width = width), `${width}px`);
      await expect.poll(async () => faults(await shape(page))).toEqual([]);
      const widths = await demo.rows
        .locator(".dsl-message")
        .evaluateAll((cells) => cells.map((cell) => cell.clientWidth));
      expect(Math.min(...widths), `in ${width} px`).toBeGreaterThan(width * 0.6);
    }
    await reachesAll(demo, page);
  }
});

test("a message can be read in a browser without container queries", async ({
  gateway,
  demo,
  page,
}) => {
  await page.route("**/live-logs*.css", async (route) => {
    const response = await route.fetch();
    const css = await response.text();
    expect(css).toContain("@container");
    await route.fulfill({ response, body: css.replace("@container", "@container-of-tomorrow") });
  });
  await filled(gateway, demo, page, { width: "500px" });
  const widths = await demo.rows
    .locator(".dsl-message")
    .evaluateAll((cells) => cells.map((cell) => cell.clientWidth));
  expect(Math.min(...widths)).toBeGreaterThan(120);
});

const PARENTS = {
  "a block": { width: "360px" },
  "a flex row": { width: "360px", display: "flex" },
  "a flex column": { width: "360px", display: "flex", flexDirection: "column" },
  "a flex column, not stretched": {
    width: "360px",
    display: "flex",
    flexDirection: "column",
    alignItems: "flex-start",
  },
  "a grid": { width: "360px", display: "grid" },
  "a grid of one fraction": { width: "360px", display: "grid", gridTemplateColumns: "1fr" },
  "a float": { float: "left", maxWidth: "360px" },
};

for (const mode of ["standards", "quirks"]) {
  test(`long names do not widen the section (${mode} mode)`, async ({ gateway, demo, page }) => {
    if (mode === "quirks") {
      await page.route(/:\d+\/$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          body: (await response.text()).replace(/<!doctype html>/i, ""),
        });
      });
    }
    await gateway.restartWith();
    await demo.open(gateway.url);
    expect(await page.evaluate(() => document.compatMode)).toBe(
      mode === "quirks" ? "BackCompat" : "CSS1Compat",
    );
    await place(page, {});
    const widths = async () => {
      const found = {};
      for (const [parent, style] of Object.entries(PARENTS)) {
        found[parent] = await page.evaluate((style) => {
          const host = document.getElementById("host");
          host.removeAttribute("style");
          Object.assign(host.style, style);
          return document.querySelector(".dsl-root").getBoundingClientRect().width;
        }, style);
        expect(await overflowing(page), parent).toEqual([]);
      }
      return found;
    };
    const before = await widths();
    expect(before).toEqual(Object.fromEntries(Object.keys(PARENTS).map((parent) => [parent, 360])));
    await demo.connect.click();
    await demo.live();
    for (let number = 0; number < 3; number++) {
      await gateway.publish({
        level: `LEVEL_${NAME}`,
        pipeline: `${number}${NAME}`,
        message: `${NAME}${number}`,
        duration: NAME,
        date: NAME,
        extra: NAME,
      });
    }
    await expect(demo.rows).toHaveCount(3);
    await demo.rows.first().getByRole("button").click();
    await expect(page.locator(".dsl-json")).toBeVisible();
    expect(await widths()).toEqual(before);
    await page.getByLabel("Pipeline").selectOption(`=0${NAME}`);
    await page.getByRole("button", { name: "Regular expression" }).click();
    await page.getByRole("searchbox").fill(`(${NAME}`);
    await expect(page.getByRole("alert")).toBeVisible();
    expect(await widths()).toEqual(before);
    await gateway.kill();
    await demo.word("ERROR");
    expect(await widths()).toEqual(before);
  });
}

test("on a page from right to left the chrome mirrors, and logs do not", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await demo.connect.click();
  await demo.live();
  await gateway.publish({
    level: "INFO",
    pipeline: "/load=1",
    timestamp: "2026-11-27T10:00:00Z",
    message: "/status=ok; path=…",
  });
  await gateway.publish({ level: "INFO", pipeline: "שלב", message: "שלום עולם (1/2)" });
  await expect(demo.rows).toHaveCount(2);
  await demo.row("/status").getByRole("button").click();
  const styles = (selector) =>
    page
      .locator(selector)
      .evaluateAll((elements) =>
        elements
          .map((element) => getComputedStyle(element))
          .map(({ direction, unicodeBidi }) => `${direction} ${unicodeBidi}`),
      );
  for (const cell of await styles(".dsl-row > *")) expect(cell).toBe("ltr isolate");
  for (const text of await styles(".dsl-full, .dsl-json, .dsl-detail .dsl-count"))
    expect(text).toMatch(/^ltr (isolate|plaintext)$/);
  for (const option of await styles(".dsl-root option")) expect(option).toMatch(/^ltr /);
  // The first character of a line stands at its left, the last at its right.
  for (const [text, selector] of [
    ["/status=ok; path=…", ".dsl-row .dsl-message"],
    ["/status=ok; path=…", ".dsl-full"],
    ["/load=1", ".dsl-row .dsl-pipeline"],
    ["2026-11-27T10:00:00Z", ".dsl-detail .dsl-count"],
  ]) {
    const [first, last] = await edges(page.locator(selector).filter({ hasText: text }).first());
    expect(first, `${selector} ${text}`).toBeLessThan(last);
  }
  const [title, clear] = [
    await page.locator(".dsl-section .dsl-title").boundingBox(),
    await page.getByRole("button", { name: "Clear" }).boundingBox(),
  ];
  expect(title.x).toBeGreaterThan(clear.x);
});

function wrap(page) {
  return page.getByRole("button", { name: "Wrap lines" }).click();
}

/** Where the first and the last character of an element's text stand. */
function edges(locator) {
  return locator.evaluate((element) => {
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    const x = (at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().x;
    };
    return [x(0), x(text.length - 1)];
  });
}

/** Puts the section into a parent of this style. */
function place(page, style) {
  return page.evaluate((style) => {
    const host = document.createElement("div");
    host.id = "host";
    Object.assign(host.style, style);
    const live = document.getElementById("live-logs");
    live.replaceWith(host);
    host.append(live);
  }, style);
}

/** A page with lines in a parent of this style. */
async function filled(gateway, demo, page, style = {}, prepare = () => {}) {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await place(page, style);
  await page.evaluate(prepare);
  // Not by the mouse, since the section may be hidden.
  await page.evaluate(() => document.querySelector(".dsl-bar .dsl-primary").click());
  await expect(page.locator(".dsl-word")).toHaveText("CONNECTED");
  for (let number = 0; number < LINES; number++) {
    await gateway.publish({
      level: "INFO",
      pipeline: "P",
      timestamp: "2026-11-27T10:00:00Z",
      message: `#${number} ${"a message of some words ".repeat(number % 9)}`,
    });
  }
  await expect(page.locator(".dsl-count").first()).toContainText(`${LINES} lines`);
}

/** Scrolls from the newest line to the oldest: no row is missed, none overlaps another, and the last is seen whole. */
async function reachesAll(demo, page) {
  await demo.list.evaluate((list) => (list.scrollTop = 0));
  const shapes = [await shape(page), ...(await walk(page, 250))];
  shapes.forEach(whole);
  const seen = new Set(
    shapes.flatMap(({ rows }) => rows.map(({ text }) => text.match(/#\d+ /)?.[0])),
  );
  expect([...Array(LINES).keys()].filter((number) => !seen.has(`#${number} `))).toEqual([]);
  await demo.list.focus();
  await page.keyboard.press("Home");
  // Keys scroll smoothly, and a key that is pressed meanwhile may be lost.
  await expect.poll(async () => (await shape(page)).top).toBe(0);
  await page.keyboard.press("End");
  const lowest = async () => (await shape(page)).rows.at(-1);
  await expect.poll(async () => (await lowest())?.text).toContain("#0 ");
  const { top, height } = await lowest();
  expect(top + height).toBeLessThan((await shape(page)).height + 2);
}

/** What reaches out of the section on either side, other than within an element that cuts it off. */
function overflowing(page) {
  return page.evaluate(() => {
    const root = document.querySelector(".dsl-root");
    const edge = root.getBoundingClientRect();
    const out = (element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (right > edge.right + 0.6 || left < edge.left - 0.6);
    };
    const isCut = (element) =>
      element.parentElement.closest(".dsl-list, .dsl-full, .dsl-json, .dsl-hidden, select") !==
      null;
    const found = [...root.querySelectorAll("*")]
      .filter((element) => out(element) && !isCut(element))
      .map((element) => `${element.tagName} ${element.className}`);
    for (const box of root.querySelectorAll(".dsl-list, .dsl-full, .dsl-json")) {
      if (box.scrollWidth > box.clientWidth) found.push(`${box.className} scrolls sideways`);
    }
    return found;
  });
}
