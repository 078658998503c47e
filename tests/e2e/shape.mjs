// Where the rows are on the screen, and what is wrong with that.

import { expect } from "@playwright/test";

/**
 * @typedef {{ text: string, top: number, height: number }} RowBox A row, in pixels of the layout.
 *
 * @typedef {object} Shape The rows on the screen at one moment.
 * @property {RowBox[]} rows
 * @property {number} height The height of the list.
 * @property {number} top How far the list is scrolled.
 * @property {boolean} isAtEnd
 */

/**
 * Scrolls by `delta` pixels and returns the rows on the screen after the next frame. The scale of
 * an ancestor is divided out.
 *
 * @param {import("@playwright/test").Page} page
 */
export async function shape(page, delta = 0) {
  return (await walk(page, delta, 1))[0];
}

/**
 * Returns the shapes after each of `steps` scrolls by `delta`, or fewer if the list ends.
 *
 * @param {import("@playwright/test").Page} page
 * @param {number} delta
 * @returns {Promise<Shape[]>}
 */
export function walk(page, delta, steps = 500) {
  return page.locator(".dsl-list").evaluate(
    async (list, { delta, steps }) => {
      /** @type {Shape[]} */
      const shapes = [];
      while (shapes.length < steps && !shapes.at(-1)?.isAtEnd) {
        if (delta !== 0) list.scrollBy({ top: delta, behavior: "instant" });
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        const edge = list.getBoundingClientRect();
        const scale = edge.height / list.clientHeight;
        const all = [...list.querySelectorAll("li")].map((row) => {
          const { top, height } = row.getBoundingClientRect();
          return {
            text: row.textContent,
            top: (top - edge.top) / scale,
            height: height / scale,
          };
        });
        const rows = all.filter(({ top, height }) => top + height > 0 && top < list.clientHeight);
        shapes.push({
          rows,
          height: list.clientHeight,
          top: list.scrollTop,
          isAtEnd: list.scrollTop >= list.scrollHeight - list.clientHeight - 1.5,
        });
      }
      return shapes;
    },
    { delta, steps },
  );
}

/**
 * Returns the holes and overlaps between rows, and the white space at the edges.
 *
 * @param {Shape} shape
 */
export function layoutFaults({ rows, height }) {
  const [first, last] = [rows[0], rows[rows.length - 1]];
  if (!first) return ["no rows"];
  const faults = [];
  if (first.top >= 1) faults.push(`white space above: ${first.top}`);
  for (let row = 1; row < rows.length; row++) {
    const gap = rows[row].top - rows[row - 1].top - rows[row - 1].height;
    if (Math.abs(gap) > 0.6) faults.push(`${gap} between rows ${row - 1} and ${row}`);
  }
  const bottom = last.top + last.height;
  if (bottom <= height - 2) faults.push(`white space below: ${bottom} of ${height}`);
  return faults;
}

/**
 * Expects rows without holes, overlaps or white space at the edges.
 *
 * @param {Shape} shape
 */
export function expectNoLayoutFaults(shape) {
  expect(layoutFaults(shape)).toEqual([]);
}
