// Mount: from the call that mounts the client until its button can be pressed, with the files in the browser's cache.

import { median, missing, ms, whole } from "../figures.mjs";

export const mount = {
  title: "Mounting",
  about,
  run,
  rows,
  plots: () => ({}),
  contenders: ({ isOurs, query }) => isOurs && query.format === "lines",
};

/** Visits that put files, and the browser's own compiled code, into the cache. */
const WARM_UP = 2;

function about({ mounts }) {
  return `${whole(mounts)} visits with a warm cache; "usable" is from \`mountLiveLogs\` (\`openLogs\`) to \`ready\`, "from navigation" from the beginning of the page's own loading.`;
}

async function run(lab, contenders, { mounts }, { note }) {
  const results = [];
  for (const contender of contenders) {
    const figures = await visits(lab, contender, mounts);
    results.push({ name: contender.name, title: contender.title, ...figures });
    if (!figures.absent)
      note(
        `mount ${contender.name}: ${ms(figures.mount.median)} ms warm, ${ms(figures.cold)} ms cold`,
      );
  }
  return results;
}

/** One profile for all, and so one cache. */
async function visits(lab, contender, mounts) {
  const profile = await lab.newProfile();
  const list = [];
  try {
    for (let visit = 0; visit < mounts + WARM_UP; visit += 1) {
      const figures = await lab.visit(
        contender,
        { connect: 0, capacity: 10_000 },
        (station) => measure(station, contender),
        { profile },
      );
      if (figures.absent) return figures;
      list.push(figures);
    }
  } finally {
    await profile.close();
  }
  const warm = list.slice(WARM_UP);
  const of = (read) => ({ median: median(warm.map(read)), worst: Math.max(...warm.map(read)) });
  return {
    cold: list[0].mountMs,
    mount: of(({ mountMs }) => mountMs),
    navigation: of(({ readyAtMs }) => readyAtMs),
  };
}

async function measure({ page }, { isShowing }) {
  const { isUsable, ...times } = await page.evaluate(() => ({
    mountMs: window.bench.mountMs,
    readyAtMs: window.bench.readyAtMs,
    isUsable: document.querySelector("button:not(:disabled)") !== null,
  }));
  if (isShowing && !isUsable)
    throw new Error("it said that it was ready, but there was no button to press");
  return times;
}

function rows(results) {
  return [
    ["client", "usable, median ms", "worst", "first visit ms", "from navigation, median ms"],
    ...results.map(row),
  ];
}

function row({ title, absent, cold, mount, navigation }) {
  if (absent) return [title, missing(absent), "", "", ""];
  return [title, ms(mount.median), ms(mount.worst), ms(cold), ms(navigation.median)];
}
