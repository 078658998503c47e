// The section in other layouts: scaled, narrow, right to left, in flex and grid, in quirks mode,
// with names of any length.

import { boxOf } from "../support/viewer.mjs";
import { expectNoLayoutFaults, layoutFaults, shape, walk } from "./shape.mjs";
import { expect, test } from "./support.mjs";

/**
 * @import { Locator, Page } from "@playwright/test"
 * @import { Gateway } from "../support/gateway.mjs"
 * @import { Demo } from "./support.mjs"
 *
 * @typedef {Record<string, string>} Style
 */

// Each test scrolls through the whole list, some of them several times.
test.describe.configure({ timeout: 240_000 });

const LINES = 100;
const NAME = "a_name_that_never_ends_".repeat(9);

/** @type {Record<string, Style>} */
const SCALES = {
  "zoom 0.8": { zoom: "0.8" },
  "zoom 1.3": { zoom: "1.3" },
  "a scale of 0.5": { transform: "scale(0.5)" },
  "a scale of 1.5": { transform: "scale(1.5)" },
};

for (const [name, style] of Object.entries(SCALES)) {
  test(`every line can be reached under ${name}`, async ({ gateway, demo, page }) => {
    await filled(gateway, demo, page, { ...style, transformOrigin: "0 0" });
    await reachesAll(demo, page);
    await demo.toggleWrap();
    await reachesAll(demo, page);
  });
}

test("a dialog that opens with an animation is measured in its final size", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page, {}, () => {
    const [host] = /** @type {HTMLCollectionOf<HTMLElement>} */ (
      document.getElementsByClassName("test-host")
    );
    host.style.transform = "scale(0.1)";
    window.opening = host.animate([{ transform: "scale(0.1)" }, { transform: "scale(1)" }], {
      duration: 300,
      fill: "forwards",
    });
    window.opening.pause();
  });
  await page.evaluate(async () => {
    window.opening.play();
    await window.opening.finished;
  });
  await reachesAll(demo, page);
});

test("a section that is mounted hidden is measured when it is shown", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page, { display: "none" });
  await hostOf(page).evaluate((host) => {
    host.style.display = "";
  });
  await reachesAll(demo, page);
});

/** @type {Record<string, (demo: Demo) => Promise<unknown>>} */
const CHANGES = {
  "a property": ({ root }) =>
    root.evaluate((root) => root.style.setProperty("--dsl-row-height", "41.5px")),
  "the font that determines the row height": ({ page }) =>
    addStyles(page, ".dsl-root { --dsl-row-height: 2.5em } .dsl-row { font-size: 19px }"),
  "the zoom": ({ page }) => hostOf(page).evaluate((host) => host.style.setProperty("zoom", "1.25")),
  "the width": ({ page }) =>
    hostOf(page).evaluate((host) => host.style.setProperty("width", "420px")),
};

for (const [name, change] of Object.entries(CHANGES)) {
  for (const wraps of [false, true]) {
    test(`rows stay whole when ${name} changes${wraps ? ", wrapped" : ""}`, async ({
      gateway,
      demo,
      page,
    }) => {
      await filled(gateway, demo, page);
      if (wraps) await demo.toggleWrap();
      await demo.list.evaluate((list) => list.scrollBy(0, 600));
      expectNoLayoutFaults(await shape(page));
      await change(demo);
      await expect.poll(async () => layoutFaults(await shape(page))).toEqual([]);
      await reachesAll(demo, page);
    });
  }
}

test("wrapped rows adapt to a font change that only moves line breaks", async ({
  gateway,
  demo,
  page,
}) => {
  await filled(gateway, demo, page);
  await demo.toggleWrap();
  await demo.list.evaluate((list) => list.scrollBy(0, 400));
  await addStyles(page, ".dsl-message { letter-spacing: 6px }");
  await expect.poll(async () => layoutFaults(await shape(page))).toEqual([]);
  await reachesAll(demo, page);
});

test("a message is readable in a narrow part of a wide page", async ({ gateway, demo, page }) => {
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
    if (wraps) await demo.toggleWrap();
    for (const width of [700, 500, 360, 240]) {
      await hostOf(page).evaluate(
        (host, width) => host.style.setProperty("width", width),
        `${width}px`,
      );
      await expect.poll(async () => layoutFaults(await shape(page))).toEqual([]);
      const widths = await demo.rows
        .locator(".dsl-message")
        .evaluateAll((cells) => cells.map((cell) => cell.clientWidth));
      expect(Math.min(...widths), `in ${width} px`).toBeGreaterThan(width * 0.6);
    }
    await reachesAll(demo, page);
  }
});

test("a message is readable in a browser without container queries", async ({
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

/** @type {Record<string, Style>} */
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
      /** @type {Record<string, number>} */
      const found = {};
      for (const [parent, style] of Object.entries(PARENTS)) {
        await hostOf(page).evaluate((host, style) => {
          host.removeAttribute("style");
          Object.assign(host.style, style);
        }, style);
        found[parent] = (await boxOf(demo.root)).width;
        expect(await overflowing(page), parent).toEqual([]);
      }
      return found;
    };
    const before = await widths();
    expect(before).toEqual(Object.fromEntries(Object.keys(PARENTS).map((parent) => [parent, 360])));
    await demo.connectButton.click();
    await demo.expectLive();
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
    await expect(page.locator(".dsl-fields")).toBeVisible();
    expect(await widths()).toEqual(before);
    await demo.pipelineMenu.selectOption(`0${NAME}`);
    await page.getByRole("button", { name: "Regular expression" }).click();
    await demo.searchField.fill(`(${NAME}`);
    await expect(demo.searchField).toHaveAttribute("aria-invalid", "true");
    expect(await widths()).toEqual(before);
    await gateway.kill();
    await demo.expectStatus("ERROR");
    expect(await widths()).toEqual(before);
  });
}

test("on a right-to-left page the controls mirror, and logs do not", async ({
  gateway,
  demo,
  page,
}) => {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await page.evaluate(() => {
    document.documentElement.dir = "rtl";
  });
  await demo.connectButton.click();
  await demo.expectLive();
  await gateway.publish({
    level: "INFO",
    pipeline: "/load=1",
    timestamp: "2026-11-27T10:00:00Z",
    message: "/status=ok; path=…",
  });
  await gateway.publish({ level: "INFO", pipeline: "שלב", message: "שלום עולם (1/2)" });
  await expect(demo.rows).toHaveCount(2);
  await demo.row("/status").getByRole("button").click();
  /** @param {string} selector */
  const styles = (selector) =>
    page
      .locator(selector)
      .evaluateAll((elements) =>
        elements
          .map((element) => getComputedStyle(element))
          .map(({ direction, unicodeBidi }) => `${direction} ${unicodeBidi}`),
      );
  for (const cell of await styles(".dsl-row > *")) expect(cell).toBe("ltr isolate");
  for (const text of await styles(".dsl-full, .dsl-fields, .dsl-detail .dsl-count"))
    expect(text).toMatch(/^ltr (isolate|plaintext)$/);
  await demo.pipelineMenu.open();
  for (const name of await styles(".dsl-facet-label")) expect(name).toMatch(/ isolate$/);
  await demo.pipelineMenu.close();
  // The first character of a line is on its left, the last on its right.
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
    await boxOf(page.locator(".dsl-section .dsl-title").first()),
    await boxOf(demo.clearButton),
  ];
  expect(title.x).toBeGreaterThan(clear.x);
});

/**
 * Returns where the first and the last character of an element's text are.
 *
 * @param {Locator} locator
 */
function edges(locator) {
  return locator.evaluate((element) => {
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    if (!(text instanceof Text)) throw new Error("the element has no text");
    /** @param {number} at */
    const x = (at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().x;
    };
    return [x(0), x(text.length - 1)];
  });
}

/**
 * Adds a style sheet through the CSSOM, which the policy allows.
 *
 * @param {Page} page
 * @param {string} css
 */
function addStyles(page, css) {
  return page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
  }, css);
}

/**
 * The parent that `place` has given the section.
 *
 * @param {Page} page
 */
function hostOf(page) {
  return page.locator(".test-host");
}

/**
 * Moves the section into a parent of this style.
 *
 * @param {Page} page
 * @param {Style} style
 */
function place(page, style) {
  return page.locator("#live-logs").evaluate((section, style) => {
    const host = document.createElement("div");
    host.className = "test-host";
    Object.assign(host.style, style);
    section.replaceWith(host);
    host.append(section);
  }, style);
}

/**
 * Opens a page with lines in a parent of this style.
 *
 * @param {Gateway} gateway
 * @param {Demo} demo
 * @param {Page} page
 * @param {Style} [style]
 * @param {() => void} [prepare] Runs in the page before it connects.
 */
async function filled(gateway, demo, page, style = {}, prepare = () => {}) {
  await gateway.restartWith();
  await demo.open(gateway.url);
  await place(page, style);
  await page.evaluate(prepare);
  // Not by the mouse, since the section may be hidden.
  await page.locator(".dsl-bar .dsl-primary").dispatchEvent("click");
  await expect(demo.statusWord).toHaveText("CONNECTED");
  for (let number = 0; number < LINES; number++) {
    await gateway.publish({
      level: "INFO",
      pipeline: "P",
      timestamp: "2026-11-27T10:00:00Z",
      message: `#${number} ${"a message of some words ".repeat(number % 9)}`,
    });
  }
  await expect(demo.lineCount.first()).toContainText(`${LINES} lines`);
}

/**
 * Scrolls from the newest line to the oldest: no row is missed, none overlaps another, and the last
 * is fully visible.
 *
 * @param {Demo} demo
 * @param {Page} page
 */
async function reachesAll(demo, page) {
  // A scroll of up to two windows is exact, also across rows that turn out to be higher than assumed:
  // then it ends before the top.
  const up = () =>
    demo.list.evaluate(async (list) => {
      list.scrollTop = 0;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return list.scrollTop;
    });
  await expect.poll(up).toBe(0);
  const shapes = [await shape(page), ...(await walk(page, 250))];
  for (const shape of shapes) expectNoLayoutFaults(shape);
  const seen = new Set(
    shapes.flatMap(({ rows }) => rows.map(({ text }) => text.match(/#\d+ /)?.[0])),
  );
  expect([...Array(LINES).keys()].filter((number) => !seen.has(`#${number} `))).toEqual([]);
  await demo.list.focus();
  await page.keyboard.press("Home");
  // Keys scroll smoothly, and a key press in the meantime may be lost.
  await expect.poll(async () => (await shape(page)).top).toBe(0);
  await page.keyboard.press("End");
  const lowest = async () => (await shape(page)).rows.at(-1);
  await expect.poll(async () => (await lowest())?.text).toContain("#0 ");
  const last = await lowest();
  expect(last ? last.top + last.height : Number.NaN).toBeLessThan((await shape(page)).height + 2);
}

/**
 * Returns the elements that overflow the section on either side and are not clipped.
 *
 * @param {Page} page
 */
function overflowing(page) {
  return page.locator(".dsl-root").evaluate((root) => {
    const edge = root.getBoundingClientRect();
    /** @param {Element} element */
    const isOutside = (element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (right > edge.right + 0.6 || left < edge.left - 0.6);
    };
    /** @param {Element} element */
    const isClipped = (element) =>
      element.parentElement?.closest(".dsl-list, .dsl-detail-body, .dsl-hidden, select") !== null;
    const found = [...root.querySelectorAll("*")]
      .filter((element) => isOutside(element) && !isClipped(element))
      .map((element) => `${element.tagName} ${element.className}`);
    for (const box of root.querySelectorAll(".dsl-list, .dsl-full, .dsl-detail-body")) {
      if (box.scrollWidth > box.clientWidth) found.push(`${box.className} scrolls sideways`);
    }
    return found;
  });
}
