// The parts of the benchmark, in the order in which they run; `Part` in types.d.ts describes them.

import { burst } from "./burst.mjs";
import { gateway } from "./gateway.mjs";
import { hidden } from "./hidden.mjs";
import { latency } from "./latency.mjs";
import { memory } from "./memory.mjs";
import { mount } from "./mount.mjs";
import { search } from "./search.mjs";
import { steady } from "./steady.mjs";

/** @import { Part } from "../types.js" */

/**
 * Each part has results of its own kind.
 *
 * @type {Readonly<Record<string, Part<any>>>}
 */
export const PARTS = { burst, steady, memory, search, latency, mount, hidden, gateway };
