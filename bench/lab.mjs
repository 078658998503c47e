// One server and one browser that run contenders: opens a contender's page, runs it, and measures
// the cost. Does not compare contenders.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startUntil, stop } from "../scripts/lib/run.mjs";
import { SITE } from "./build.mjs";
import { openBrowser } from "./devtools.mjs";
import { FAILED } from "./figures.mjs";
import { channelsOf } from "./payload.mjs";

/**
 * @import { ChildProcess } from "node:child_process"
 * @import { Browser, Profile, Tab } from "./devtools.mjs"
 * @import { Profiler } from "./profile.mjs"
 * @import { Contender, Measured, PageFigures, Plan, RunFigures, ServerRun } from "./types.js"
 *
 * @typedef {object} Where
 * @property {string} [site] The address of a real gateway, instead of the benchmark's server.
 * @property {Pick<Profile, "open">} [profile] A shared profile, instead of one for the page alone.
 */

const SERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), "server.mjs");

/**
 * The delay before a ready page is started, so that mounting is not measured: longer than the first
 * garbage collection takes.
 */
const SETTLE_MS = 300;

/** The time within which a page must be ready. */
const READY_MS = 30_000;

/**
 * Opens a lab; `close()` ends the browser and the server. `isWatched` is explained in devtools.mjs.
 *
 * @param {{ isWatched?: boolean }} [options]
 */
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

export class Lab {
  #browser;
  #server;
  #runs = 0;

  /**
   * @param {Browser} browser
   * @param {string} version
   * @param {string} url
   * @param {ChildProcess} server
   */
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
   * Opens a contender's page, ready to start, in its own profile unless `profile` is given. The
   * station's `absent` is the reason if the client does not support an option of the variant.
   *
   * @param {Contender} contender
   * @param {Plan} plan
   * @param {Where} [where]
   */
  async open(contender, plan, { site = this.url, profile } = {}) {
    const ownProfile = profile ? null : await this.newProfile();
    this.#runs += 1;
    const id = `${process.pid}-${this.#runs}`;
    const page = await (profile ?? ownProfile ?? this.#browser)
      .open(`${site}/${contender.page}.html?${queryOf(contender, plan, id)}`)
      .catch(async (error) => {
        await ownProfile?.close();
        throw error;
      });
    const isStreaming = site === this.url && plan.connect !== 0;
    const station = new Station(this, id, page, ownProfile);
    try {
      await page.until("Boolean(window.bench)", READY_MS / 1_000);
      station.absent = await withTimeout(
        READY_MS,
        page.evaluate(() => window.bench.ready.then(() => window.bench.absent)),
        `${contender.name} was not ready after ${READY_MS / 1_000} s`,
      );
      if (isStreaming) station.absent ??= await this.#refusal(contender, station);
      return station;
    } catch (error) {
      await station.close();
      throw error;
    }
  }

  /**
   * Opens a contender's page, calls `measure(station)`, and closes the page. Returns what `measure`
   * returns, or the reason if the client does not support an option of the variant or failed: one
   * that breaks must not end a run of hours.
   *
   * @template T
   * @param {Contender} contender
   * @param {Plan} plan
   * @param {(station: Station) => Promise<T>} measure
   * @param {Where} [where]
   * @returns {Promise<Measured<T>>}
   */
  async visit(contender, plan, measure, where) {
    let station = null;
    try {
      station = await this.open(contender, plan, where);
      if (station.absent) return { absent: station.absent };
      return { absent: null, ...(await measure(station)) };
    } catch (error) {
      const message = messageOf(error);
      console.error(`bench: ${contender.name}: ${message.split("\n")[0]}`);
      return { absent: `${FAILED}: ${message}` };
    } finally {
      await station?.close().catch(() => {});
    }
  }

  /**
   * Returns why a variant is not what its name says, if so.
   *
   * @param {Contender} contender
   * @param {Station} station
   */
  async #refusal({ query }, station) {
    if (query?.format !== "asked") return null;
    return (await this.serverRun(station.id)).format === "batch"
      ? null
      : "the client does not ask for batch frames";
  }

  /**
   * Returns what the server did for one run.
   *
   * @param {string} id
   * @returns {Promise<ServerRun>}
   */
  async serverRun(id) {
    return (await fetch(`${this.url}/bench/run?run=${id}`)).json();
  }

  /** Opens a profile with its own cache. */
  newProfile() {
    return this.#browser.newProfile();
  }

  /**
   * Returns the CPU time of all renderers so far, in milliseconds. Unlike the clock it does not
   * advance while others use the machine.
   */
  async rendererMs() {
    return (await this.#renderers()).reduce((total, { cpuTime }) => total + cpuTime * 1_000, 0);
  }

  /**
   * Returns the resident memory of all renderers in bytes, or `null` on systems other than Linux.
   */
  async rendererBytes() {
    const sizes = (await this.#renderers()).map(({ id }) =>
      readFile(`/proc/${id}/status`, "utf8").then(residentBytes),
    );
    return Promise.all(sizes)
      .then((sizes) => sizes.reduce((total, size) => total + size, 0))
      .catch(() => null);
  }

  /** @returns {Promise<{ id: number, type: string, cpuTime: number }[]>} */
  async #renderers() {
    const { processInfo } = await this.#browser.send("SystemInfo.getProcessInfo");
    return processInfo.filter((/** @type {{ type: string }} */ { type }) => type === "renderer");
  }
}

/** One page of a contender, ready to start. */
export class Station {
  /**
   * Why the contender cannot run.
   *
   * @type {string | null}
   */
  absent = null;

  #lab;
  #ownProfile;

  /**
   * @param {Lab} lab
   * @param {string} id
   * @param {Tab} page
   * @param {Profile | null} ownProfile Closed with the station.
   */
  constructor(lab, id, page, ownProfile) {
    this.#lab = lab;
    this.id = id;
    this.page = page;
    this.#ownProfile = ownProfile;
  }

  /**
   * Starts, and waits until the page is done, or for `patienceMs`: then the figures are those of
   * that moment, with `isCut`.
   *
   * @param {{ patienceMs: number, profiler?: Profiler }} options
   * @returns {Promise<RunFigures>}
   */
  async run({ patienceMs, profiler }) {
    await pause(SETTLE_MS);
    const before = await this.#lab.rendererMs();
    await profiler?.begin(this.page);
    await this.page.evaluate(() => window.bench.start());
    const figures = await this.#finished(patienceMs);
    const profile = await profiler?.end();
    const after = await this.#lab.rendererMs();
    const server = await this.#lab.serverRun(this.id);
    return { ...figures, cpuMs: after - before, server, profile };
  }

  /**
   * @param {number} patienceMs
   * @returns {Promise<PageFigures & { isCut?: boolean }>}
   */
  async #finished(patienceMs) {
    const done = this.page.evaluate(() => window.bench.done);
    const timer = new AbortController();
    const late = pause(patienceMs, null, { signal: timer.signal });
    // Rejected when the timer is aborted.
    late.catch(() => {});
    const figures = await Promise.race([done, late]);
    timer.abort();
    if (figures) return figures;
    // The promise is rejected when the page closes.
    done.catch(() => {});
    return { ...(await this.page.evaluate(() => window.bench.figures())), isCut: true };
  }

  /**
   * Returns the size of the JavaScript heaps of the page and of its workers. The browser collects
   * garbage first, when it chooses to.
   */
  async heaps() {
    const measured = await this.page.evaluate(() => performance.measureUserAgentSpecificMemory());
    return measured.bytes;
  }

  async close() {
    await (this.#ownProfile ?? this.page).close();
  }
}

/**
 * Returns the query that tells a contender's page what to do.
 *
 * @param {Contender} contender
 * @param {Plan} plan
 * @param {string} run
 */
export function queryOf({ query = {}, options = {} }, plan, run) {
  const { payload = "usual", ...numbers } = plan;
  const channels = channelsOf(payload);
  const parameters = {
    run,
    payload,
    ...numbers,
    ...query,
    ...(channels.length > 1 && { channels }),
    options: JSON.stringify(options),
  };
  const defined = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return new URLSearchParams(defined.map(([name, value]) => [name, String(value)]));
}

/** @param {string} status */
function residentBytes(status) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
  return Number(kilobytes) * 1_024;
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @param {string} message
 * @returns {Promise<T>}
 */
async function withTimeout(ms, promise, message) {
  const timer = new AbortController();
  const late = pause(ms, null, { signal: timer.signal }).then(() => {
    throw new Error(message);
  });
  // Whichever loses the race may still be rejected.
  late.catch(() => {});
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
