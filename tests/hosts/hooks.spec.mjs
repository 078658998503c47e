// The hooks of the old contract, in the oldest and the newest React, in a StrictMode that runs each
// effect twice, with a real gateway.

import { GATEWAY_ROUTE, PROXY_ROUTE } from "../support/environment.mjs";
import { CHANNEL, IDS, OTHER, OTHER_CHANNEL, test, WORKFLOW } from "./hooks_lab.mjs";
import { expect, WANTED } from "./support.mjs";

for (const target of WANTED.filter(({ page }) => page === "hooks")) {
  test.describe(target.name, () => {
    test.use({ target });

    test("all users of a provider share one connection, which closes with the last", async ({
      lab,
      host,
    }) => {
      const parts = [
        { id: "a", kind: "hook", ...WORKFLOW },
        { id: "b", kind: "hook", ...WORKFLOW },
        { id: "c", kind: "hook", ...OTHER },
        { id: "d", kind: "subscriber", channels: [CHANNEL] },
      ];
      await lab.showConnected(...parts);
      expect(await lab.opened()).toEqual([
        `${GATEWAY_ROUTE}?channels=${encodeURIComponent(`${CHANNEL},${OTHER_CHANNEL}`)}&batch=1`,
      ]);
      await lab.show(parts.slice(3));
      await expect.poll(() => host.probe.openStreams(GATEWAY_ROUTE)).toBe(1);
      await lab.show([]);
      await expect.poll(() => host.probe.openStreams(GATEWAY_ROUTE)).toBe(0);
    });

    test("logs are newest first, within maxLogs, and the same array until new ones arrive", async ({
      lab,
      host,
    }) => {
      await lab.showConnected({ id: "a", kind: "hook", maxLogs: 5, ...WORKFLOW });
      await lab.publish(8, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 8", "m 7", "m 6", "m 5", "m 4"]);
      const state = await lab.state("a");
      expect([
        state.logCount,
        state.lastLog?.message,
        state.channel,
        state.isConnected,
        state.error,
      ]).toEqual([5, "m 8", CHANNEL, true, null]);
      expect(state.stats).toMatchObject({ received: 8, duplicates: 0, missing: 0 });
      await lab.show([{ id: "a", kind: "hook", maxLogs: 5, ...WORKFLOW }]);
      expect(await host.page.evaluate(() => window.lab.isSame.a)).toBe(true);
    });

    test("many lines cause few renderings", async ({ lab, host }) => {
      await lab.showConnected({ id: "a", kind: "hook", maxLogs: 1_000, ...WORKFLOW });
      const before = await host.page.evaluate(() => window.lab.renders.a);
      await lab.publishAtOnce(400, WORKFLOW);
      await expect.poll(async () => (await lab.messages("a")).length).toBe(400);
      const renders = (await host.page.evaluate(() => window.lab.renders.a)) - before;
      // They arrive in a few events. A rendering for each line, doubled by StrictMode, would be 800.
      expect(renders).toBeLessThan(100);
    });

    test("adding and removing a channel loses no line of the others", async ({ lab, host }) => {
      const [first, second] = [
        { id: "a", kind: "subscriber", channels: [CHANNEL] },
        { id: "b", kind: "hook", ...OTHER },
      ];
      await lab.show([first]);
      await expect.poll(() => lab.isOpen()).toBe(true);
      const published = lab.publish(300, WORKFLOW);
      for (let round = 0; round < 4; round += 1) {
        await lab.show(round % 2 === 0 ? [first, second] : [first]);
        await host.page.waitForTimeout(150);
      }
      await published;
      await expect
        .poll(async () => (await host.page.evaluate(() => window.lab.received.a)).length)
        .toBe(300);
      expect(await host.page.evaluate(() => window.lab.received.a)).toEqual(
        Array.from({ length: 300 }, (_, index) => `m ${index + 1}`),
      );
    });

    test("another workflow starts empty, without a line of the old one", async ({ lab }) => {
      await lab.showConnected({ id: "a", kind: "hook", ...WORKFLOW });
      const published = lab.publish(200, WORKFLOW, "old");
      await lab.show([{ id: "a", kind: "hook", ...OTHER }]);
      await published;
      await expect
        .poll(async () => (await lab.state("a")).channel)
        .toBe("logs:etl:workspace123:quiet2");
      await lab.expectStatus("a", "connected");
      await lab.publish(3, OTHER, "new");
      await expect.poll(() => lab.messages("a")).toEqual(["new 3", "new 2", "new 1"]);
    });

    test("useLogsSubscription opens nothing before connectToLogs", async ({ lab, host }) => {
      await lab.show([{ id: "a", kind: "subscription", ...IDS }]);
      await host.page.waitForTimeout(500);
      expect(await lab.opened()).toEqual([]);
      await host.page.evaluate(() => window.lab.states.a.connectToLogs());
      await lab.expectStatus("a", "connected");
      await lab.publish(1, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 1"]);
      await host.page.evaluate(() => window.lab.states.a.disconnect());
      await expect.poll(() => host.probe.openStreams(GATEWAY_ROUTE)).toBe(0);
    });

    test("the context has the state, disconnects and connects again", async ({ lab, host }) => {
      await lab.showContext();
      expect((await lab.state("context")).connectedChannels).toEqual([CHANNEL]);
      await host.page.evaluate(() => window.lab.states.context.disconnect());
      await expect
        .poll(async () => (await lab.state("context")).connectionStatus)
        .toBe("disconnected");
      expect(await host.probe.openStreams(GATEWAY_ROUTE)).toBe(0);
      await host.page.evaluate(() => window.lab.states.context.connect());
      await lab.expectStatus("a", "connected");
    });

    test("context values are immutable, and their counts update within a second", async ({
      lab,
      host,
    }) => {
      await lab.showContext();
      await host.page.evaluate(() => {
        window.kept = {
          value: window.lab.states.context,
          text: JSON.stringify(window.lab.states.context),
        };
      });
      await lab.publish(5, WORKFLOW);
      await expect.poll(async () => (await lab.state("context")).stats.received).toBe(5);
      await expect.poll(async () => (await lab.state("a")).stats.received).toBe(5);
      expect(
        await host.page.evaluate(() => [
          JSON.stringify(window.kept.value) === window.kept.text,
          Object.isFrozen(window.kept.value.stats),
        ]),
      ).toEqual([true, true]);
    });

    test("changes of counts render the users of a context at most once per second", async ({
      lab,
      host,
    }) => {
      await lab.showContext();
      const before = await host.page.evaluate(() => ({
        renders: window.lab.renders.context,
        at: performance.now(),
      }));
      await lab.publish(200, WORKFLOW);
      await expect.poll(async () => (await lab.state("context")).stats.received).toBe(200);
      const after = await host.page.evaluate(() => ({
        renders: window.lab.renders.context,
        at: performance.now(),
      }));
      // StrictMode renders each twice.
      expect(after.renders - before.renders).toBeLessThanOrEqual(
        2 * (Math.ceil((after.at - before.at) / 1_000) + 1),
      );
    });

    test("invalid ids and channels are reported, and the host's tree stays mounted", async ({
      lab,
    }) => {
      const invalid = [
        { id: "a", kind: "hook", workspace_id: "a:b" },
        { id: "s", kind: "subscriber", channels: ["not a channel"] },
      ];
      await lab.show([...invalid, { id: "b", kind: "hook", maxLogs: "many", ...WORKFLOW }]);
      await lab.expectStatus("b", "connected");
      await lab.publish(1, WORKFLOW);
      await expect.poll(() => lab.messages("b")).toEqual(["m 1"]);
      expect((await lab.errors()).map(({ type, option }) => [type, option])).toEqual([
        ["option", "channels"],
        ["option", "channels"],
      ]);
      expect((await lab.state("a")).error).toMatchObject({ type: "option" });
      await lab.show([{ id: "b", kind: "hook", maxLogs: "many", ...WORKFLOW }]);
      await expect.poll(async () => (await lab.state("b")).error).toBeNull();
    });

    test("without a gatewayUrl a channel uses the proxy route, also outside of a provider", async ({
      lab,
    }) => {
      await lab.show(
        [
          { id: "a", kind: "hook", ...WORKFLOW },
          { id: "b", kind: "hook", ...WORKFLOW },
        ],
        null,
      );
      await lab.expectStatus("a", "connected");
      expect(await lab.opened()).toEqual([
        `${PROXY_ROUTE}?workspace_id=workspace123&workflow_id=quiet1&batch=1`,
      ]);
      await lab.publish(2, WORKFLOW);
      await expect.poll(() => lab.messages("b")).toEqual(["m 2", "m 1"]);
    });

    test("a filter applies; one that throws loses nothing and is reported once", async ({
      lab,
    }) => {
      await lab.showConnected(
        { id: "a", kind: "hook", filter: "even", ...WORKFLOW },
        { id: "b", kind: "hook", filter: "throws", ...WORKFLOW },
      );
      await lab.publish(4, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 4", "m 2"]);
      expect(await lab.messages("b")).toEqual(["m 4", "m 3", "m 2", "m 1"]);
      expect(await lab.errors()).toEqual([
        {
          type: "callback",
          option: "filter",
          message: "filter threw, and the log was kept: filter broke",
        },
      ]);
    });

    test("a subscriber that throws does not affect the others", async ({ lab, host }) => {
      await lab.show([
        { id: "a", kind: "subscriber", channels: [CHANNEL], breaks: true },
        { id: "b", kind: "subscriber", channels: [CHANNEL] },
      ]);
      await expect.poll(() => lab.isOpen()).toBe(true);
      await lab.publish(2, WORKFLOW);
      await expect
        .poll(() => host.page.evaluate(() => window.lab.received.b))
        .toEqual(["m 1", "m 2"]);
      expect((await lab.errors()).map(({ type }) => type)).toContain("callback");
    });

    test("logs survive a reload; clearing them does not erase the stored ones", async ({
      lab,
      host,
    }) => {
      const part = {
        id: "a",
        kind: "hook",
        persistence: true,
        persistenceKey: "kept",
        ...WORKFLOW,
      };
      await lab.showConnected(part);
      await lab.publish(3, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 3", "m 2", "m 1"]);
      await host.page.reload();
      await lab.show([part]);
      await expect.poll(() => lab.messages("a")).toEqual(["m 3", "m 2", "m 1"]);
      await lab.expectStatus("a", "connected");
      await lab.publish(1, WORKFLOW, "later");
      await expect.poll(() => lab.messages("a")).toEqual(["later 1", "m 3", "m 2", "m 1"]);
      expect(new Set((await lab.state("a")).logs.map(({ key }) => key)).size).toBe(4);
      await host.page.evaluate(() => window.lab.states.a.clearLogs());
      await expect.poll(() => lab.messages("a")).toEqual([]);
      await host.page.evaluate(() => window.lab.states.a.resetToPersisted());
      await expect.poll(() => lab.messages("a")).toEqual(["later 1", "m 3", "m 2", "m 1"]);
    });

    test("a full or corrupt storage is reported, and stops nothing", async ({ lab, host }) => {
      await host.page.evaluate(() => {
        localStorage.setItem("broken", "{not json");
        const real = Storage.prototype.setItem;
        Storage.prototype.setItem = function setItem(key, text) {
          if (text.length > 1_500) throw new DOMException("full", "QuotaExceededError");
          real.call(this, key, text);
        };
      });
      await lab.showConnected(
        { id: "a", kind: "hook", persistence: true, persistenceKey: "full", ...WORKFLOW },
        { id: "b", kind: "hook", persistence: true, persistenceKey: "broken", ...WORKFLOW },
      );
      await lab.publish(60, WORKFLOW);
      await expect.poll(async () => (await lab.messages("a")).length).toBe(60);
      await expect
        .poll(async () => (await lab.errors()).filter(({ type }) => type === "storage").length)
        .toBe(2);
      expect(
        JSON.parse(await host.page.evaluate(() => localStorage.getItem("full") ?? "null")).logs
          .length,
      ).toBeGreaterThan(0);
    });

    test("the status is error between two attempts, and failed without another", async ({
      lab,
      host,
    }) => {
      host.provoked.push(/responded with a status of (503|403)/);
      await host.page.route(`**${GATEWAY_ROUTE}?**`, (route) => route.fulfill({ status: 503 }));
      await lab.show([{ id: "a", kind: "hook", ...WORKFLOW }]);
      await lab.expectStatus("a", "error");
      expect((await lab.state("a")).isConnected).toBe(false);
      await host.page.route(`**${GATEWAY_ROUTE}?**`, (route) => route.fulfill({ status: 403 }));
      await lab.expectStatus("a", "failed");
      expect((await lab.state("a")).error).toMatchObject({ type: "not_allowed" });
    });

    test("an invalid option is reported in the page until it is rendered with a valid one", async ({
      lab,
      host,
    }) => {
      await lab.show([{ id: "v", kind: "viewer", workspaceId: "a:b", workflowId: "x" }]);
      await expect(host.page.getByRole("alert")).toContainText(
        "workspaceId: expected an id without ':'",
      );
      expect((await lab.errors()).map(({ type, option }) => [type, option])).toEqual([
        ["option", "workspaceId"],
      ]);
      await lab.show([{ id: "v", kind: "viewer", ...IDS }]);
      await expect(host.connectButton).toBeVisible();
      await expect(host.page.getByRole("alert")).toHaveCount(0);
    });

    test("repeated mounting and unmounting leaves nothing behind", async ({ lab, host }) => {
      test.slow();
      const cycles = Number(process.env.LOGS_MOUNTS ?? 200);
      /** @param {number} times */
      const cycle = async (times) => {
        for (let round = 0; round < times; round += 1) {
          await lab.show([
            { id: `a${round}`, kind: "hook", ...WORKFLOW },
            { id: `b${round}`, kind: "viewer", ...IDS },
          ]);
          await lab.show([]);
        }
        await expect.poll(() => host.probe.openStreams(GATEWAY_ROUTE)).toBe(0);
      };
      const session = await host.page.context().newCDPSession(host.page);
      await session.send("Performance.enable");
      const measure = async () => {
        await host.page.evaluate(() => {
          window.lab.states = {};
          window.lab.renders = {};
          window.lab.isSame = {};
          probe.urls.length = 0;
        });
        await session.send("HeapProfiler.collectGarbage");
        await session.send("HeapProfiler.collectGarbage");
        const { metrics } = await session.send("Performance.getMetrics");
        /** @param {string} name */
        const metric = (name) =>
          metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
        return {
          heap: metric("JSHeapUsedSize"),
          listeners: metric("JSEventListeners"),
          nodes: metric("Nodes"),
        };
      };
      await cycle(20);
      const before = await measure();
      await cycle(cycles);
      const after = await measure();
      console.log(
        [
          `${target.name}: ${cycles} mounts, heap ${before.heap} -> ${after.heap}`,
          `listeners ${before.listeners} -> ${after.listeners}`,
          `nodes ${before.nodes} -> ${after.nodes}`,
        ].join(", "),
      );
      expect(after.listeners).toBeLessThanOrEqual(before.listeners + 5);
      expect(after.nodes).toBeLessThanOrEqual(before.nodes + 50);
      expect(after.heap).toBeLessThan(before.heap + 2_000_000);
    });
  });
}
