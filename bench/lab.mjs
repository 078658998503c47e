// One server and one browser, in which contenders are run: opens a contender's page, lets it run, and reads what it cost.
// Knows nothing of what is compared with what.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { startUntil, stop } from "../scripts/lib/run.mjs";
import { SITE } from "./build.mjs";
import { openBrowser } from "./devtools.mjs";
import { FAILED } from "./figures.mjs";
import { channelsOf } from "./payload.mjs";

const SERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), "server.mjs");

/** Between a page's being ready and its start, so that mounting is not measured: longer than a first garbage collection takes. */
const SETTLE_MS = 300;

/** How long a page may take to be ready. */
const READY_MS = 30_000;

/** Opens a laboratory; `close()` ends the browser and the server. `isWatched` is the browser's (devtools.mjs). */
export async function openLab({ isWatched } = {}) {
  const { child, match } = await startUntil(
    process.execPath,
    [SERVER, "--site", SITE],
    /listening on (http:\/\/\S+)/,
  );
  try {
    const browser = await openBrowser({ isWatched });
    return new Lab(browser, await browser.version(), match[1], child);
  } catch (error) {
    await stop(child);
    throw error;
  }
}

class Lab {
  #browser;
  #server;
  #runs = 0;

  constructor(browser, version, url, server) {
    this.#browser = browser;
    this.version = version;
    this.#server = server;
    this.url = url;
  }

  async close() {
    await this.#browser.close();
    await stop(this.#server);
  }

  /**
   * Opens a contender's page, in a profile of its own unless `profile` is given, ready to start. `plan`: `lines`, or `rate` and `seconds`;
   * `last`, `payload`, `capacity`; `connect: 0` to mount only; `real` for a gateway, whose address is `site`. The station's `absent` says why when the client does not know an option of the variant.
   */
  async open(contender, plan, { site = this.url, profile } = {}) {
    const own = profile ? null : await this.newProfile();
    const id = `${process.pid}-${(this.#runs += 1)}`;
    const page = await (profile ?? own)
      .open(`${site}/${contender.page}.html?${queryOf(contender, plan, id)}`)
      .catch(async (error) => {
        await own?.close();
        throw error;
      });
    const station = new Station({
      lab: this,
      page,
      own,
      isStreaming: site === this.url && plan.connect !== 0,
      id,
    });
    try {
      await page.until("Boolean(window.bench)", READY_MS / 1_000);
      station.absent = await withTimeout(
        READY_MS,
        page.evaluate(async () => (await window.bench.ready, window.bench.absent)),
        `${contender.name} was not ready after ${READY_MS / 1_000} s`,
      );
      station.absent ??= await this.#refusal(contender, station);
      return station;
    } catch (error) {
      await station.close();
      throw error;
    }
  }

  /**
   * Opens a contender's page, lets `act(station)` have it, and closes it. Gives what `act` gives; `{ absent }` with the reason where the
   * client does not know an option of the variant, and where it failed: one that breaks must not end a run of hours.
   */
  async visit(contender, plan, act, where) {
    let station = null;
    try {
      station = await this.open(contender, plan, where);
      return station.absent ? { absent: station.absent } : await act(station);
    } catch (error) {
      console.error(`bench: ${contender.name}: ${error.message.split("\n")[0]}`);
      return { absent: `${FAILED}: ${error.message}` };
    } finally {
      await station?.close().catch(() => {});
    }
  }

  /** Why a variant is not what its name says, if so. */
  async #refusal({ query }, station) {
    if (query?.format !== "asked" || !station.isStreaming) return null;
    return (await this.told(station.id)).format === "batch"
      ? null
      : "the client does not ask for batch frames";
  }

  /** What the server did for one run. */
  async told(id) {
    return (await fetch(`${this.url}/bench/run?run=${id}`)).json();
  }

  /** A profile with a cache of its own. */
  newProfile() {
    return this.#browser.newProfile();
  }

  /** CPU time of all renderers so far, in milliseconds: unlike the clock it does not grow while others use the machine. */
  async rendererMs() {
    return (await this.#renderers()).reduce((total, { cpuTime }) => total + cpuTime * 1_000, 0);
  }

  /** What all renderers have in memory, in bytes; `null` where the system does not tell as Linux does. */
  async rendererBytes() {
    const sizes = (await this.#renderers()).map(({ id }) =>
      readFile(`/proc/${id}/status`, "utf8").then(residentBytes),
    );
    return Promise.all(sizes)
      .then((sizes) => sizes.reduce((total, size) => total + size, 0))
      .catch(() => null);
  }

  async #renderers() {
    const { processInfo } = await this.#browser.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer");
  }
}

/** One page of a contender, ready to start. */
class Station {
  constructor(parts) {
    Object.assign(this, parts);
    this.absent = null;
  }

  /**
   * Starts, and waits until it is done, or for `patienceMs`: then the figures are those of that moment, with `isCut`.
   */
  async run({ patienceMs, profiler }) {
    await pause(SETTLE_MS);
    const before = await this.lab.rendererMs();
    await profiler?.begin(this.page);
    await this.page.evaluate(() => window.bench.start());
    const figures = await this.#finished(patienceMs);
    const profile = await profiler?.end();
    const after = await this.lab.rendererMs();
    return { ...figures, cpuMs: after - before, server: await this.lab.told(this.id), profile };
  }

  async #finished(patienceMs) {
    const done = this.page.evaluate(() => window.bench.done);
    const late = new Promise((resolve) => (this.timer = setTimeout(resolve, patienceMs, null)));
    const figures = await Promise.race([done, late]);
    clearTimeout(this.timer);
    if (figures) return figures;
    // What is still awaited ends with the page.
    done.catch(() => {});
    return { ...(await this.page.evaluate(() => window.bench.figures())), isCut: true };
  }

  /** The JavaScript heaps of the page and of its workers, by the browser's own account. It collects garbage first and takes its time. */
  async heaps() {
    return (await this.page.evaluate(() => performance.measureUserAgentSpecificMemory())).bytes;
  }

  async close() {
    await (this.own ?? this.page).close();
  }
}

/** The query by which a page of a contender knows what it is to do. */
export function queryOf({ query = {}, options = {} }, plan, run) {
  const { payload = "usual", ...numbers } = plan;
  const channels = channelsOf(payload);
  const all = {
    run,
    payload,
    ...numbers,
    ...query,
    ...(channels.length > 1 && { channels }),
    options: JSON.stringify(options),
  };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== undefined));
}

function residentBytes(status) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * 1_024;
}

async function withTimeout(ms, promise, words) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(words)), ms)));
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
