// Watches a page from before anything else runs: what violates its policy, what is thrown, what the console tells, which streams are
// open, how large the memories of WebAssembly are. A classic script, so that it is first. All goes on as if it were not there.

(() => {
  const eyes = {
    violations: [],
    errors: [],
    console: [],
    streams: new Set(),
    opened: 0,
    memories: [],
  };
  window.eyes = eyes;

  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    eyes.violations.push(`${effectiveDirective} ${blockedURI}`),
  );
  window.addEventListener("error", ({ message }) => eyes.errors.push(`thrown: ${message}`));
  window.addEventListener("unhandledrejection", ({ reason }) =>
    eyes.errors.push(`rejected: ${reason}`),
  );

  for (const level of ["debug", "log", "info", "warn", "error"]) {
    const tell = console[level].bind(console);
    console[level] = (...parts) => {
      eyes.console.push(parts.join(" "));
      tell(...parts);
    };
  }

  window.EventSource = class extends EventSource {
    constructor(...parts) {
      super(...parts);
      eyes.opened++;
      eyes.streams.add(this);
    }

    close() {
      eyes.streams.delete(this);
      super.close();
    }
  };

  // Absent where the browser runs without a just-in-time compiler.
  const wasm = window.WebAssembly;
  for (const name of wasm ? ["instantiate", "instantiateStreaming"] : []) {
    const instantiate = wasm[name].bind(wasm);
    wasm[name] = async (...parts) => {
      const made = await instantiate(...parts);
      const { memory } = (made.instance ?? made).exports;
      if (memory) eyes.memories.push(memory);
      return made;
    };
  }
})();
