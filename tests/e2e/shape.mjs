// Where the rows stand on the screen, and what is wrong with that.

import { expect } from "@playwright/test";

/** Scrolls by `way` and returns the rows on the screen after the next frame, in pixels of the layout: what an ancestor does to the scale is taken out. */
export async function shape(page, way = 0) {
  return (await walk(page, way, 1))[0];
}

/** The same after each of `steps` steps, or fewer where the list ends. */
export function walk(page, way, steps = 500) {
  return page.evaluate(
    async ({ way, steps }) => {
      const list = document.querySelector(".dsl-list");
      const place = (row) => row.getBoundingClientRect();
      const shapes = [];
      while (shapes.length < steps && !shapes.at(-1)?.isAtEnd) {
        if (way !== 0) list.scrollBy({ top: way, behavior: "instant" });
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        const edge = place(list);
        const scale = edge.height / list.clientHeight;
        const all = [...list.querySelectorAll("li")].map((row) => ({
          text: row.textContent,
          top: (place(row).top - edge.top) / scale,
          height: place(row).height / scale,
        }));
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
    { way, steps },
  );
}

/** Holes, overlaps, and white at the edges. */
export function faults({ rows, height }) {
  const found = rows.length === 0 ? ["no rows"] : [];
  if (rows[0]?.top >= 1) found.push(`white above: ${rows[0].top}`);
  for (let row = 1; row < rows.length; row++) {
    const gap = rows[row].top - rows[row - 1].top - rows[row - 1].height;
    if (Math.abs(gap) > 0.6) found.push(`${gap} between rows ${row - 1} and ${row}`);
  }
  if (rows.at(-1)?.top + rows.at(-1)?.height <= height - 2)
    found.push(`white below: ${rows.at(-1).top + rows.at(-1).height} of ${height}`);
  return found;
}

/** Neither a hole nor an overlap, and no white at the edges. */
export function whole(shape) {
  expect(faults(shape)).toEqual([]);
}
