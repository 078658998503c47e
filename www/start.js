// Starts the demo. Not inline, since a strict Content-Security-Policy forbids inline scripts.
import init from "./demo.js";

if (new URLSearchParams(location.search).get("lang") === "de") await speakGerman();
await init({ module_or_path: new URL("./demo_bg.wasm", import.meta.url) });

/** Loads the words for the viewer, which reads them from its element. */
async function speakGerman() {
  const [{ createLanguage }, { german }] = await Promise.all([
    import("./package/internal/viewer/language.js"),
    import("./package/words/de.js"),
  ]);
  const container = document.getElementById("live-logs");
  if (container) Object.assign(container, { language: createLanguage(german, undefined) });
}
