// The viewer in a page: one element, one engine, one handle. Safe to import where there is no window.

import { guarded, loadEngine } from "../engine/engine.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError } from "../errors.js";
import { createOpener } from "../engine/stream_opener.js";
import { checkOptions, DEFAULTS, policy, VIEWER_OPTIONS } from "../options.js";
import { createOutlet, idle, readStatus } from "../engine/callbacks.js";
import { assets } from "../engine/viewer_assets.js";
import { bound, outside, outsideAll } from "../zone.js";

export function mountLiveLogs(element, given = {}) {
  const options = bound(given);
  return outsideAll(outside(() => mount(element, options)));
}

function mount(element, given) {
  const place = checkElement(element);
  let options = { ...DEFAULTS, ...checkOptions(given, VIEWER_OPTIONS, "mountLiveLogs") };
  let engine = null;
  let view = null;
  let opener = null;
  let isConnectWanted = options.autoConnect;
  let isGone = false;
  /** Why there is no view, once that is known. */
  let failure = null;

  const outlet = createOutlet(() => options);
  const root = made("div", "dsl-mount notranslate");
  // A page translator would translate logs, and replace the text nodes of the status.
  root.setAttribute("translate", "no");
  root.dataset.theme = options.theme;
  place.append(root);

  /** Calls the view, if there is one; before that, and after its end, nothing. */
  const ask = (call) => (view ? guarded(engine, () => call(view)) : undefined);

  async function start() {
    if (noBrowser()) {
      showNoBrowser();
      throw noBrowser();
    }
    try {
      engine = await loadEngine(assets, options);
    } catch (error) {
      if (!isGone) show(error);
      throw error;
    }
    if (isGone) return;
    engine.listeners.add(onDeath);
    const { backend } = engine;
    const tell = (rows, status, isFrame) => outlet.take(rows, status, isFrame, backend);
    opener = createOpener(engine, () => options);
    view = guarded(
      engine,
      ({ LogView }) => new LogView(root, tell, opener.open, options.capacity, policy(options)),
    );
    apply({ ...options, autoConnect: isConnectWanted });
  }

  function apply(changes) {
    const has = (...names) => names.some((name) => name in changes);
    if (has("theme")) root.dataset.theme = options.theme;
    ask((view) => {
      if (has("title")) view.set_title(options.title);
      if (has("locale")) view.set_locale(options.locale ?? "");
      if (has("capacity")) view.set_capacity(options.capacity);
      if (has("withCredentials")) view.set_with_credentials(options.withCredentials);
      view.tell_rows(Boolean(options.onLog));
      if (has("workspaceId", "workflowId", "service", "endpoint"))
        view.follow_workflow(
          options.service,
          options.workspaceId,
          options.workflowId,
          options.endpoint,
        );
      if (changes.autoConnect) view.connect();
    });
  }

  function onDeath(error) {
    // What the dead engine held is gone with it: it must not be freed.
    isConnectWanted = isConnectWanted || lastKnownLive();
    view = null;
    opener.end();
    show(error);
  }

  function lastKnownLive() {
    return !root.querySelector(".dsl-is-disconnected");
  }

  /** Makes an element in the document that the viewer is in, which may be that of another window. */
  function made(name, className) {
    const element = place.ownerDocument.createElement(name);
    element.className = className;
    return element;
  }

  /** Says in the page why there is no view, with the way out of it. */
  function show(error) {
    failure = error;
    const bar = made("div", "dsl-root dsl-bar");
    const sentence = made("p", "dsl-broken");
    sentence.setAttribute("role", "alert");
    sentence.textContent = error.message;
    const again = made("button", "dsl-button");
    again.type = "button";
    again.textContent = "Start again";
    again.addEventListener("click", restart);
    bar.append(sentence, again);
    root.replaceChildren(bar);
    outlet.fail(error);
  }

  function showNoBrowser() {
    failure = noBrowser();
    // No alert, and no callback: a host's tests look for their own.
    const sentence = made("p", "dsl-root dsl-broken");
    sentence.textContent = failure.message;
    root.append(sentence);
    reportNoBrowser(options);
  }

  function restart() {
    failure = null;
    root.replaceChildren();
    start().catch(() => {});
  }

  const ready = start();
  // Told through onError and in the page; who awaits `ready` hears of it too.
  ready.catch(() => {});

  return {
    ready,

    update(given) {
      const changes = checkOptions(given, VIEWER_OPTIONS, "update");
      if (isGone) return;
      for (const name of Object.keys(changes))
        if (same(options[name], changes[name])) delete changes[name];
      options = { ...options, ...changes };
      isConnectWanted = isConnectWanted || Boolean(changes.autoConnect);
      apply(changes);
    },

    connect() {
      isConnectWanted = true;
      ask((view) => view.connect());
    },

    disconnect() {
      isConnectWanted = false;
      ask((view) => view.disconnect());
    },

    retryNow() {
      ask((view) => view.retry_now());
    },

    clear() {
      ask((view) => view.clear());
    },

    status() {
      const json = ask((view) => view.status());
      if (json) return readStatus(json, engine.backend);
      return failure ? idle({ state: "error", word: "ERROR", reason: failure.message }) : idle();
    },

    unmount() {
      if (isGone) return;
      isGone = true;
      outlet.close();
      if (engine) engine.listeners.delete(onDeath);
      const last = view;
      view = null;
      if (last) {
        // Closed now; freed once whatever callback this was called from has returned.
        guarded(engine, () => last.disconnect());
        opener.end();
        queueMicrotask(() => guarded(engine, () => last.free()));
      }
      root.remove();
    },
  };
}

function same(one, other) {
  // Two URLs; not `instanceof URL`, since each window has its own.
  return one === other || (typeof one?.href === "string" && one.href === other?.href);
}

/** Not `instanceof Element`: an element of an iframe or a popup is none of this window's Element. */
function checkElement(element) {
  if (element?.nodeType === 1 && element.ownerDocument) return element;
  const got =
    element === null
      ? "null"
      : typeof element === "string"
        ? JSON.stringify(element)
        : typeof element;
  throw new LiveLogsError(
    "option",
    `mountLiveLogs: element: expected an element of the page, got ${got}`,
    { option: "element" },
  );
}
