// Wrong input from the host. What decides which logs are read, or with which rights, is refused by name before anything is touched;
// any other wrong option is reported once and replaced by its default, and the stream comes all the same.

import { expect, test } from "./support.mjs";

/** Ids that no channel may have: its parts are joined by colons, and live in a URL and in a log. */
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

/** For each option what it must not be; `null` and `undefined` always mean the default. What JSON does not have is written as text, and made in the page. */
const ESSENTIAL = {
  workspaceId: [5, {}, true, ...Object.values(BAD_IDS)],
  workflowId: [5, [], ...Object.values(BAD_IDS)],
  service: [5, "", ...Object.values(BAD_IDS)],
  endpoint: [5, {}, "", "javascript:alert(1)", "ftp://host/x", "/a b"],
  headers: ["Authorization", 5, true, { "no header": "x" }, [["one"]], { Cookie: "a\nb" }],
};

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
};

const WRONG = { ...ESSENTIAL, ...OPTIONAL };

/** Runs in the page: a value that JSON does not have. */
function makeValue(value) {
  const made = { NaN, Infinity, "1n": 1n, symbol: Symbol("s") };
  return typeof value === "string" && value in made ? made[value] : value;
}

const cases = (options) =>
  Object.entries(options).flatMap(([option, values]) => values.map((value) => ({ option, value })));

test("a wrong id, endpoint or header is refused by name, and nothing is touched", async ({
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
      const thrown = host.thrown(() =>
        host.viewer.mountLiveLogs(document.getElementById("one"), {
          workspaceId: "w",
          workflowId: "f",
          autoConnect: true,
          [option]: value,
        }),
      );
      return { option, value: String(value), thrown };
    });
  }, cases(ESSENTIAL));
  const wrong = results.filter(
    ({ option, thrown }) =>
      !(
        thrown?.isOurs &&
        thrown.type === "option" &&
        thrown.option === option &&
        isSentence(thrown.message, option)
      ),
  );
  expect(
    wrong.map(
      ({ option, value, thrown }) =>
        `${option} = ${value.slice(0, 20)}: ${thrown ? JSON.stringify(thrown) : "taken"}`,
    ),
  ).toEqual([]);
  await host.settle();
  expect({
    listeners: await host.listeners(),
    html: await page.locator("main").innerHTML(),
  }).toEqual(before);
  expect(await host.opened()).toBe(0);
});

test("an error about headers does not repeat them", async ({ host, page }) => {
  await host.open();
  const thrown = await page.evaluate(() =>
    host.thrown(() =>
      host.viewer.mountLiveLogs(document.getElementById("one"), { headers: "Bearer secret" }),
    ),
  );
  expect(thrown.option).toBe("headers");
  expect(thrown.message).not.toContain("secret");
});

test("an update with a wrong id, endpoint or header changes nothing, whatever else it names", async ({
  host,
  page,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { title: "Mine" })).connected();
  const opened = await host.opened();
  const results = await page.evaluate(
    (cases) =>
      cases.map(({ option, value }) => ({
        option,
        value: String(value),
        thrown: host.thrown(() =>
          host.one.handle.update({ title: "Yours", workspaceId: "elsewhere", [option]: value }),
        ),
      })),
    cases(ESSENTIAL),
  );
  const wrong = results.filter(
    ({ option, thrown }) => thrown?.type !== "option" || thrown.option !== option,
  );
  expect(
    wrong.map(
      ({ option, value, thrown }) =>
        `${option} = ${value.slice(0, 20)}: ${thrown ? JSON.stringify(thrown) : "taken"}`,
    ),
  ).toEqual([]);
  await expect(one.title).toHaveText("Mine");
  expect(await host.opened()).toBe(opened);
  expect(await gateway.publish({ message: "still here" })).toBe(1);
  await expect(one.row("still here")).toBeVisible();
});

/** Combinations in which each wrong value comes once: the first of each option together, then the second of each, and so on. */
const ROUNDS = Array.from(
  { length: Math.max(...Object.values(OPTIONAL).map(({ length }) => length)) },
  (_, round) =>
    Object.fromEntries(
      Object.entries(OPTIONAL).map(([option, values]) => [option, values[round % values.length]]),
    ),
);

for (const kind of ["viewer", "source"]) {
  test(`a wrong option that is not essential does not prevent the stream: ${kind}`, async ({
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
          const wrong = Object.fromEntries(
            Object.entries(options).map(([name, value]) => [name, makeValue(value)]),
          );
          if (kind === "viewer")
            host.one = {
              handle: host.viewer.mountLiveLogs(document.getElementById("one"), {
                ...ids,
                ...wrong,
              }),
            };
          else host.one = { handle: host.headless.openLogs({ ...ids, ...wrong }) };
          host.one.handle.connect();
        },
        { kind, options },
      );
      await expect
        .poll(() => page.evaluate(() => host.one.handle.status().state))
        .toBe("connected");
      await gateway.publish({ message: "comes all the same", timestamp: 1_758_800_000_000 });
      await expect.poll(() => page.evaluate(() => host.one.handle.status().received)).toBe(1);
      if (kind === "viewer") {
        await expect(page.locator("#one .dsl-row")).toContainText("comes all the same");
        await expect(page.locator("#one .dsl-section .dsl-title")).toHaveText("Live logs");
        await expect(page.locator("#one .dsl-row .dsl-time")).toHaveText(/^2025-09-2\d /);
      }
      await page.evaluate(
        (verb) => host.one.handle[verb](),
        kind === "viewer" ? "unmount" : "close",
      );
    }
  });
}

test("a wrong option is reported once, with its name, its value and what was expected", async ({
  host,
  page,
}) => {
  await host.open();
  await page.evaluate(`window.makeValue = ${makeValue}`);
  await page.evaluate((cases) => {
    for (let time = 0; time < 2; time += 1) {
      for (const { option, value } of cases) {
        host.mount("one", { [option]: makeValue(value) });
        host.one.handle.update({ [option]: makeValue(value) });
        host.one.handle.unmount();
      }
    }
  }, cases(OPTIONAL));
  for (const { option, value } of cases(OPTIONAL)) {
    const got =
      typeof value === "object"
        ? "an object"
        : typeof value === "string" && !["NaN", "Infinity", "1n", "symbol"].includes(value)
          ? JSON.stringify(value)
          : ({ "1n": "1", symbol: "Symbol(s)" }[value] ?? String(value));
    const told = (await host.told(/^\[live logs\]/)).filter(
      (line) => line.includes(`: ${option}: expected `) && line.includes(`, got ${got};`),
    );
    expect(told, `${option} = ${got}`).toHaveLength(1);
  }
});

test("an update with a wrong option takes the others, and its default", async ({
  host,
  gateway,
}) => {
  await host.open();
  const one = await (await host.mount("one", { theme: "dark", capacity: 3 })).connected();
  await one.do("update", { theme: "blue", capacity: "many", title: "Yours" });
  await expect(one.title).toHaveText("Yours");
  await expect(one.element.locator(".dsl-mount")).toHaveAttribute("data-theme", "auto");
  await gateway.publishNumbers(1, 6);
  await expect(one.row("number 1")).toBeVisible();
  await expect(one.rows).toHaveCount(6);
});

test("headers may be a list of pairs, as fetch takes them", async ({ host, page }) => {
  await host.open();
  const asked = page.waitForRequest((request) => request.url().includes("/sse/logs/stream"));
  await (
    await host.mount("one", { transport: "fetch", headers: [["X-Of-The-Host", "yes"]] })
  ).connected();
  expect((await asked).headers()["x-of-the-host"]).toBe("yes");
});

test("what is no element is refused by name", async ({ host, page }) => {
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
      host.thrown(() => host.viewer.mountLiveLogs(place, {})),
    ]);
  });
  for (const [name, thrown] of results)
    expect(thrown, name).toMatchObject({ isOurs: true, type: "option", option: "element" });
});

test("what is no object of options is refused", async ({ host, page }) => {
  await host.open();
  const results = await page.evaluate(() =>
    [null, 5, "options", true, () => {}].map((options) =>
      host.thrown(() => host.viewer.mountLiveLogs(document.getElementById("one"), options)),
    ),
  );
  for (const thrown of results)
    expect(thrown).toMatchObject({ isOurs: true, type: "option", option: "options" });
  await expect(page.locator("#one")).toBeEmpty();
});

test("ids at the edge of the grammar are taken", async ({ host }) => {
  await host.open();
  for (const id of ["x".repeat(128), "é".repeat(64), "a b", "a/b?c&d=e#f", "a..b", "%2F", "✓"]) {
    const one = await (await host.mount("one", { workflowId: id, workspaceId: id })).connected();
    await one.do("unmount");
  }
});

test("options at the edge of their range are taken", async ({ host, page }) => {
  await host.open();
  const taken = [
    { capacity: 1 },
    { capacity: 2_000_000 },
    { workspaceId: null, workflowId: "" },
    { maxAttempts: 1 },
    { hiddenMs: 0 },
    { theme: "dark" },
    { locale: "en" },
    { title: "" },
  ];
  for (const options of taken) {
    await page.evaluate(async (options) => {
      host.mount("one", options);
      await host.one.handle.ready;
      host.one.handle.unmount();
    }, options);
  }
});

for (const nothing of [undefined, null]) {
  test(`an option that is ${nothing} is as one left out`, async ({ host, page }) => {
    await host.open();
    await page.evaluate(
      ({ names, nothing }) => {
        const value = nothing === "null" ? null : undefined;
        host.mount("one", {
          ...Object.fromEntries(names.map((name) => [name, value])),
          workspaceId: "workspace123",
          workflowId: "workflow456",
        });
      },
      { names: Object.keys(WRONG), nothing: String(nothing) },
    );
    await page.evaluate(() => host.one.handle.ready);
    await page.evaluate(() => host.one.handle.connect());
    await expect(page.locator("#one .dsl-word")).toHaveText("CONNECTED");
    await expect(page.locator("#one .dsl-section .dsl-title")).toHaveText("Live logs");
  });
}

test("an unknown option is told once, with the name that is meant", async ({ host }) => {
  await host.open();
  const one = await host.mount("one", { workspaceID: "x", autoconnect: true });
  await one.ready();
  await host.mount("two", { workspaceID: "z" });
  const told = await host.told(/workspaceID/);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^\[live logs\] .*workspaceId/);
  expect(await host.told(/autoconnect.*autoConnect/)).toHaveLength(1);
});

test("no workflow yet is no error: the page says what is missing", async ({ host }) => {
  await host.open();
  const one = await host.mount("one", { workspaceId: null, workflowId: undefined });
  await one.ready();
  await one.do("connect");
  await host.settle();
  expect(await host.opened()).toBe(0);
  await expect(one.element).toContainText(/no work(space|flow) is selected/);
  await one.do("update", { workspaceId: "workspace123", workflowId: "workflow456" });
  await one.do("connect");
  await one.is("connected");
});

/** Whether a message tells what was expected: more than a few words, and the option's name. */
function isSentence(message, option) {
  return message.includes(option) && message.length > option.length + 10;
}
