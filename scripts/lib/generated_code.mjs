// Edits the JavaScript that wasm-bindgen and wasm2js generate, so that one glue serves both forms
// of a module, and each instance has a state of its own. Nothing of the result runs when it is
// loaded, so a server may import it.
//
// This is the only file that depends on the text of generated code. It assumes:
//
//   wasm-bindgen, bundler target
//     - The glue calls an export of the module as `wasm.<name>`.
//     - `export class <Name>` declares a class, whose exports begin with `<name>_` and
//       `__wbg_<name>_free`. At the top level, a class is used in `new FinalizationRegistry(…)`
//       and in one line that begins with `if (Symbol.dispose)`, and nowhere else.
//     - Cached views of the memory are declared as `let cached<Type>Memory0 = null;` and created
//       again once they are null.
//   wasm2js
//     - The text is an import statement, the function `asmFunc(imports)`, and statements from
//       `var retasmFunc` on that call it.
//     - Memory grows by copying it into a new buffer (`COPY`), which is then stored (`STORE`).
//
// An assumption that does not hold throws a `UserError`, except that of the names of classes: if it
// does not hold, code of dependencies stays in the module, and `npm run size` shows it.

import path from "node:path";
import { ROOT, UserError } from "./run.mjs";

/**
 * How wasm-opt renamed a module's imports and exports.
 *
 * @typedef {{ imports: [module: string, name: string, short: string][],
 *   exports: [name: string, short: string][] }} ShortNames
 */

/**
 * The classes of src/js. Those of dependencies are in the glue as well, though nothing uses them.
 */
const CLASSES = ["LogStream", "LogView"];

/** What www/package uses of the glue besides the classes; see its assets.d.ts. */
const FUNCTIONS = ["start", "__wbg_set_wasm", "__wbg_init", "__wbg_forget_views"];

/** What www/package uses of the glue of the viewer besides. */
const VIEWER_FUNCTIONS = ["set_later", "run_later"];

/** The crate's transport: the package's own JavaScript shares the glue's copy. */
const TRANSPORT = path.join(ROOT, "src/browser/transport.js");

/** Both files are ES2017, since webpack 4 and Jest read them too. */
const TARGET = "es2017";

/**
 * Code that a strict Content-Security-Policy forbids. After a backtick it is text: wasm-bindgen
 * prints a function as `Function(name)`.
 */
const EVALUATION = /(?<![`\w$])(eval|Function)\s*\(.{0,60}/s;

const VIEW = /^let (cached\w+Memory0) = null;$/gm;

const HEAD = /^import \* as \S+ from '[^']+';\n/;
const TAIL = /\nvar retasmFunc = asmFunc\(\{[\s\S]*$/;
const COPY =
  /var newBuffer = new ArrayBuffer\(newPages << 16\);\s+var newHEAP8 = new Int8Array\(newBuffer\);\s+newHEAP8\.set\(HEAP8\);/;
const STORE = /buffer = newBuffer;\s+bufferView = HEAPU8;/;

/** Moves the memory where the browser can: Chrome 114, Firefox 122, Safari 17.4. */
const GROW = `function grow(buffer, length) {
  if (buffer.transfer) return buffer.transfer(length);
  var larger = new ArrayBuffer(length);
  new Uint8Array(larger).set(new Uint8Array(buffer));
  return larger;
}`;

/**
 * Returns the names of `exports` that the package uses, without those of dependencies' classes.
 *
 * @param {string} glue
 * @param {string[]} exports
 */
export function usedExports(glue, exports) {
  const prefixes = foreignClasses(glue)
    .map((name) => name.toLowerCase())
    .flatMap((name) => [`${name}_`, `__wbg_${name}_free`]);
  return exports.filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * Returns a module that exports `createGlue()`, made from wasm-bindgen's glue. It returns what the
 * package calls, and what the module imports, by its short name.
 *
 * @param {string} glue
 * @param {ShortNames} names
 */
export async function makeGlue(glue, names) {
  // Not imported at the top: in a fresh clone esbuild is installed by setup.
  const { build, transform } = await import("esbuild");
  const own = [
    ...CLASSES.filter((name) => glue.includes(`export class ${name} `)),
    ...FUNCTIONS,
    ...VIEWER_FUNCTIONS.filter((name) => glue.includes(`export function ${name}(`)),
    "openEventSource",
    "openFetch",
  ];
  const exported = [...own, ...names.imports.map(([, name, short]) => `${name} as ${short}`)];
  const contents = shortenCalls(withoutForeignClasses(glue) + additions(glue), names);
  const { outputFiles } = await build({
    stdin: { contents: `export { ${exported.join(", ")} } from "glue";` },
    plugins: [gluePlugin(contents)],
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "warning",
  });
  const body = replace(
    outputFiles[0].text,
    /^export \{([^}]*)\};\s*$/m,
    (_, list) => `return {${list.replace(/(\S+) as (\S+?)(?=,|\s)/g, "$2: $1")}};`,
  );
  const { code } = await transform(`export function createGlue() { ${body} }`, {
    format: "esm",
    minify: true,
    target: TARGET,
  });
  checkEvaluation(code);
  return code;
}

/**
 * Returns a module that exports `instantiate(imports)`, made from the output of wasm2js.
 *
 * @param {string} text
 * @param {string} importsName the only key of `imports`
 */
export async function makeFallback(text, importsName) {
  const { transform } = await import("esbuild");
  let code = replace(text, HEAD, () => "");
  code = replace(code, TAIL, () => "");
  code = replace(code, COPY, () => "var newBuffer = grow(buffer, newPages * 65536);");
  // The glue detects that WebAssembly memory grew by its detached buffer. Here the old buffer may
  // stay attached, so the glue must be notified, or it would keep using the old one.
  const forget = `imports[${JSON.stringify(importsName)}].__wbg_forget_views();`;
  code = replace(code, STORE, (store) => `${store} ${forget}`);
  const module = `export function instantiate(imports) {
    ${GROW}
    ${code}
    return asmFunc(imports);
  }`;
  return (await transform(module, { format: "esm", minify: true, target: TARGET })).code;
}

/** @param {string} glue */
function foreignClasses(glue) {
  return [...glue.matchAll(/^export class (\w+)/gm)]
    .map(([, name]) => name)
    .filter((name) => !CLASSES.includes(name));
}

/**
 * Lets esbuild remove the classes of dependencies, by removing or marking the statements that use
 * them.
 *
 * @param {string} glue
 */
function withoutForeignClasses(glue) {
  const marked = glue.replaceAll(
    ": new FinalizationRegistry(",
    ": /* @__PURE__ */ new FinalizationRegistry(",
  );
  return foreignClasses(glue).reduce(
    (text, name) => text.replace(new RegExp(`^if \\(Symbol\\.dispose\\) ${name}\\..*\n`, "m"), ""),
    marked,
  );
}

/**
 * Returns functions to append to the glue: `__wbg_init`, which runs the module's start function,
 * and `__wbg_forget_views`, by which the fallback announces that its memory moved.
 *
 * @param {string} glue
 */
function additions(glue) {
  const views = [...glue.matchAll(VIEW)].map(([, name]) => name);
  if (views.length === 0) throw changed("wasm-bindgen", VIEW);
  return `
    export function __wbg_init() { if (wasm.__wbindgen_start) wasm.__wbindgen_start(); }
    export function __wbg_forget_views() { ${views.map((name) => `${name} = null;`).join(" ")} }
    export { openEventSource, openFetch } from ${JSON.stringify(TRANSPORT)};
  `;
}

/**
 * @param {string} glue
 * @param {ShortNames} names
 */
function shortenCalls(glue, { exports }) {
  const shortNames = new Map(exports);
  return glue.replace(/\bwasm\.(\w+)/g, (call, name) => {
    const short = shortNames.get(name);
    return short === undefined ? call : `wasm.${short}`;
  });
}

/**
 * Supplies `contents` as the module "glue", and the crate's own file for wasm-bindgen's copy of it.
 *
 * @param {string} contents
 * @returns {import("esbuild").Plugin}
 */
function gluePlugin(contents) {
  return {
    name: "glue",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^glue$/ }, () => ({ path: "glue", namespace: "glue" }));
      onResolve({ filter: /\/transport\.js$/ }, () => ({ path: TRANSPORT }));
      onLoad({ filter: /./, namespace: "glue" }, () => ({ contents }));
    },
  };
}

/**
 * Minified code has no comments that could match.
 *
 * @param {string} code
 */
function checkEvaluation(code) {
  const found = EVALUATION.exec(code);
  if (found)
    throw new UserError(
      `package: the glue evaluates text, which script-src 'self' forbids: ${found[0]} … Find the dependency that needs it`,
    );
}

/**
 * @param {string} text
 * @param {RegExp} pattern
 * @param {(match: string, group: string) => string} replacement
 */
function replace(text, pattern, replacement) {
  if (!pattern.test(text)) throw changed("wasm2js or esbuild", pattern);
  return text.replace(pattern, replacement);
}

/**
 * @param {string} tool
 * @param {RegExp} pattern
 */
function changed(tool, pattern) {
  return new UserError(
    `package: the output of ${tool} has changed: nothing matches ${pattern}. Compare it with the assumptions in scripts/lib/generated_code.mjs`,
  );
}
