// Bar charts in SVG, readable on light and on dark pages. Independent of what is measured.

/** @import { Plot, Result } from "./types.js" */

const [WIDTH, LABEL, VALUE, ROW, BAR, TOP] = [920, 440, 90, 26, 16, 54];

const STYLE = [
  "text{font:13px system-ui,sans-serif;fill:#1f1f1f}",
  ".title{font-size:15px;font-weight:600}",
  ".soft{fill:#5c5c5c;font-size:12px}",
  ".bar{fill:#9aa5b1}",
  ".ours{fill:#0070dd}",
  ".ours-label{font-weight:600}",
  "\n@media (prefers-color-scheme:dark){",
  "text{fill:#e8e8e8}.soft{fill:#b3b0a4}.bar{fill:#6b7681}.ours{fill:#4da3ff}}",
].join("");

/**
 * Draws a bar chart. Bars without a value are left out.
 *
 * @param {Plot} plot
 */
export function barChart({ title, unit, bars, format, isLogarithmic }) {
  const drawn = bars.flatMap(({ label, value, isOurs }) =>
    value === null || value === undefined ? [] : [{ label, value, isOurs }],
  );
  const length = scale(
    drawn.map(({ value }) => value),
    isLogarithmic,
  );
  const height = TOP + drawn.length * ROW + 10;
  const note = `${unit}${isLogarithmic ? ", logarithmic scale" : ""}`;
  const rows = drawn.map(({ label, value, isOurs }, index) => {
    const top = TOP + index * ROW;
    const middle = top + BAR / 2 + 5;
    const width = length(value);
    return [
      `<text x="${LABEL - 10}" y="${middle}" text-anchor="end"`,
      isOurs ? ' class="ours-label">' : ">",
      `${escaped(truncated(label))}</text>`,
      `<rect x="${LABEL}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" `,
      `class="${isOurs ? "ours" : "bar"}"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${middle}">${escaped(format(value))}</text>`,
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" `,
    `viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style><text x="10" y="22" class="title">${escaped(title)}</text>`,
    `<text x="10" y="40" class="soft">${escaped(note)}</text>\n${rows.join("\n")}\n</svg>\n`,
  ].join("");
}

/**
 * Maps values to lengths. A logarithmic scale starts at half the smallest value, so that every
 * value has a bar.
 *
 * @param {number[]} values
 * @param {boolean} [isLogarithmic]
 * @returns {(value: number) => number}
 */
function scale(values, isLogarithmic) {
  const room = WIDTH - LABEL - VALUE;
  const most = Math.max(...values);
  if (!isLogarithmic) return (value) => (value / most) * room;
  const least = Math.min(...values.filter((value) => value > 0)) / 2;
  return (value) => (value > least ? (Math.log(value / least) / Math.log(most / least)) * room : 0);
}

/** @param {string} text */
function truncated(text) {
  return text.length > 58 ? `${text.slice(0, 57)}…` : text;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/**
 * The bars of all contenders that have figures.
 *
 * @template T
 * @param {Result<T>[]} results
 * @param {(figures: T) => number | null | undefined} read
 * @returns {Plot["bars"]}
 */
export function barsOf(results, read) {
  return results.flatMap((result) =>
    result.absent === null
      ? [
          {
            label: result.title.replaceAll(/[`*]/g, ""),
            value: read(result),
            isOurs: result.title.includes("ours"),
          },
        ]
      : [],
  );
}
