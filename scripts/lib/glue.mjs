// Turns wasm-bindgen's glue into a factory, so that one copy of the text serves WebAssembly and its fallback, and each instance has
// state of its own. Nothing of it runs before the factory is called: a server may import it.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { Told } from "./run.mjs";

/** What a strict Content-Security-Policy forbids. Behind a backtick it is text: wasm-bindgen prints a function as `Function(name)`. */
const EVALUATION = /(?<![`\w$])(eval|Function)\s*\(.{0,60}/s;

/** The glue's views of the memory, which it makes anew when they are null. */
const VIEWS = /^let (cached\w+Memory0) = null;$/gm;

/**
 * Makes `export function createGlue()` of the file `<name>_bg.js`, with the JavaScript of our own that it imports. It gives all that the text exports, and `__wbg_forget_views`,
 * by which the fallback says that its memory has moved.
 */
export async function makeGlue(file) {
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { build, transform } = await import("esbuild");
  const text = await readFile(file, "utf8");
  const stdin = { contents: text + forgetViews(text) + openers(text), resolveDir: path.dirname(file) };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "iife", globalName: "glue", logLevel: "warning" });
  const code = outputFiles[0].text;
  // ES2017, since webpack 4 reads the same file.
  const small = await transform(`export function createGlue() { ${code} return glue; }`, { format: "esm", minify: true, target: "es2017" });
  forbidEvaluation(small.code);
  return small.code;
}

function forgetViews(text) {
  const views = [...text.matchAll(VIEWS)].map(([, name]) => name);
  if (views.length === 0) throw new Told("package: wasm-bindgen's glue has no views of the memory by the names we know: compare the pattern in scripts/lib/glue.mjs with what it makes");
  return `\nexport function __wbg_forget_views() { ${views.map((name) => `${name} = null;`).join(" ")} }\n`;
}

/** The package's own JavaScript opens streams too, and there should be one copy of what opens them. */
function openers(text) {
  const [, from] = /from ['"](\.\/snippets\/[^'"]+\/transport\.js)['"]/.exec(text) ?? [];
  if (!from) throw new Told("package: wasm-bindgen's glue does not import transport.js any more: compare the pattern in scripts/lib/glue.mjs with what it makes");
  return `\nexport { openEventSource, openFetch } from "${from}";\n`;
}

/** Minified code has no comments that could speak of it. */
function forbidEvaluation(code) {
  const found = EVALUATION.exec(code);
  if (found) throw new Told(`package: the glue makes code of text, which script-src 'self' forbids: ${found[0]} … Which dependency asks for it?`);
}
