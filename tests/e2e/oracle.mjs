// The oracle: reads all rows that the page holds, as a person would by scrolling, and compares them with what was published.

import { expect } from "@playwright/test";

/** A publisher of numbered lines that knows which of them the gateway took since the page was promised all. */
export class Numbered {
  taken = [];
  #next = 0;

  constructor(gateway) {
    this.gateway = gateway;
  }

  /** Publishes until the page shows a line: from then on every line is promised to it. */
  async begin(demo) {
    for (;;) {
      await this.publish(1);
      const shown =
        (await demo.rows.count()) > 0
          ? (await readRows(demo.page)).find((row) => row.startsWith("number "))
          : undefined;
      if (shown) {
        this.taken = this.taken.filter((number) => number >= Number(shown.split(" ")[1]));
        return this;
      }
      await demo.page.waitForTimeout(50);
    }
  }

  /** Publishes `count` lines in order; what a gateway that is down does not take is not promised to anybody. */
  async publish(count) {
    for (const last = this.#next + count; this.#next < last; this.#next++) {
      const message = `number ${this.#next}`;
      if (await this.gateway.tryPublish({ level: "INFO", pipeline: "NUMBERED", message }))
        this.taken.push(this.#next);
    }
  }
}

/** All rows of the page, oldest first: numbers of lines, and notices as text. */
export async function readRows(page) {
  return page.evaluate(async () => {
    const frame = () =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const list = document.querySelector(".dsl-list");
    // Tall, so that a few steps see ten thousand rows; through the CSSOM, which the policy allows.
    document.querySelector(".dsl-root").style.setProperty("--dsl-list-height", "30000px");
    await frame();
    const height = list.querySelector("li")?.getBoundingClientRect().height ?? 28;
    const rows = [];
    for (let top = 0; ; top += 25_000) {
      list.scrollTop = top;
      list.dispatchEvent(new Event("scroll"));
      await frame();
      const offset = Number(
        /translateY\((\d+)px\)/.exec(list.querySelector(".dsl-rows").style.transform)?.[1] ?? 0,
      );
      const first = Math.round(offset / height);
      [...list.querySelectorAll("li")].forEach(
        (row, index) => (rows[first + index] = row.querySelector(".dsl-message").textContent),
      );
      if (top + list.clientHeight >= list.scrollHeight) break;
    }
    list.scrollTop = 0;
    list.dispatchEvent(new Event("scroll"));
    document.querySelector(".dsl-root").style.removeProperty("--dsl-list-height");
    return rows.reverse();
  });
}

/** Judges rows against the numbers that were taken by the gateway: each once and in order, or in a gap that says how many. */
export function judge(rows, taken) {
  const faults = [];
  let gaps = 0;
  let next = 0;
  let known = 0;
  let openEnded = false;
  const settle = (skipped, where) => {
    const fits = openEnded ? known <= skipped : known === skipped;
    if (!fits)
      faults.push(
        `${skipped} not shown before ${where}, the gap rows say ${known}${openEnded ? " or more" : ""}`,
      );
    known = 0;
    openEnded = false;
  };
  for (const row of rows) {
    const number = /^number (\d+)$/.exec(row);
    const missing = /^([\d,]+) lines? missing/.exec(row);
    if (number) {
      const index = taken.indexOf(Number(number[1]), next);
      if (index < 0) {
        faults.push(`${row} is shown twice, out of order, or was never taken`);
        continue;
      }
      settle(index - next, row);
      next = index + 1;
    } else if (missing) {
      gaps += 1;
      known += Number(missing[1].replaceAll(",", ""));
    } else if (row.startsWith("lines may be missing")) {
      gaps += 1;
      openEnded = true;
    } else if (!/^disconnected |^reconnected /.test(row)) {
      faults.push(`an unknown row: ${row}`);
    }
  }
  settle(taken.length - next, "the end");
  return { faults, gaps };
}

/** Waits until all that was taken is shown or told missing, and judges the whole. */
export async function expectAll(demo, { taken }, { atMostGaps = Infinity } = {}) {
  const seen = async () => judge(await readRows(demo.page), taken);
  await expect
    .poll(async () => (await seen()).faults.slice(0, 3), {
      timeout: 60_000,
      intervals: [500, 1_000, 2_000],
    })
    .toEqual([]);
  expect((await seen()).gaps).toBeLessThanOrEqual(atMostGaps);
}
