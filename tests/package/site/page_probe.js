// Records what happens in a page from before its own scripts run: policy violations, errors,
// console lines, event streams, and the memories of WebAssembly. A classic script, so that it runs
// first. The page behaves as it would without it.

(() => {
  /** @type {PageProbeRecords} */
  const probe = {
    violations: [],
    errors: [],
    console: [],
    streams: new Set(),
    opened: 0,
    urls: [],
    memories: [],
  };
  window.probe = probe;

  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    probe.violations.push(`${effectiveDirective} ${blockedURI}`),
  );
  window.addEventListener("error", ({ message }) => probe.errors.push(`thrown: ${message}`));
  window.addEventListener("unhandledrejection", ({ reason }) =>
    probe.errors.push(`rejected: ${reason}`),
  );

  for (const level of /** @type {const} */ (["debug", "log", "info", "warn", "error"])) {
    const write = console[level].bind(console);
    console[level] = (...parts) => {
      probe.console.push(parts.join(" "));
      write(...parts);
    };
  }

  window.EventSource = class extends EventSource {
    /** @param {ConstructorParameters<typeof EventSource>} args */
    constructor(...args) {
      super(...args);
      probe.opened++;
      probe.urls.push(this.url);
      probe.streams.add(this);
    }

    close() {
      probe.streams.delete(this);
      super.close();
    }
  };

  // Missing where the browser runs without a just-in-time compiler.
  if (!window.WebAssembly) return;
  const { instantiate, instantiateStreaming } = WebAssembly;

  /**
   * @template {WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource} Instantiated
   * @param {Promise<Instantiated>} instantiated
   */
  const recordMemory = async (instantiated) => {
    const result = await instantiated;
    const { memory } = (result instanceof WebAssembly.Instance ? result : result.instance).exports;
    if (memory instanceof WebAssembly.Memory) probe.memories.push(memory);
    return result;
  };
  WebAssembly.instantiate = /** @type {typeof instantiate} */ (
    (/** @type {Parameters<typeof instantiate>} */ ...args) => recordMemory(instantiate(...args))
  );
  WebAssembly.instantiateStreaming = (...args) => recordMemory(instantiateStreaming(...args));
})();
