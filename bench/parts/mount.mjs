// Mount: from the call that mounts the client until its button can be pressed, with the files in
// the browser's cache.

import { median, missing, ms, whole } from "../figures.mjs";

/**
 * @import { Lab, Station } from "../lab.mjs"
 * @import { Contender, Measured, Options, Part, Result } from "../types.js"
 *
 * @typedef {object} MountFigures
 * @property {number} cold The first visit.
 * @property {Spread} mount
 * @property {Spread} navigation
 *
 * @typedef {{ median: number | null, worst: number }} Spread
 *
 * @typedef {{ mountMs: number, readyAtMs: number }} Visit
 */

/** @type {Part<Result<MountFigures>>} */
export const mount = {
  title: "Mounting",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, query }) => Boolean(isOurs) && query?.format === "lines",
};

/** The visits that fill the cache with files and compiled code. */
const WARM_UP = 2;

/** @param {Options} options */
function about({ mounts }) {
  return [
    `${whole(mounts)} visits with a warm cache; "usable" is from \`mountLiveLogs\` (\`openLogs\`) `,
    'to `ready`, "from navigation" is from the start of navigation.',
  ].join("");
}

/**
 * @param {Lab} lab
 * @param {Contender[]} contenders
 * @param {Options} options
 * @param {{ note: (line: string) => void }} report
 */
async function run(lab, contenders, { mounts }, { note }) {
  const results = [];
  for (const contender of contenders) {
    const figures = await visits(lab, contender, mounts);
    results.push({ name: contender.name, title: contender.title, ...figures });
    if (figures.absent === null)
      note(
        `mount ${contender.name}: ${ms(figures.mount.median)} ms warm, ${ms(figures.cold)} ms cold`,
      );
  }
  return results;
}

/**
 * Visits a contender repeatedly, in one profile, and so with one cache.
 *
 * @param {Lab} lab
 * @param {Contender} contender
 * @param {number} mounts
 * @returns {Promise<Measured<MountFigures>>}
 */
async function visits(lab, contender, mounts) {
  const profile = await lab.newProfile();
  /** @type {Visit[]} */
  const list = [];
  try {
    for (let visit = 0; visit < mounts + WARM_UP; visit += 1) {
      const figures = await lab.visit(
        contender,
        { connect: 0, capacity: 10_000 },
        (station) => measure(station, contender),
        { profile },
      );
      if (figures.absent !== null) return figures;
      list.push(figures);
    }
  } finally {
    await profile.close();
  }
  const warm = list.slice(WARM_UP);
  /**
   * @param {(visit: Visit) => number} read
   * @returns {Spread}
   */
  const spread = (read) => ({ median: median(warm.map(read)), worst: Math.max(...warm.map(read)) });
  return {
    absent: null,
    cold: list[0].mountMs,
    mount: spread(({ mountMs }) => mountMs),
    navigation: spread(({ readyAtMs }) => readyAtMs),
  };
}

/**
 * @param {Station} station
 * @param {Contender} contender
 * @returns {Promise<Visit>}
 */
async function measure({ page }, { isShowing }) {
  const { isUsable, ...times } = await page.evaluate(() => ({
    mountMs: window.bench.mountMs,
    readyAtMs: window.bench.readyAtMs,
    isUsable: document.querySelector("button:not(:disabled)") !== null,
  }));
  if (isShowing && !isUsable) throw new Error("the page is ready, but has no button to press");
  return times;
}

/** @param {Result<MountFigures>[]} results */
function rows(results) {
  return [
    ["client", "usable, median ms", "worst", "first visit ms", "from navigation, median ms"],
    ...results.map(row),
  ];
}

/** @param {Result<MountFigures>} result */
function row(result) {
  const { title } = result;
  if (result.absent !== null) return [title, missing(result.absent), "", "", ""];
  const { cold, mount, navigation } = result;
  return [title, ms(mount.median), ms(mount.worst), ms(cold), ms(navigation.median)];
}
