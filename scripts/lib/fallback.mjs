// @ts-check

// Turns the JavaScript that wasm2js makes of a module into one function that gives what an instance of the WebAssembly would.

import { UserError } from "./run.mjs";

/** How wasm2js reaches the imports, and how it hands out the exports: as an ES module that there can be only one of in a page. */
const HEAD = /^import \* as \S+ from '[^']+';\n/;
const TAIL = /\nvar retasmFunc = asmFunc\(\{[\s\S]*$/;

/** How its memory grows: into a new buffer, while the old one stays as it is. */
const COPY =
  /var newBuffer = new ArrayBuffer\(newPages << 16\);\s+var newHEAP8 = new Int8Array\(newBuffer\);\s+newHEAP8\.set\(HEAP8\);/;
const MOVED = /buffer = newBuffer;\s+bufferView = HEAPU8;/;

/** Takes the old memory along where the browser can (Chrome 114, Firefox 122, Safari 17.4), which spares the copy. */
const GROWN = `function grown(buffer, length) {
  if (buffer.transfer) return buffer.transfer(length);
  var larger = new ArrayBuffer(length);
  new Uint8Array(larger).set(new Uint8Array(buffer));
  return larger;
}`;

/** Makes `export function instantiate(imports)` of the text that wasm2js wrote. `glueName` is the one name in `imports`. */
export async function makeFallback(text, glueName) {
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { transform } = await import("esbuild");
  let code = replace(text, HEAD, "");
  code = replace(code, TAIL, "");
  code = replace(code, COPY, "var newBuffer = grown(buffer, newPages * 65536);");
  // The glue notices a WebAssembly memory that has grown by its old buffer, which is detached then. This one is not, everywhere:
  // without the call, the glue goes on reading and writing what nobody uses any more.
  code = replace(
    code,
    MOVED,
    (moved) => `${moved} imports[${JSON.stringify(glueName)}].__wbg_forget_views();`,
  );
  const whole = `export function instantiate(imports) { ${GROWN}\n${code}\nreturn asmFunc(imports); }`;
  // ES2017, since webpack 4 reads the same file.
  return (await transform(whole, { format: "esm", minify: true, target: "es2017" })).code;
}

function replace(text, pattern, by) {
  if (pattern.test(text)) return text.replace(pattern, by);
  throw new UserError(
    `package: what wasm2js makes has changed: nothing in it matches ${pattern}. Was binaryen updated? Compare scripts/lib/fallback.mjs with its output, then see that the memory still grows`,
  );
}
