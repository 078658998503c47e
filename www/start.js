// Starts the demo. Not inline, since a strict Content-Security-Policy forbids inline scripts.
import init from "./demo.js";

await init({ module_or_path: new URL("./demo_bg.wasm", import.meta.url) });
