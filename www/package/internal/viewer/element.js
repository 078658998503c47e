// The viewer as a custom element, for pages without React:
// <datashop-live-logs workspace-id="…" workflow-id="…">.

/** @import { LiveLogsHandle, LiveLogsOptions, LogsStatus, Words } from "../../types/index.d.ts" */

import { idleStatus } from "../module/status.js";
import { messageOf } from "../errors.js";
import { checkOptions, DEFAULTS, isRight, VIEWER_OPTIONS } from "../options.js";
import { outside } from "../zone.js";
import { mountLiveLogs } from "./mount.js";

/**
 * How an attribute, a property and an option correspond.
 *
 * @typedef {object} Attribute
 * @property {string} attribute
 * @property {string} option
 * @property {string} property
 * @property {(text: string) => unknown} parse
 * @property {boolean} isNullable whether the property is `null`, not the default, without the
 *   attribute
 */

/** @type {readonly Attribute[]} */
const ATTRIBUTES = [
  nullable("workspace-id", "workspaceId"),
  nullable("workflow-id", "workflowId"),
  defaulted("service", "service"),
  nullable("endpoint", "endpoint"),
  nullable("gateway-url", "gatewayUrl"),
  nullable("channels", "channels", parseList),
  defaulted("auto-connect", "autoConnect", parseBoolean),
  defaulted("capacity", "capacity", Number),
  nullable("tail", "tail", Number),
  // Every element has a `title` already, its tooltip.
  { ...nullable("log-title", "title"), property: "logTitle" },
  defaulted("title-badge", "titleBadge", parseBoolean),
  defaulted("announce-every", "announceEvery", Number),
  defaulted("links", "links", parseBoolean),
  nullable("link", "link"),
  defaulted("theme", "theme"),
  nullable("locale", "locale"),
  nullable("wrap", "wrap", parseBoolean),
  nullable("order", "order"),
  defaulted("remember", "remember", parseBoolean),
  defaulted("console", "console"),
  defaulted("transport", "transport"),
  defaulted("with-credentials", "withCredentials", parseBoolean),
  defaulted("worker", "worker", parseBoolean),
  nullable("wasm-url", "wasmUrl"),
  defaulted("backend", "backend"),
];

/**
 * @param {string} attribute
 * @param {string} option
 * @param {(text: string) => unknown} [parse]
 * @returns {Attribute}
 */
function nullable(attribute, option, parse = String) {
  return { attribute, option, property: option, parse, isNullable: true };
}

/**
 * @param {string} attribute
 * @param {string} option
 * @param {(text: string) => unknown} [parse]
 * @returns {Attribute}
 */
function defaulted(attribute, option, parse = String) {
  return { attribute, option, property: option, parse, isNullable: false };
}

/**
 * Returns the parts of a list that is separated by commas.
 *
 * @param {string} text
 */
function parseList(text) {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

/** @param {string} text */
function parseBoolean(text) {
  return text !== "false";
}

/**
 * Defines the element. Does nothing where there are no custom elements, or if `name` is defined.
 *
 * @type {typeof import("../../types/element.d.ts").defineLiveLogs}
 */
export function defineLiveLogs(name = "datashop-live-logs") {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(name, createElementClass());
}

/** Returns a new class: a class can be defined under one name only, and needs `HTMLElement`. */
function createElementClass() {
  class DatashopLiveLogs extends HTMLElement {
    /** @type {LiveLogsHandle | null} */
    #handle = null;
    #isScheduled = false;
    /** The errors that were reported by the last render. */
    #reported = new Set();
    /** @type {Words | null} */
    #words = null;

    static get observedAttributes() {
      return ATTRIBUTES.map(({ attribute }) => attribute);
    }

    connectedCallback() {
      for (const { property } of ATTRIBUTES) this.#upgrade(property);
      this.#upgrade("words");
      this.#schedule();
    }

    disconnectedCallback() {
      this.#schedule();
    }

    attributeChangedCallback() {
      this.#schedule();
    }

    get words() {
      return this.#words;
    }

    set words(words) {
      this.#words = words ?? null;
      this.#schedule();
    }

    connect() {
      // A page may add the element and connect it in the same task.
      outside(() => this.#render());
      this.#handle?.connect();
    }

    disconnect() {
      this.#handle?.disconnect();
    }

    retryNow() {
      this.#handle?.retryNow();
    }

    clear() {
      this.#handle?.clear();
    }

    /** @returns {LogsStatus} */
    status() {
      return this.#handle ? this.#handle.status() : idleStatus();
    }

    /**
     * Renders once for all changes of a task. An element that is moved within the page is connected
     * again by then, and keeps its lines.
     */
    #schedule() {
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      outside(() =>
        queueMicrotask(() => {
          this.#isScheduled = false;
          this.#render();
        }),
      );
    }

    #render() {
      if (!this.isConnected) {
        this.#handle?.unmount();
        this.#handle = null;
        return;
      }
      const { valid, errors } = this.#checkedOptions();
      // A wrong attribute leaves the others in force, but delays the first mount.
      if (this.#handle) this.#handle.update(valid);
      else if (errors.length === 0)
        this.#handle = mountLiveLogs(this, { ...valid, ...this.#callbacks() });
      const messages = errors.map(messageOf);
      this.#showAlert(messages.join("; "));
      errors.forEach((error, index) => {
        if (!this.#reported.has(messages[index])) this.#dispatch("error", error);
      });
      this.#reported = new Set(messages);
    }

    /** Returns the options that the attributes set, and the errors of the wrong ones. */
    #checkedOptions() {
      /** @type {LiveLogsOptions} */
      const valid = {};
      /** @type {unknown[]} */
      const errors = [];
      const values = ATTRIBUTES.map(({ attribute, option, parse }) => {
        const text = this.getAttribute(attribute);
        return { [option]: text === null ? undefined : parse(text) };
      });
      for (const given of [...values, { words: this.#words }]) {
        try {
          checkOptions(given, VIEWER_OPTIONS, "datashop-live-logs");
          Object.assign(valid, given);
        } catch (error) {
          errors.push(error);
        }
      }
      valid.onLinkChange = this.hasAttribute("link") ? this.#onLinkChange : undefined;
      return { valid, errors };
    }

    /**
     * Reports the link. Only an element with the attribute `link` leaves the address to its page.
     *
     * @param {string} fragment
     */
    #onLinkChange = (fragment) => this.#dispatch("linkchange", fragment);

    /** @returns {Pick<LiveLogsOptions, "onStatus" | "onLog" | "onError">} */
    #callbacks() {
      return {
        onStatus: (status) => this.#dispatch("status", status),
        onLog: (logs) => this.#dispatch("log", logs),
        onError: (error) => this.#dispatch("error", error),
      };
    }

    /**
     * @param {string} type
     * @param {unknown} detail
     */
    #dispatch(type, detail) {
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** @param {string} message none if empty */
    #showAlert(message) {
      [...this.children].find((child) => child.classList.contains("dsl-broken"))?.remove();
      if (!message) return;
      const alert = this.ownerDocument.createElement("p");
      alert.className = "dsl-root dsl-broken";
      alert.setAttribute("role", "alert");
      alert.textContent = message;
      this.prepend(alert);
    }

    /**
     * Sets a property that the page assigned before the element was defined.
     *
     * @param {string} property
     */
    #upgrade(property) {
      if (!Object.hasOwn(this, property)) return;
      const value = Reflect.get(this, property);
      Reflect.deleteProperty(this, property);
      Reflect.set(this, property, value);
    }
  }

  for (const attribute of ATTRIBUTES)
    Object.defineProperty(DatashopLiveLogs.prototype, attribute.property, {
      configurable: true,
      enumerable: true,
      ...accessors(attribute),
    });
  return DatashopLiveLogs;
}

/** @type {Readonly<Record<string, unknown>>} */
const DEFAULT_OF = DEFAULTS;

/**
 * Returns the accessors by which a property reflects its attribute.
 *
 * @param {Attribute} attribute
 * @returns {{ get(this: Element): unknown, set(this: Element, value: unknown): void }}
 */
function accessors({ attribute, option, parse, isNullable }) {
  return {
    get() {
      const text = this.getAttribute(attribute);
      if (isNullable) return text !== null && parse === parseList ? parse(text) : text;
      if (text === null) return DEFAULT_OF[option];
      // As in HTML, a wrong value reads as the default, which is what is in force.
      const value = parse(text);
      return option === "service" || isRight(option, value, VIEWER_OPTIONS)
        ? value
        : DEFAULT_OF[option];
    },
    set(value) {
      // Without the attribute, an option that is on by default would be on.
      if (value === false && DEFAULT_OF[option] === true) this.setAttribute(attribute, "false");
      else if (value === null || value === undefined || value === false)
        this.removeAttribute(attribute);
      else this.setAttribute(attribute, value === true ? "" : String(value));
    },
  };
}
