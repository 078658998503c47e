// The viewer in a page: one element, one client, one handle. Safe to import where there is no
// window.

/** @import { LiveLogsHandle } from "../../types/index.d.ts" */
/** @import { ClientListener, Language, LogView, ViewerGlue } from "../module/assets.js" */
/** @import { Module } from "../module/load.js" */
/** @import { Options } from "../options.js" */

import { callbackError, createCallbacks } from "../module/callbacks.js";
import { follow } from "../module/follow.js";
import { guarded, loadModule } from "../module/load.js";
import { idleStatus, toStatus } from "../module/status.js";
import { createStreamOpener, providedHeaders } from "../module/stream_opener.js";
import { assets } from "../module/viewer_assets.js";
import { noBrowser, reportNoBrowser } from "../environment.js";
import { LiveLogsError, messageOf } from "../errors.js";
import { createKnown } from "./known.js";
import { checkOptions, clientOptions, DEFAULTS, VIEWER_OPTIONS } from "../options.js";
import { bindToZone, outside, outsideAll } from "../zone.js";

/** @type {typeof import("../../types/index.d.ts").mountLiveLogs} */
export function mountLiveLogs(element, options = {}) {
  const bound = bindToZone(options);
  return outsideAll(outside(() => mount(element, bound)));
}

/**
 * @param {unknown} element
 * @param {unknown} hostOptions
 * @returns {LiveLogsHandle}
 */
function mount(element, hostOptions) {
  const container = checkElement(element);
  /** @type {Options} */
  let options = { ...DEFAULTS, ...checkOptions(hostOptions, VIEWER_OPTIONS, "mountLiveLogs") };
  /** @type {Module<ViewerGlue> | null} */
  let module = null;
  /** @type {LogView | null} */
  let view = null;
  let endStreams = () => {};
  let shouldConnect = options.autoConnect;
  let isUnmounted = false;
  /** Counts the changes of the words, and those up to the last that was loaded. */
  let [wanted, loaded] = [0, 0];
  /** @type {LiveLogsError | null} */
  let failure = null;

  const callbacks = createCallbacks(() => options);
  const known = createKnown(() => options.isKnown, callbacks.fail);
  const root = createElement("div", "dsl-mount notranslate");
  // A page translator would translate logs, and replace the text nodes of the status.
  root.setAttribute("translate", "no");
  root.dataset.theme = options.theme;
  container.append(root);

  /**
   * Calls the view if there is one.
   *
   * @template T
   * @param {(view: LogView) => T} call
   */
  function withView(call) {
    const target = view;
    if (known.isAsking()) {
      known.refuseCall();
      return undefined;
    }
    return module && target ? guarded(module, () => call(target)) : undefined;
  }

  async function start() {
    const unsupported = noBrowser();
    if (unsupported) {
      showUnsupported(unsupported);
      throw unsupported;
    }
    try {
      module = await loadModule(assets, options);
    } catch (error) {
      if (!isUnmounted) show(/** @type {LiveLogsError} */ (error));
      throw error;
    }
    const language = await loadLanguage();
    if (isUnmounted) return;
    module.listeners.add(onModuleFailure);
    const { backend } = module;
    /** @type {ClientListener} */
    const listener = (rows, status, isFrame) => callbacks.receive(rows, status, isFrame, backend);
    const opener = createStreamOpener(module, () => options);
    endStreams = opener.end;
    view =
      guarded(
        module,
        ({ LogView }) => new LogView(root, listener, opener.open, clientOptions(options), language),
      ) ?? null;
    apply({ ...options, autoConnect: shouldConnect });
    // They may have changed while the language was loaded.
    if (wanted !== loaded) void changeLanguage();
  }

  /** Loads the language of the words, if the host passes any. */
  async function loadLanguage() {
    loaded = wanted;
    const { words, locale } = options;
    if (!words) return undefined;
    try {
      const { createLanguage } = await import("./language.js");
      return createLanguage(words, locale);
    } catch (error) {
      // A viewer in English is better than none.
      console.warn(`[live logs] the words could not be loaded: ${messageOf(error)}`);
      return undefined;
    }
  }

  async function changeLanguage() {
    const language = await loadLanguage();
    if (wanted === loaded) withView((view) => view.set_language(language));
  }

  /** @param {Partial<Options>} changes */
  function apply(changes) {
    const has = (/** @type {(keyof Options)[]} */ ...names) =>
      names.some((name) => name in changes);
    if (has("theme")) root.dataset.theme = options.theme;
    withView((view) => {
      if (has("title")) view.set_title(options.title);
      if (has("titleBadge")) view.set_title_badge(options.titleBadge);
      if (has("announceEvery")) view.set_announce_every(options.announceEvery);
      if (has("links", "onLinkChange")) {
        view.set_link_host(options.onLinkChange && tellLink);
        if (!options.onLinkChange) view.set_links(options.links);
      }
      if (has("link", "onLinkChange") && options.onLinkChange) view.follow_link(options.link ?? "");
      if (has("locale")) view.set_locale(options.locale ?? "");
      if (typeof changes.wrap === "boolean") view.set_wrap(changes.wrap);
      if (changes.order) view.set_order(changes.order);
      if (has("remember")) view.set_remember(options.remember);
      if (has("capacity")) view.set_capacity(options.capacity);
      if (has("withCredentials")) view.set_with_credentials(options.withCredentials);
      view.tell_rows(Boolean(options.onLog));
      if (has("isKnown")) view.set_known(options.isKnown && known.ask);
      if (has("transport", "headers")) view.set_headers(providedHeaders(options));
      if (has("workspaceId", "workflowId", "service", "endpoint", "channels", "gatewayUrl"))
        follow(view, options);
      if (changes.autoConnect) view.connect();
    });
  }

  /** @param {string} fragment */
  function tellLink(fragment) {
    if (isUnmounted) return;
    try {
      options.onLinkChange?.(fragment);
    } catch (error) {
      callbacks.fail(callbackError("onLinkChange threw", "onLinkChange", error));
    }
  }

  /** @param {LiveLogsError} error */
  function onModuleFailure(error) {
    shouldConnect = shouldConnect || wasConnecting();
    // Not freed: its memory is gone with the module.
    view = null;
    endStreams();
    show(error);
  }

  function wasConnecting() {
    return !root.querySelector(".dsl-is-disconnected");
  }

  /**
   * Creates an element in the viewer's document, which may be that of another window.
   *
   * @template {keyof HTMLElementTagNameMap} Name
   * @param {Name} name
   * @param {string} className
   */
  function createElement(name, className) {
    const element = container.ownerDocument.createElement(name);
    element.className = className;
    return element;
  }

  /**
   * Shows an error in the place of the view, with a button to start again.
   *
   * @param {LiveLogsError} error
   */
  function show(error) {
    failure = error;
    const bar = createElement("div", "dsl-root dsl-bar");
    const message = createElement("p", "dsl-broken");
    message.setAttribute("role", "alert");
    message.textContent = error.message;
    const button = createElement("button", "dsl-button");
    button.type = "button";
    const { startAgain } = options.words ?? {};
    button.textContent = typeof startAgain === "string" ? startAgain : "Start again";
    button.addEventListener("click", restart);
    bar.append(message, button);
    root.replaceChildren(bar);
    callbacks.fail(error);
  }

  /**
   * Shows the error without an alert and without a callback, which a host's tests would notice.
   *
   * @param {LiveLogsError} error
   */
  function showUnsupported(error) {
    failure = error;
    const message = createElement("p", "dsl-root dsl-broken");
    message.textContent = error.message;
    root.append(message);
    reportNoBrowser(error, options);
  }

  function restart() {
    failure = null;
    root.replaceChildren();
    start().catch(() => {});
  }

  const ready = start();
  // Reported through `onError` and in the page, so an unhandled rejection would say nothing new.
  ready.catch(() => {});

  return {
    ready,

    update(hostOptions) {
      const changes = checkOptions(hostOptions, VIEWER_OPTIONS, "update");
      if (isUnmounted) return;
      for (const name of /** @type {(keyof Options)[]} */ (Object.keys(changes)))
        if ((name === "words" ? areSameWords : isSame)(options[name], changes[name]))
          delete changes[name];
      options = { ...options, ...changes };
      shouldConnect = shouldConnect || Boolean(changes.autoConnect);
      apply(changes);
      if ("words" in changes || ("locale" in changes && options.words)) {
        wanted++;
        if (view) void changeLanguage();
      }
    },

    connect() {
      shouldConnect = true;
      withView((view) => view.connect());
    },

    disconnect() {
      shouldConnect = false;
      withView((view) => view.disconnect());
    },

    retryNow() {
      withView((view) => view.retry_now());
    },

    clear() {
      withView((view) => view.clear());
    },

    status() {
      const report = withView((view) => view.status());
      return report && module ? toStatus(report, module.backend) : idleStatus(failure);
    },

    unmount() {
      if (isUnmounted) return;
      isUnmounted = true;
      callbacks.close();
      module?.listeners.delete(onModuleFailure);
      const [closingModule, closing] = [module, view];
      view = null;
      if (closingModule && closing) {
        const disconnect = () => {
          guarded(closingModule, () => closing.disconnect());
          endStreams();
        };
        // While the host is asked about a line, the module cannot be called.
        if (known.isAsking()) queueMicrotask(disconnect);
        else disconnect();
        // Freed later, since a callback of the view may be what called `unmount`.
        queueMicrotask(() => guarded(closingModule, () => closing.free()));
      }
      root.remove();
    },
  };
}

/**
 * Compares two values of an option, channels by their names and URLs by their address. Not by `instanceof URL`: each window has
 * a class of its own.
 *
 * @param {unknown} one
 * @param {unknown} other
 */
function isSame(one, other) {
  const href = hrefOf(one);
  const isSameList = Array.isArray(one) && Array.isArray(other) && String(one) === String(other);
  return one === other || isSameList || (href !== undefined && href === hrefOf(other));
}

/**
 * Compares two objects of words: a component may create them again with each render.
 *
 * @param {unknown} one
 * @param {unknown} other
 */
function areSameWords(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** @param {unknown} value */
function hrefOf(value) {
  const { href } = /** @type {{ href?: unknown }} */ (value ?? {});
  return typeof href === "string" ? href : undefined;
}

/**
 * Returns `element` if it is one. Not by `instanceof Element`: an element of an iframe or a popup
 * is an instance of that window's class.
 *
 * @param {unknown} element
 * @returns {Element}
 */
function checkElement(element) {
  const node = /** @type {Partial<Element>} */ (element ?? {});
  if (node.nodeType === 1 && node.ownerDocument) return /** @type {Element} */ (element);
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
