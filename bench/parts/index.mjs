// The parts of the benchmark, in the order in which they run. Each has `title`, `about(options)` in a sentence, `contenders(contender)` to
// say who takes part, `run(lab, contenders, options, { note })` for its results, and `rows(results)` and `plots(results)` to show them.

import { burst } from "./burst.mjs";
import { gateway } from "./gateway.mjs";
import { hidden } from "./hidden.mjs";
import { latency } from "./latency.mjs";
import { memory } from "./memory.mjs";
import { mount } from "./mount.mjs";
import { search } from "./search.mjs";
import { steady } from "./steady.mjs";

export const PARTS = { burst, steady, memory, search, latency, mount, hidden, gateway };
