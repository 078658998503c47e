// biome-ignore-all lint/correctness/noComponentHookFactories: React and the client are parameters

// What a host's own tests do with its pages, without a browser: the same rules for each test
// runner. CommonJS, since Jest supports nothing else without a transform.

const WORKFLOW = { workspace_id: "workspace123", workflow_id: "workflow456" };
const IDS = { workspaceId: "workspace123", workflowId: "workflow456" };

/** Longer than a failed load takes. */
const A_WHILE = 300;

/**
 * @import { ReactNode } from "react"
 * @import { LiveLogsError } from "@datashop/logs-sse-client"
 * @import { LogsSSEValue, UseLogsSSEResult } from "@datashop/logs-sse-client/react"
 * @import { UseLogsSubscriptionResult } from "@datashop/logs-sse-client/react"
 *
 * @typedef {object} Modules
 * @property {typeof import("react")} React
 * @property {typeof import("@datashop/logs-sse-client")} client
 * @property {typeof import("@datashop/logs-sse-client/react")} components
 * @property {typeof import("@datashop/logs-sse-client/headless")} headless
 *
 * @typedef {object} Renderer
 * @property {(element: ReactNode) => Promise<() => unknown>} render
 *   Renders into the document and returns a function that unmounts it.
 */

/**
 * Declares the tests with the functions of a test runner, React, and the three modules of the
 * client.
 *
 * @param {TestFunctions & Modules & Renderer} host
 */
module.exports = function rules({
  test,
  expect,
  beforeEach,
  afterEach,
  React,
  client,
  components,
  headless,
  render,
}) {
  const h = React.createElement;
  const { LogsSSEContext, LogsSSEProvider, LogsWithSSE, useLogsSSE, useLogsSubscription } =
    components;
  const real = { info: console.info, warn: console.warn, error: console.error };
  /** @type {string[]} */
  let written;

  beforeEach(() => {
    written = [];
    for (const level of /** @type {const} */ (["info", "warn", "error"])) {
      console[level] = (...parts) => written.push(`${level}: ${parts.join(" ")}`);
    }
  });

  afterEach(() => {
    Object.assign(console, real);
    // Only this may be logged, as information: hosts fail their tests on warnings and errors.
    expect(
      written.filter((line) => !/^info: \[live logs\] live logs need a browser: /.test(line)),
    ).toEqual([]);
    expect(document.body.innerHTML).toBe("");
  });

  const wait = () => new Promise((resolve) => setTimeout(resolve, A_WHILE));

  const textOf = (/** @type {string} */ selector) => document.querySelector(selector)?.textContent;

  function place() {
    const element = document.createElement("div");
    document.body.appendChild(element);
    return element;
  }

  test("a page with the provider, the hooks and the viewer renders and unmounts", async () => {
    /**
     * What the hooks and the context returned last.
     *
     * @type {{
     *   hook: UseLogsSSEResult,
     *   subscription: UseLogsSubscriptionResult,
     *   context: LogsSSEValue,
     * }}
     */
    const seen = Object.create(null);
    /** @type {LiveLogsError[]} */
    const errors = [];
    const Hook = () => {
      seen.hook = useLogsSSE({ ...WORKFLOW, persistence: true });
      return h("output", null, seen.hook.connectionStatus);
    };
    const Subscription = () => {
      seen.subscription = useLogsSubscription("workspace123", "workflow456");
      return null;
    };
    const Context = () => {
      seen.context = /** @type {LogsSSEValue} */ (React.useContext(LogsSSEContext));
      React.useEffect(() => seen.context.subscribe("logs:etl:workspace123", () => {}), []);
      return null;
    };
    const page = h(
      LogsSSEProvider,
      { gatewayUrl: "http://127.0.0.1:9", onError: (error) => errors.push(error) },
      h(Hook),
      h(Subscription),
      h(Context),
      h(
        LogsWithSSE,
        {
          ...IDS,
          autoConnect: true,
          transport: "fetch",
          worker: true,
          headers: { Authorization: "x" },
        },
        h("p", { id: "own" }, "the host's own logs"),
      ),
    );
    const unmount = await render(h(React.StrictMode, null, page));
    await wait();
    expect(textOf("#own")).toBe("the host's own logs");
    expect(textOf("output")).toBe("disconnected");
    expect(seen.hook).toMatchObject({
      logs: [],
      isConnected: false,
      error: null,
      channel: "logs:etl:workspace123:workflow456",
    });
    expect(seen.context).toMatchObject({ connectionStatus: "disconnected", error: null });
    seen.subscription.disconnect();
    seen.context.connect();
    seen.context.disconnect();
    await wait();
    await unmount();
    await wait();
    expect(errors).toEqual([]);
  });

  test("hooks work outside of a provider", async () => {
    const Hook = () => h("output", null, useLogsSSE(WORKFLOW).connectionStatus);
    const unmount = await render(h(Hook));
    await wait();
    expect(textOf("output")).toBe("disconnected");
    await unmount();
  });

  test("the viewer without React reports that it needs a browser", async () => {
    const element = place();
    const handle = client.mountLiveLogs(element, { ...IDS, autoConnect: true });
    const error = await handle.ready.catch((error) => error);
    expect(error).toMatchObject({ name: "LiveLogsError", type: "load" });
    expect(element.textContent).toMatch(/^live logs need a browser/);
    handle.connect();
    handle.retryNow();
    handle.clear();
    handle.disconnect();
    handle.update({ title: "Other" });
    expect(handle.status()).toMatchObject({ state: "error", isLive: false });
    await wait();
    handle.unmount();
    expect(element.innerHTML).toBe("");
    element.remove();
  });

  test("a source without a view calls no listener, and closes", async () => {
    const logs = headless.openLogs({ ...IDS, autoConnect: true });
    let calls = 0;
    const unsubscribe = logs.subscribe(() => {
      calls += 1;
    });
    logs.connect();
    await wait();
    expect(logs.getSnapshot()).toMatchObject({ rows: [], status: { state: "error" } });
    expect(calls).toBe(0);
    unsubscribe();
    logs.close();
    expect(await logs[Symbol.asyncIterator]().next()).toEqual({ value: undefined, done: true });
  });

  test("the element can be inserted into a page", async () => {
    const element = document.createElement("datashop-live-logs");
    for (const [name, value] of Object.entries({
      "workspace-id": "workspace123",
      "workflow-id": "workflow456",
      "auto-connect": "",
    }))
      element.setAttribute(name, value);
    document.body.appendChild(element);
    await wait();
    expect(element.textContent).toMatch(/^live logs need a browser/);
    expect(element.workspaceId).toBe("workspace123");
    element.remove();
    await wait();
  });
};
