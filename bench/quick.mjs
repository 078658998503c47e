// The quick benchmark of `npm test`: only whether our speed has collapsed. A busy machine must not fail it, nor noise.

import { buildSite } from "./build.mjs";
import { BARE, chosen } from "./contenders.mjs";
import { ratio, rough } from "./figures.mjs";
import { openLab } from "./lab.mjs";
import { burst } from "./parts/burst.mjs";

/** Enough to last longer than a frame or two, little enough for a few seconds in all. */
const LINES = 20_000;
const ROUNDS = 2;

/** A run that takes longer has collapsed. */
const PATIENCE_S = 60;

/** What the viewer comes to, beside a bare EventSource that never looks at what it gets (docs/benchmarks.md). */
const EXPECTED_RATIO = 0.45;

/** Noise halves a ratio, or halves it twice; only a fault, such as work per line that grows with the lines held, takes nine tenths. */
const COLLAPSE = EXPECTED_RATIO / 10;

/** Measures the viewer of pkg/ against the bare EventSource; gives `false` when it has collapsed, or lost a line. */
export async function quickBench() {
  const contenders = chosen([BARE, "viewer"]);
  await buildSite(contenders);
  const lab = await openLab();
  try {
    const options = { lines: LINES, rounds: ROUNDS, payload: "usual", patience: PATIENCE_S };
    const [bare, viewer] = await burst.run(lab, contenders, options, { note: () => {} });
    const absent = bare.absent ?? viewer.absent;
    if (absent) {
      console.log(`bench: no figures: ${absent}`);
      return false;
    }
    // The better of the rounds: the worse one tells of the machine.
    const best = Math.max(...viewer.ratios);
    const isWhole = viewer.cut === 0 && viewer.lost === 0 && viewer.doubled === 0;
    console.log(
      `bench: viewer ${rough(viewer.rate)} lines/s, bare EventSource ${rough(bare.rate)}; ratio ${ratio(best)}, expected ${EXPECTED_RATIO}, collapsed below ${ratio(COLLAPSE)}${isWhole ? "" : `; lost ${viewer.lost}, doubled ${viewer.doubled}, cut ${viewer.cut}`}`,
    );
    return isWhole && best >= COLLAPSE;
  } finally {
    await lab.close();
  }
}
