// The quick benchmark of `npm test`: fails only if our speed has collapsed, not because of noise or
// of a busy machine.

import { buildSite } from "./build.mjs";
import { BARE, chosen } from "./contenders.mjs";
import { ratio, rough } from "./figures.mjs";
import { openLab } from "./lab.mjs";
import { measureBurst } from "./parts/burst.mjs";

/** Longer than a few frames, but only some seconds in total. */
const LINES = 20_000;
const ROUNDS = 2;

/** A run that takes longer has collapsed. */
const PATIENCE_S = 60;

/**
 * The speed of the viewer relative to a bare EventSource that ignores its data
 * (docs/benchmarks.md).
 */
const EXPECTED_RATIO = 0.45;

/**
 * Noise halves a ratio, or halves it twice. Only a fault, such as work per line that grows with the
 * number of lines, reduces it to a tenth.
 */
const COLLAPSE = EXPECTED_RATIO / 10;

/**
 * Compares the viewer of pkg/ with the bare EventSource; returns `false` if its speed has collapsed
 * or it lost a line.
 */
export async function quickBench() {
  const contenders = chosen([BARE, "viewer"]);
  await buildSite(contenders);
  const lab = await openLab();
  try {
    const options = { lines: LINES, rounds: ROUNDS, payload: "usual", patience: PATIENCE_S };
    const [bare, viewer] = await measureBurst(lab, contenders, options, () => {});
    if (bare.absent !== null || viewer.absent !== null) {
      console.log(`bench: no figures: ${bare.absent ?? viewer.absent}`);
      return false;
    }
    // The better of the rounds: the machine was busy in the other.
    const best = Math.max(...viewer.ratios);
    const isWhole = viewer.cut === 0 && viewer.lost === 0 && viewer.doubled === 0;
    console.log(
      [
        `bench: viewer ${rough(viewer.rate)} lines/s, bare EventSource ${rough(bare.rate)}; `,
        `ratio ${ratio(best)}, expected ${EXPECTED_RATIO}, collapsed below ${ratio(COLLAPSE)}`,
        isWhole ? "" : `; lost ${viewer.lost}, doubled ${viewer.doubled}, cut ${viewer.cut}`,
      ].join(""),
    );
    return isWhole && best >= COLLAPSE;
  } finally {
    await lab.close();
  }
}
