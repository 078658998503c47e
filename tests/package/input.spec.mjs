// Invalid input from the host. An essential option, which decides what logs are read and with which
// rights, is rejected by name before anything changes. Any other invalid option is reported once
// and replaced by its default, and the stream opens.

import { expect, test } from "./support.mjs";

/** Ids that no channel may have: they are joined by colons, and used in URLs and in logs. */
const BAD_IDS = {
  "a colon": "a:b",
  "a line end": "a\nb",
  "a control character": "a\u0000b",
  DEL: "a\u007fb",
  "129 bytes": "x".repeat(129),
  "130 bytes in 65 letters": "é".repeat(65),
  "no letter or digit": "..",
  "a space at its end": "a ",
  "a direction override": "a\u202eb",
};

/**
 * The invalid values of each option; `null` and `undefined` always mean the default. A value that
 * JSON does not have is written as text, and created in the page by `makeValue`.
 *
 * @type {Record<string, unknown[]>}
 */
const ESSENTIAL = {
  workspaceId: [5, {}, true, ...Object.values(BAD_IDS)],
  workflowId: [5, [], ...Object.values(BAD_IDS)],
  service: [5, "", ...Object.values(BAD_IDS)],
  endpoint: [5, {}, "", "javascript:alert(1)", "ftp://host/x", "/a b"],
  headers: ["Authorization", 5, true, { "no header": "x" }, [["one"]], { Cookie: "a\nb" }],
};

/** @type {Record<string, unknown[]>} */
const OPTIONAL = {
  autoConnect: ["yes", 1],
  capacity: ["10", -1, 0, 1.5, 2_000_001, "NaN", "Infinity", "1n", "symbol"],
  console: ["loud", 5, true],
  maxAttempts: [-1, 1.5, "3", "NaN"],
  connectTimeoutMs: [-1, 0, "1000", "NaN"],
  silenceMs: [-1, "1000", "NaN"],
  hiddenMs: [-1, "1000", "NaN"],
  wasmUrl: [5, {}, true],
  backend: ["python", 5, true],
  transport: ["websocket", "Fetch", 5, true],
  withCredentials: ["include", 1],
  worker: ["yes", 1],
  onStatus: [5, "f", {}],
  onError: [5, "f", {}],
  onLog: [5, "f", {}],
  title: [5, {}],
  theme: ["blue", 5, true],
  locale: [5, "not a locale!", "en-US@posix", "zh_Hans", "en_US.UTF-8", {}],
  words: [5, "de", true],
  isKnown: [5, "id", {}],
};

const INVALID = { ...ESSENTIAL, ...OPTIONAL };

/**
 * Creates a value that JSON does not have. Runs in the page.
 *
 * @param {unknown} value
 */
function makeValue(value) {
  const special = new Map(
    /** @type {[unknown, unknown][]} */ ([
      ["NaN", Number.NaN],
      ["Infinity", Number.POSITIVE_INFINITY],
      ["1n", BigInt(1)],
      ["symbol", Symbol("s")],
    ]),
  );
  return special.has(value) ? special.get(value) : value;
}

/** @param {Record<string, unknown[]>} options */
const cases = (options) =>
  Object.entries(options).flatMap(([option, values]) => values.map((value) => ({ option, value })));

test("an invalid id, endpoint or header is rejected by name, and nothing changes", async ({
  host,
  page,
}) => {
  await host.open();
  const before = {
    listeners: await host.listeners(),
    html: await page.locator("main").innerHTML(),
  };
  const results = await page.evaluate((cases) => {
    return cases.map(({ option, value }) => {
      const thrown = harness.thrown(() =>
        harness.viewer.mountLiveLogs(harness.element("one"), {
          workspaceId: "w",
          workflowId: "f",
          autoConnect: true,
          [option]: value,
        }),
      );
      return { option, value: String(value), thrown };
    });
  }, cases(ESSENTIAL));
  const accepted = results.filter(
    ({ option, thrown }) =>
      !(
        thrown?.isOurs &&
        thrown.type === "option" &&
        thrown.option === option &&
        isSentence(thrown.message, option)
      ),
  );
  expect(
    accepted.map(
      ({ option, value, thrown }) =>
        `${option} = ${value.slice(0, 20)}: ${thrown ? JSON.stringify(thrown) : "accepted"}`,
    ),
  ).toEqual([]);
  await host.settle();
  expect({
    listeners: await host.listeners(),
    html: await page.locator("main").innerHTML(),
  }).toEqual(before);
  expect(await host.openedCount()).toBe(0);
});

test("an error about headers does not repeat their values", async ({ host, page }) => {
  await host.open();
  const thrown = await page.evaluate(() =>
    harness.thrown(() =>
      // @ts-expect-error Not a valid value.
      harness.viewer.mountLiveLogs(harness.element("one"), { headers: "Bearer secret" }),
    ),
  );
  expect(thrown?.option).toBe("headers");
  expect(thrown?.message).not.toContain("secret");
});

test("an update with an invalid id, endpoint or header changes nothing", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { title: "Mine" })).connect();
  const opened = await host.openedCount();
  const results = await page.evaluate(
    (cases) =>
      cases.map(({ option, value }) => ({
        option,
        value: String(value),
        thrown: harness.thrown(() =>
          live.one.handle.update({ title: "Yours", workspaceId: "elsewhere", [option]: value }),
        ),
      })),
    cases(ESSENTIAL),
  );
  const accepted = results.filter(
    ({ option, thrown }) => thrown?.type !== "option" || thrown.option !== option,
  );
  expect(
    accepted.map(
      ({ option, value, thrown }) =>
        `${option} = ${value.slice(0, 20)}: ${thrown ? JSON.stringify(thrown) : "accepted"}`,
    ),
  ).toEqual([]);
  await expect(one.title).toHaveText("Mine");
  expect(await host.openedCount()).toBe(opened);
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(one.row("still here")).toBeVisible();
});

/**
 * Combinations in which each invalid value occurs: the first of each option, the second, and so on.
 */
const ROUNDS = Array.from(
  { length: Math.max(...Object.values(OPTIONAL).map(({ length }) => length)) },
  (_, round) =>
    Object.fromEntries(
      Object.entries(OPTIONAL).map(([option, values]) => [option, values[round % values.length]]),
    ),
);

for (const kind of ["viewer", "source"]) {
  test(`an invalid option that is not essential does not prevent the stream: ${kind}`, async ({
    host,
    page,
    gateway,
  }) => {
    test.slow();
    await host.open();
    await page.evaluate(`window.makeValue = ${makeValue}`);
    for (const options of ROUNDS) {
      await page.evaluate(
        ({ kind, options }) => {
          const ids = { workspaceId: "workspace123", workflowId: "workflow456" };
          const invalid = Object.fromEntries(
            Object.entries(options).map(([name, value]) => [name, makeValue(value)]),
          );
          if (kind === "viewer") harness.mount("one", { tail: 0, ...invalid });
          else harness.open("one", { ...ids, ...invalid });
          live.one.handle.connect();
        },
        { kind, options },
      );
      await expect
        .poll(() => page.evaluate(() => live.one.handle.status().state))
        .toBe("connected");
      await gateway.publish({ message: "arrives nevertheless", timestamp: 1_758_800_000_000 });
      await expect.poll(() => page.evaluate(() => live.one.handle.status().received)).toBe(1);
      if (kind === "viewer") {
        await expect(page.locator("#one .dsl-row")).toContainText("arrives nevertheless");
        await expect(page.locator("#one .dsl-section .dsl-title").first()).toHaveText("Live logs");
        await expect(page.locator("#one .dsl-row .dsl-time")).toHaveText(/^\d\d:\d\d:20\.000\b/);
      }
      await page.evaluate(
        (isViewer) => (isViewer ? live.one.handle.unmount() : live.one.handle.close()),
        kind === "viewer",
      );
    }
  });
}

test("an invalid option is reported once, with its name, its value and what was expected", async ({
  host,
  page,
}) => {
  await host.open();
  await page.evaluate(`window.makeValue = ${makeValue}`);
  await page.evaluate((cases) => {
    for (let time = 0; time < 2; time += 1) {
      for (const { option, value } of cases) {
        harness.mount("one", { [option]: makeValue(value) });
        live.one.handle.update({ [option]: makeValue(value) });
        live.one.handle.unmount();
      }
    }
  }, cases(OPTIONAL));
  for (const { option, value } of cases(OPTIONAL)) {
    const got = asReported(value);
    const lines = (await host.consoleLines(/^\[live logs\]/)).filter(
      (line) => line.includes(`: ${option}: expected `) && line.includes(`, got ${got};`),
    );
    expect(lines, `${option} = ${got}`).toHaveLength(1);
  }
});

test("an update with an invalid option applies the others, and the default of that one", async ({
  host,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { theme: "dark", capacity: 3 })).connect();
  await one.update({ theme: "blue", capacity: "many", title: "Yours" });
  await expect(one.title).toHaveText("Yours");
  await expect(one.element.locator(".dsl-mount")).toHaveAttribute("data-theme", "auto");
  await gateway.publishNumbers(1, 6);
  await expect(one.row("number 1")).toBeVisible();
  await expect(one.rows).toHaveCount(6);
});

test("headers may be a list of pairs, as for fetch", async ({ host, page }) => {
  await host.open();
  const streamRequest = page.waitForRequest((request) =>
    request.url().includes("/sse/logs/stream"),
  );
  await (
    await host.mount("one", { transport: "fetch", headers: [["X-Of-The-Host", "yes"]] })
  ).connect();
  expect((await streamRequest).headers()["x-of-the-host"]).toBe("yes");
});

test("anything that is not an element is rejected by name", async ({ host, page }) => {
  await host.open();
  const results = await page.evaluate(() => {
    const places = {
      null: null,
      undefined: undefined,
      "a selector": "#one",
      "a number": 5,
      "an object": {},
      document,
      "a text": document.createTextNode("x"),
      "a list": document.querySelectorAll("div"),
    };
    return Object.entries(places).map(([name, place]) => [
      name,
      // @ts-expect-error Not an element.
      harness.thrown(() => harness.viewer.mountLiveLogs(place, {})),
    ]);
  });
  for (const [name, thrown] of results)
    expect(thrown, name).toMatchObject({ isOurs: true, type: "option", option: "element" });
});

test("options that are not an object are rejected", async ({ host, page }) => {
  await host.open();
  const results = await page.evaluate(() =>
    [null, 5, "options", true, () => {}].map((options) =>
      // @ts-expect-error Not an object of options.
      harness.thrown(() => harness.viewer.mountLiveLogs(harness.element("one"), options)),
    ),
  );
  for (const thrown of results)
    expect(thrown).toMatchObject({ isOurs: true, type: "option", option: "options" });
  await expect(page.locator("#one")).toBeEmpty();
});

test("ids at the edge of the grammar are accepted", async ({ host }) => {
  await host.open();
  for (const id of ["x".repeat(128), "é".repeat(64), "a b", "a/b?c&d=e#f", "a..b", "%2F", "✓"]) {
    const one = await (await host.mount("one", { workflowId: id, workspaceId: id })).connect();
    await one.call("unmount");
  }
});

test("options at the edge of their range are accepted", async ({ host, page }) => {
  await host.open();
  const accepted = [
    { capacity: 1 },
    { capacity: 2_000_000 },
    { workspaceId: null, workflowId: "" },
    { maxAttempts: 1 },
    { hiddenMs: 0 },
    { theme: "dark" },
    { locale: "en" },
    { title: "" },
  ];
  for (const options of accepted) {
    await page.evaluate(async (options) => {
      harness.mount("one", options);
      await live.one.handle.ready;
      live.one.handle.unmount();
    }, options);
  }
});

for (const nothing of [undefined, null]) {
  test(`an option that is ${nothing} has its default`, async ({ host, page }) => {
    await host.open();
    await page.evaluate(
      ({ names, nothing }) => {
        const value = nothing === "null" ? null : undefined;
        harness.mount("one", {
          ...Object.fromEntries(names.map((name) => [name, value])),
          workspaceId: "workspace123",
          workflowId: "workflow456",
        });
      },
      { names: Object.keys(INVALID), nothing: String(nothing) },
    );
    await page.evaluate(() => live.one.handle.ready);
    await page.evaluate(() => live.one.handle.connect());
    await expect(page.locator("#one .dsl-word")).toHaveText("CONNECTED");
    await expect(page.locator("#one .dsl-section .dsl-title").first()).toHaveText("Live logs");
  });
}

test("an unknown option is reported once, with the name that was meant", async ({ host }) => {
  await host.open();
  const one = await host.mount("one", { workspaceID: "x", autoconnect: true });
  await one.ready();
  await host.mount("two", { workspaceID: "z" });
  const lines = await host.consoleLines(/workspaceID/);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\[live logs\] .*workspaceId/);
  expect(await host.consoleLines(/autoconnect.*autoConnect/)).toHaveLength(1);
});

test("a missing workflow is not an error: the page says what is missing", async ({ host }) => {
  await host.open();
  const one = await host.mount("one", { workspaceId: null, workflowId: undefined });
  await one.ready();
  await one.call("connect");
  await host.settle();
  expect(await host.openedCount()).toBe(0);
  await expect(one.element).toContainText(/no work(space|flow) is selected/);
  await one.update({ workspaceId: "workspace123", workflowId: "workflow456" });
  await one.call("connect");
  await one.expectState("connected");
});

/**
 * Whether a message says what was expected: more than a few words, and the name of the option.
 *
 * @param {string} message
 * @param {string} option
 */
function isSentence(message, option) {
  return message.includes(option) && message.length > option.length + 10;
}

/**
 * How a warning names an invalid value.
 *
 * @param {unknown} value
 */
function asReported(value) {
  if (typeof value === "object") return "an object";
  if (value === "1n") return "1";
  if (value === "symbol") return "Symbol(s)";
  const isText = typeof value === "string" && !["NaN", "Infinity"].includes(value);
  return isText ? JSON.stringify(value) : String(value);
}
