// Bars as an SVG picture, readable on a light and on a dark page. Knows nothing of what is measured.

const [WIDTH, LABEL, VALUE, ROW, BAR, TOP] = [920, 440, 90, 26, 16, 54];

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f1f1f}.title{font-size:15px;font-weight:600}.soft{fill:#5c5c5c;font-size:12px}.bar{fill:#9aa5b1}.ours{fill:#0070dd}.ours-label{font-weight:600}
@media (prefers-color-scheme:dark){text{fill:#e8e8e8}.soft{fill:#b3b0a4}.bar{fill:#6b7681}.ours{fill:#4da3ff}}`;

/** The picture of `{ title, unit, bars: [{ label, value, isOurs }], format, isLogarithmic }`. */
export function barChart({ title, unit, bars, format, isLogarithmic }) {
  const drawn = bars.filter(({ value }) => value !== null && value !== undefined);
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
      `<text x="${LABEL - 10}" y="${middle}" text-anchor="end"${isOurs ? ' class="ours-label"' : ""}>${escaped(shortened(label))}</text>`,
      `<rect x="${LABEL}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${isOurs ? "ours" : "bar"}"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${middle}">${escaped(format(value))}</text>`,
    ].join("");
  });
  const head = `<text x="10" y="22" class="title">${escaped(title)}</text><text x="10" y="40" class="soft">${escaped(note)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}"><style>${STYLE}</style>${head}\n${rows.join("\n")}\n</svg>\n`;
}

/** Values to lengths. On a logarithmic scale the bars begin at half the smallest value, so that it has a bar as well. */
function scale(values, isLogarithmic) {
  const room = WIDTH - LABEL - VALUE;
  const most = Math.max(...values);
  if (!isLogarithmic) return (value) => (value / most) * room;
  const least = Math.min(...values.filter((value) => value > 0)) / 2;
  return (value) => (value > least ? (Math.log(value / least) / Math.log(most / least)) * room : 0);
}

/** As much of a label as has room. */
function shortened(text) {
  return text.length > 58 ? `${text.slice(0, 57)}…` : text;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
