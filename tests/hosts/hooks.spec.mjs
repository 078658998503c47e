// The hooks by the old contract, in the oldest and the newest React, in StrictMode that runs each effect twice, on a real gateway.

import { expect, GATEWAY, PROXY, test, WANTED } from "./support.mjs";

const WORKFLOW = { workspace_id: "workspace123", workflow_id: "quiet1" };
const OTHER = { workspace_id: "workspace123", workflow_id: "quiet2" };
const CHANNEL = "logs:etl:workspace123:quiet1";

for (const target of WANTED.filter(({ page }) => page === "hooks")) {
  test.describe(target.name, () => {
    test("all users of a provider share one connection, and the last one closes it", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      const parts = [
        { id: "a", kind: "hook", ...WORKFLOW },
        { id: "b", kind: "hook", ...WORKFLOW },
        { id: "c", kind: "hook", ...OTHER },
        { id: "d", kind: "subscriber", channels: [CHANNEL] },
      ];
      await lab.show(parts);
      await lab.word("a", "connected");
      expect(await lab.opened()).toEqual([
        `${GATEWAY}?channels=logs%3Aetl%3Aworkspace123%3Aquiet1%2Clogs%3Aetl%3Aworkspace123%3Aquiet2&batch=1`,
      ]);
      await lab.show(parts.slice(3));
      await expect.poll(() => host.open(GATEWAY)).toBe(1);
      await lab.show([]);
      await expect.poll(() => host.open(GATEWAY)).toBe(0);
    });

    test("logs stand newest first, within maxLogs, and are the same array until some come", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([{ id: "a", kind: "hook", maxLogs: 5, ...WORKFLOW }]);
      await lab.word("a", "connected");
      await lab.publish(8, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 8", "m 7", "m 6", "m 5", "m 4"]);
      const state = await lab.state("a");
      expect([
        state.logCount,
        state.lastLog.message,
        state.channel,
        state.isConnected,
        state.error,
      ]).toEqual([5, "m 8", CHANNEL, true, null]);
      expect(state.stats).toMatchObject({ received: 8, duplicates: 0, missing: 0 });
      await lab.show([{ id: "a", kind: "hook", maxLogs: 5, ...WORKFLOW }]);
      expect(await host.page.evaluate(() => window.lab.isSame.a)).toBe(true);
    });

    test("many lines are few renderings", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
      await lab.show([{ id: "a", kind: "hook", maxLogs: 1_000, ...WORKFLOW }]);
      await lab.word("a", "connected");
      const before = await host.page.evaluate(() => window.lab.renders.a);
      await lab.publish(400, WORKFLOW);
      await expect.poll(async () => (await lab.messages("a")).length).toBe(400);
      const renders = (await host.page.evaluate(() => window.lab.renders.a)) - before;
      // Published one by one they come over many frames; a rendering per line, doubled by StrictMode, would be 800.
      expect(renders).toBeLessThan(600);
    });

    test("a channel that comes and goes costs the others no line", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
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

    test("another workflow begins empty, and no line of the old one strays in", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([{ id: "a", kind: "hook", ...WORKFLOW }]);
      await lab.word("a", "connected");
      const published = lab.publish(200, WORKFLOW, "old");
      await lab.show([{ id: "a", kind: "hook", ...OTHER }]);
      await published;
      await expect
        .poll(async () => (await lab.state("a")).channel)
        .toBe("logs:etl:workspace123:quiet2");
      await lab.word("a", "connected");
      await lab.publish(3, OTHER, "new");
      await expect.poll(() => lab.messages("a")).toEqual(["new 3", "new 2", "new 1"]);
    });

    test("useLogsSubscription opens nothing before connectToLogs", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
      await lab.show([
        { id: "a", kind: "subscription", workspaceId: "workspace123", workflowId: "quiet1" },
      ]);
      await host.page.waitForTimeout(500);
      expect(await lab.opened()).toEqual([]);
      await host.page.evaluate(() => window.lab.states.a.connectToLogs());
      await lab.word("a", "connected");
      await lab.publish(1, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 1"]);
      await host.page.evaluate(() => window.lab.states.a.disconnect());
      await expect.poll(() => host.open(GATEWAY)).toBe(0);
    });

    test("the context tells the state, disconnects and connects again", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
      await lab.show([
        { id: "context", kind: "context" },
        { id: "a", kind: "hook", ...WORKFLOW },
      ]);
      await expect
        .poll(async () => (await lab.state("context")).connectionStatus)
        .toBe("connected");
      expect((await lab.state("context")).connectedChannels).toEqual([CHANNEL]);
      await host.page.evaluate(() => window.lab.states.context.disconnect());
      await expect
        .poll(async () => (await lab.state("context")).connectionStatus)
        .toBe("disconnected");
      expect(await host.open(GATEWAY)).toBe(0);
      await host.page.evaluate(() => window.lab.states.context.connect());
      await lab.word("a", "connected");
    });

    test("what the context passed on never changes, and its counts follow within a second", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([
        { id: "context", kind: "context" },
        { id: "a", kind: "hook", ...WORKFLOW },
      ]);
      await expect
        .poll(async () => (await lab.state("context")).connectionStatus)
        .toBe("connected");
      await host.page.evaluate(
        () =>
          (window.kept = {
            value: window.lab.states.context,
            text: JSON.stringify(window.lab.states.context),
          }),
      );
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

    test("counts alone render a context's readers at most once per second", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([
        { id: "context", kind: "context" },
        { id: "a", kind: "hook", ...WORKFLOW },
      ]);
      await expect
        .poll(async () => (await lab.state("context")).connectionStatus)
        .toBe("connected");
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

    test("wrong ids and channels are reported, and the host's tree stays", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      const wrong = [
        { id: "a", kind: "hook", workspace_id: "a:b" },
        { id: "s", kind: "subscriber", channels: ["not a channel"] },
      ];
      await lab.show([...wrong, { id: "b", kind: "hook", maxLogs: "many", ...WORKFLOW }]);
      await lab.word("b", "connected");
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

    test("without a gateway each channel goes over the proxy route, outside of a provider too", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show(
        [
          { id: "a", kind: "hook", ...WORKFLOW },
          { id: "b", kind: "hook", ...WORKFLOW },
        ],
        null,
      );
      await lab.word("a", "connected");
      expect(await lab.opened()).toEqual([
        `${PROXY}?workspace_id=workspace123&workflow_id=quiet1&batch=1`,
      ]);
      await lab.publish(2, WORKFLOW);
      await expect.poll(() => lab.messages("b")).toEqual(["m 2", "m 1"]);
    });

    test("a filter keeps what it keeps; one that throws loses nothing and is told once", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([
        { id: "a", kind: "hook", filter: "even", ...WORKFLOW },
        { id: "b", kind: "hook", filter: "throws", ...WORKFLOW },
      ]);
      await lab.word("a", "connected");
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

    test("a subscriber that throws takes nothing from the others", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
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

    test("logs outlive a reload; clearing them does not erase what is stored", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      const part = {
        id: "a",
        kind: "hook",
        persistence: true,
        persistenceKey: "kept",
        ...WORKFLOW,
      };
      await lab.show([part]);
      await lab.word("a", "connected");
      await lab.publish(3, WORKFLOW);
      await expect.poll(() => lab.messages("a")).toEqual(["m 3", "m 2", "m 1"]);
      await host.page.reload();
      await lab.show([part]);
      await expect.poll(() => lab.messages("a")).toEqual(["m 3", "m 2", "m 1"]);
      await lab.word("a", "connected");
      await lab.publish(1, WORKFLOW, "later");
      await expect.poll(() => lab.messages("a")).toEqual(["later 1", "m 3", "m 2", "m 1"]);
      expect(new Set((await lab.state("a")).logs.map(({ key }) => key)).size).toBe(4);
      await host.page.evaluate(() => window.lab.states.a.clearLogs());
      await expect.poll(() => lab.messages("a")).toEqual([]);
      await host.page.evaluate(() => window.lab.states.a.resetToPersisted());
      await expect.poll(() => lab.messages("a")).toEqual(["later 1", "m 3", "m 2", "m 1"]);
    });

    test("a storage that is full or holds something else is told, and stops nothing", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await host.page.evaluate(() => {
        localStorage.setItem("broken", "{not json");
        const real = Storage.prototype.setItem;
        Storage.prototype.setItem = function setItem(key, text) {
          if (text.length > 1_500) throw new DOMException("full", "QuotaExceededError");
          real.call(this, key, text);
        };
      });
      await lab.show([
        { id: "a", kind: "hook", persistence: true, persistenceKey: "full", ...WORKFLOW },
        { id: "b", kind: "hook", persistence: true, persistenceKey: "broken", ...WORKFLOW },
      ]);
      await lab.word("a", "connected");
      await lab.publish(60, WORKFLOW);
      await expect.poll(async () => (await lab.messages("a")).length).toBe(60);
      await expect
        .poll(async () => (await lab.errors()).filter(({ type }) => type === "storage").length)
        .toBe(2);
      expect(
        JSON.parse(await host.page.evaluate(() => localStorage.getItem("full"))).logs.length,
      ).toBeGreaterThan(0);
    });

    test("between two attempts the word is error; where trying on is hopeless it is failed", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      host.awaited = /responded with a status of (503|403)/;
      await host.page.route(`**${GATEWAY}?**`, (route) => route.fulfill({ status: 503 }));
      await lab.show([{ id: "a", kind: "hook", ...WORKFLOW }]);
      await lab.word("a", "error");
      expect((await lab.state("a")).isConnected).toBe(false);
      await host.page.route(`**${GATEWAY}?**`, (route) => route.fulfill({ status: 403 }));
      await lab.word("a", "failed");
      expect((await lab.state("a")).error).toMatchObject({ type: "not_allowed" });
    });

    test("a wrong option is told in the page and mended by the next rendering", async ({
      serve,
      host,
    }) => {
      const lab = await open(serve, host, target);
      await lab.show([{ id: "v", kind: "viewer", workspaceId: "a:b", workflowId: "x" }]);
      await expect(host.page.getByRole("alert")).toContainText(
        "workspaceId: expected an id without ':'",
      );
      expect((await lab.errors()).map(({ type, option }) => [type, option])).toEqual([
        ["option", "workspaceId"],
      ]);
      await lab.show([
        { id: "v", kind: "viewer", workspaceId: "workspace123", workflowId: "quiet1" },
      ]);
      await expect(host.connect).toBeVisible();
      await expect(host.page.getByRole("alert")).toHaveCount(0);
    });

    test("mounting and unmounting over and over leaves nothing behind", async ({ serve, host }) => {
      const lab = await open(serve, host, target);
      const cycles = Number(process.env.LOGS_MOUNTS ?? 200);
      const cycle = async (times) => {
        for (let round = 0; round < times; round += 1) {
          await lab.show([
            { id: `a${round}`, kind: "hook", ...WORKFLOW },
            { id: `b${round}`, kind: "viewer", workspaceId: "workspace123", workflowId: "quiet1" },
          ]);
          await lab.show([]);
        }
        await expect.poll(() => host.open(GATEWAY)).toBe(0);
      };
      const session = await host.page.context().newCDPSession(host.page);
      await session.send("Performance.enable");
      const measure = async () => {
        await host.page.evaluate(() => {
          window.lab.states = {};
          window.lab.renders = {};
          window.lab.isSame = {};
          window.eventSources = [];
        });
        await session.send("HeapProfiler.collectGarbage");
        await session.send("HeapProfiler.collectGarbage");
        const { metrics } = await session.send("Performance.getMetrics");
        const of = (name) => metrics.find((metric) => metric.name === name).value;
        return {
          heap: of("JSHeapUsedSize"),
          listeners: of("JSEventListeners"),
          nodes: of("Nodes"),
        };
      };
      await cycle(20);
      const before = await measure();
      await cycle(cycles);
      const after = await measure();
      console.log(
        `${target.name}: ${cycles} mounts, heap ${before.heap} -> ${after.heap}, listeners ${before.listeners} -> ${after.listeners}, nodes ${before.nodes} -> ${after.nodes}`,
      );
      expect(after.listeners).toBeLessThanOrEqual(before.listeners + 5);
      expect(after.nodes).toBeLessThanOrEqual(before.nodes + 50);
      expect(after.heap).toBeLessThan(before.heap + 2_000_000);
    });
  });
}

/** Opens the page on a gateway of its own. */
async function open(serve, host, target) {
  const { url, gateway } = await serve(target);
  const { page } = host;
  await page.goto(url);
  return {
    async show(parts, provider = {}) {
      await expect.poll(() => page.evaluate(() => Boolean(window.lab))).toBe(true);
      await page.evaluate(
        ([parts, provider]) => window.lab.show(parts, provider),
        [parts, provider],
      );
    },
    state: (id) =>
      page.evaluate(
        (id) => ({
          ...window.lab.states[id],
          error: window.lab.states[id].error && { ...window.lab.states[id].error },
        }),
        id,
      ),
    word: (id, word) =>
      expect
        .poll(() => page.evaluate((id) => window.lab.states[id]?.connectionStatus, id))
        .toBe(word),
    messages: (id) =>
      page.evaluate((id) => window.lab.states[id].logs.map(({ message }) => message), id),
    errors: () => page.evaluate(() => window.lab.errors),
    opened: () =>
      page.evaluate(() => window.eventSources.map(({ url }) => url.slice(url.indexOf("/", 8)))),
    isOpen: () =>
      page.evaluate(() => window.eventSources.some(({ readyState }) => readyState === 1)),
    async publish(count, { workspace_id, workflow_id }, word = "m") {
      for (let number = 1; number <= count; number += 1)
        await gateway.publish(
          { level: "INFO", message: `${word} ${number}` },
          { workspace_id, workflow_id },
        );
    },
  };
}
