// The oracle: reads all rows of a page as a person would, by scrolling, and compares them with what
// was published.

import { expect } from "@playwright/test";

/**
 * @import { Page } from "@playwright/test"
 *
 * @typedef {object} Publisher
 * @property {(logData: object) => Promise<boolean>} tryPublish
 */

/** A publisher of numbered lines that knows which of them the page must show. */
export class Numbered {
  /**
   * The numbers that the gateway accepted since the page was connected.
   *
   * @type {number[]}
   */
  accepted = [];

  #next = 0;

  /** @param {Publisher} gateway */
  constructor(gateway) {
    this.gateway = gateway;
  }

  /**
   * Publishes until the page shows a line: from then on it must show every line.
   *
   * @param {{ page: Page }} demo
   */
  async begin({ page }) {
    for (;;) {
      await this.publish(1);
      const rows = (await page.locator(".dsl-row").count()) > 0 ? await readRows(page) : [];
      const first = rows.find((row) => row.startsWith("number "));
      if (first) {
        const start = Number(first.split(" ")[1]);
        this.accepted = this.accepted.filter((number) => number >= start);
        return this;
      }
      await page.waitForTimeout(50);
    }
  }

  /**
   * Publishes `count` lines in order. Lines that a gateway which is down does not accept need not
   * be shown.
   *
   * @param {number} count
   */
  async publish(count) {
    for (const last = this.#next + count; this.#next < last; this.#next++) {
      const message = `number ${this.#next}`;
      if (await this.gateway.tryPublish({ level: "INFO", pipeline: "NUMBERED", message }))
        this.accepted.push(this.#next);
    }
  }
}

/**
 * Returns the messages of all rows of the page, oldest first: numbered lines and notices.
 *
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export async function readRows(page) {
  return page.locator(".dsl-root").evaluate(async (root) => {
    /**
     * @param {Element} within
     * @param {string} selector
     */
    const find = (within, selector) => {
      const element = within.querySelector(selector);
      if (!(element instanceof HTMLElement)) throw new Error(`there is no ${selector}`);
      return element;
    };
    const frame = () =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const list = find(root, ".dsl-list");
    // So tall that a few steps show ten thousand rows; set through the CSSOM, which the policy
    // allows.
    root.style.setProperty("--dsl-list-height", "30000px");
    await frame();
    const height = list.querySelector("li")?.getBoundingClientRect().height ?? 28;
    /** @type {string[]} */
    const rows = [];
    for (let top = 0; ; top += 25_000) {
      list.scrollTop = top;
      list.dispatchEvent(new Event("scroll"));
      await frame();
      const { transform } = find(list, ".dsl-rows").style;
      const offset = Number(/translateY\((\d+)px\)/.exec(transform)?.[1] ?? 0);
      const first = Math.round(offset / height);
      for (const [index, row] of [...list.querySelectorAll("li")].entries())
        rows[first + index] = find(row, ".dsl-message").textContent;
      if (top + list.clientHeight >= list.scrollHeight) break;
    }
    list.scrollTop = 0;
    list.dispatchEvent(new Event("scroll"));
    root.style.removeProperty("--dsl-list-height");
    return rows.reverse();
  });
}

/**
 * Compares rows with the numbers that the gateway accepted: each must be shown once and in order,
 * or be part of a gap that counts it.
 *
 * @param {string[]} rows
 * @param {number[]} accepted
 */
export function judge(rows, accepted) {
  /** @type {string[]} */
  const faults = [];
  let gaps = 0;
  let next = 0;
  let known = 0;
  let openEnded = false;
  /**
   * Checks the gap rows that ended at `place` against the lines that are not shown.
   *
   * @param {number} skipped
   * @param {string} place
   */
  const settle = (skipped, place) => {
    const fits = openEnded ? known <= skipped : known === skipped;
    if (!fits)
      faults.push(
        `${skipped} not shown before ${place}, ` +
          `the gap rows count ${known}${openEnded ? " or more" : ""}`,
      );
    known = 0;
    openEnded = false;
  };
  for (const row of rows) {
    const number = /^number (\d+)$/.exec(row);
    const missing = /^([\d,]+) lines? missing/.exec(row);
    if (number) {
      const index = accepted.indexOf(Number(number[1]), next);
      if (index < 0) {
        faults.push(`${row} is shown twice, out of order, or was never accepted`);
        continue;
      }
      settle(index - next, row);
      next = index + 1;
    } else if (missing) {
      gaps += 1;
      known += Number(missing[1].replaceAll(",", ""));
    } else if (/^Lines may be missing|^Log server restarted/.test(row)) {
      gaps += 1;
      openEnded = true;
    } else if (!/^Reconnected |^Start of /.test(row)) {
      faults.push(`unknown row: ${row}`);
    }
  }
  settle(accepted.length - next, "the end");
  return { faults, gaps };
}

/**
 * Waits until every accepted line is shown or counted as missing.
 *
 * @param {{ page: Page }} demo
 * @param {{ accepted: number[] }} published
 */
export async function expectAll({ page }, { accepted }, { atMostGaps = Infinity } = {}) {
  const verdict = async () => judge(await readRows(page), accepted);
  await expect
    .poll(async () => (await verdict()).faults.slice(0, 3), {
      timeout: 60_000,
      intervals: [500, 1_000, 2_000],
    })
    .toEqual([]);
  expect((await verdict()).gaps).toBeLessThanOrEqual(atMostGaps);
}
