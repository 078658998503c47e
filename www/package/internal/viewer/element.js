// The viewer as a custom element, for pages without React: <datashop-live-logs workspace-id="…" workflow-id="…">.

import { words } from "../errors.js";
import { mountLiveLogs } from "./mount.js";
import { checkOptions, DEFAULTS, isRight, VIEWER_OPTIONS } from "../options.js";
import { idle } from "../engine/callbacks.js";
import { outside } from "../zone.js";

/** Attribute, option, and how the one's text is the other's value. */
const ATTRIBUTES = [
  ["workspace-id", "workspaceId"],
  ["workflow-id", "workflowId"],
  ["service", "service"],
  ["endpoint", "endpoint"],
  ["auto-connect", "autoConnect", (text) => text !== "false"],
  ["capacity", "capacity", Number],
  // Not `title`, which every element has, as a tooltip.
  ["log-title", "title"],
  ["theme", "theme"],
  ["locale", "locale"],
  ["console", "console"],
  ["transport", "transport"],
  ["with-credentials", "withCredentials", (text) => text !== "false"],
  ["worker", "worker", (text) => text !== "false"],
  ["wasm-url", "wasmUrl"],
  ["backend", "backend"],
];

/** What reads as null while the attribute is not there, rather than as the default. */
const NULLABLE = ["workspaceId", "workflowId", "endpoint", "title", "locale", "wasmUrl"];

/** Defines the element, under another name if there is need. Does nothing where there are no elements, and on a second call. */
export function defineLiveLogs(name = "datashop-live-logs") {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(name, elementClass());
}

function elementClass() {
  class DatashopLiveLogs extends HTMLElement {
    static get observedAttributes() {
      return ATTRIBUTES.map(([attribute]) => attribute);
    }

    constructor() {
      super();
      this.handle = null;
      this.isDue = false;
      this.told = new Set();
    }

    connectedCallback() {
      // Properties that a page set before this element was known.
      for (const [, option] of ATTRIBUTES) this.adopt(option === "title" ? "logTitle" : option);
      this.schedule();
    }

    disconnectedCallback() {
      this.schedule();
    }

    attributeChangedCallback() {
      this.schedule();
    }

    /** Once for all changes of one go; an element that is moved in the page is still there by then, and keeps its lines. */
    schedule() {
      if (this.isDue) return;
      this.isDue = true;
      outside(() =>
        queueMicrotask(() => {
          this.isDue = false;
          this.settle();
        }),
      );
    }

    settle() {
      outside(() => this.mount());
    }

    mount() {
      if (!this.isConnected) {
        if (this.handle) this.handle.unmount();
        this.handle = null;
        return;
      }
      const { good, wrong } = this.checked();
      // A wrong attribute leaves the others as they are; before the first mount it must be corrected.
      if (this.handle) this.handle.update(good);
      else if (wrong.length === 0)
        this.handle = mountLiveLogs(this, { ...good, ...this.callbacks() });
      this.complain(wrong.map(words).join("; "));
      for (const error of wrong) if (!this.told.has(error.message)) this.tell("error", error);
      this.told = new Set(wrong.map(words));
    }

    /** Returns the options that can be used, and the errors of those that cannot. */
    checked() {
      const [good, wrong] = [{}, []];
      for (const [option, value] of Object.entries(this.options())) {
        try {
          checkOptions({ [option]: value }, VIEWER_OPTIONS, "datashop-live-logs");
          good[option] = value;
        } catch (error) {
          wrong.push(error);
        }
      }
      return { good, wrong };
    }

    options() {
      return Object.fromEntries(
        ATTRIBUTES.map(([attribute, option, read = String]) => [
          option,
          this.hasAttribute(attribute) ? read(this.getAttribute(attribute)) : undefined,
        ]),
      );
    }

    callbacks() {
      return {
        onStatus: (status) => this.tell("status", status),
        onLog: (logs) => this.tell("log", logs),
        onError: (error) => this.tell("error", error),
      };
    }

    tell(type, detail) {
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    complain(sentence) {
      const old = [...this.children].find((child) => child.classList.contains("dsl-broken"));
      if (old) old.remove();
      if (!sentence) return;
      const line = this.ownerDocument.createElement("p");
      line.className = "dsl-root dsl-broken";
      line.setAttribute("role", "alert");
      line.textContent = sentence;
      this.prepend(line);
    }

    adopt(property) {
      if (!Object.hasOwn(this, property)) return;
      const value = this[property];
      delete this[property];
      this[property] = value;
    }

    connect() {
      // A page may add the element and connect it in one go.
      this.settle();
      if (this.handle) this.handle.connect();
    }

    disconnect() {
      if (this.handle) this.handle.disconnect();
    }

    retryNow() {
      if (this.handle) this.handle.retryNow();
    }

    clear() {
      if (this.handle) this.handle.clear();
    }

    status() {
      return this.handle ? this.handle.status() : idle();
    }
  }

  for (const [attribute, option, read] of ATTRIBUTES) {
    Object.defineProperty(DatashopLiveLogs.prototype, option === "title" ? "logTitle" : option, {
      configurable: true,
      enumerable: true,
      get() {
        const text = this.getAttribute(attribute);
        if (NULLABLE.includes(option)) return text;
        // As elements of HTML have it, what is wrong reads as the default, which is what is used.
        const value = text !== null && read ? read(text) : text;
        return value !== null && (option === "service" || isRight(option, value, VIEWER_OPTIONS))
          ? value
          : DEFAULTS[option];
      },
      set(value) {
        if (value === null || value === undefined || value === false)
          this.removeAttribute(attribute);
        else this.setAttribute(attribute, value === true ? "" : String(value));
      },
    });
  }
  return DatashopLiveLogs;
}
