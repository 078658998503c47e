// Starts the demo: a module file of its own, since a strict Content-Security-Policy forbids an inline one.
import init from "./demo.js";

await init({ module_or_path: new URL("./demo_bg.wasm", import.meta.url) });
