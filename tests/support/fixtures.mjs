// Fixtures of all suites: gateways and other servers that end with the test.

import { test as base } from "@playwright/test";
import { startFaultProxy } from "./fault_proxy.mjs";
import { Gateway } from "./gateway.mjs";
import { startOpenServer } from "./http_server.mjs";

/**
 * @import {
 *   Fixtures,
 *   PlaywrightTestArgs,
 *   PlaywrightTestOptions,
 *   PlaywrightWorkerArgs,
 *   PlaywrightWorkerOptions,
 * } from "@playwright/test"
 * @import { FaultProxy } from "./fault_proxy.mjs"
 * @import { Site } from "./gateway.mjs"
 *
 * @typedef {object} ServerFixtures
 * @property {(site: Site, ...args: string[]) => Promise<Gateway>} startGateway
 * @property {(gateway: { url: string }, plan: string) => Promise<FaultProxy>} faults
 *   Puts a fault proxy in front of a gateway.
 * @property {(respond: Parameters<typeof startOpenServer>[0]) => Promise<string>} raw
 *   Starts a server that responds as the test says, and returns its address.
 */

/** @typedef {PlaywrightTestArgs & PlaywrightTestOptions} TestArgs */
/** @typedef {PlaywrightWorkerArgs & PlaywrightWorkerOptions} WorkerArgs */

/** @type {Fixtures<ServerFixtures, {}, TestArgs, WorkerArgs>} */
const servers = {
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
  startGateway: async ({}, use) => {
    /** @type {Gateway[]} */
    const gateways = [];
    await use(async (site, ...args) => {
      const gateway = new Gateway(site);
      gateways.push(gateway);
      return gateway.start(...args);
    });
    await Promise.all(gateways.map((gateway) => gateway.kill()));
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
  faults: async ({}, use) => {
    /** @type {FaultProxy[]} */
    const proxies = [];
    await use(async ({ url }, plan) => {
      const proxy = await startFaultProxy(url, plan);
      proxies.push(proxy);
      return proxy;
    });
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures from the pattern
  raw: async ({}, use) => {
    /** @type {import("./http_server.mjs").TestServer[]} */
    const all = [];
    await use(async (respond) => {
      const server = await startOpenServer(respond);
      all.push(server);
      return `${server.origin}/stream`;
    });
    await Promise.all(all.map((server) => server.close()));
  },
};

export const test = base.extend(servers);
