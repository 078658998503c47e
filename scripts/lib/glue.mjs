// @ts-check

// Turns wasm-bindgen's glue into a factory, so that one copy of the text serves WebAssembly and its fallback, and each instance has
// state of its own. Nothing of it runs before the factory is called: a server may import it.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "./run.mjs";

/** What a strict Content-Security-Policy forbids. Behind a backtick it is text: wasm-bindgen prints a function as `Function(name)`. */
const EVALUATION = /(?<![`\w$])(eval|Function)\s*\(.{0,60}/s;

/** The glue's views of the memory, which it makes anew when they are null. */
const VIEWS = /^let (cached\w+Memory0) = null;$/gm;

/** The classes that JavaScript of ours uses. Those of dependencies are in wasm-bindgen's glue too, whether anybody calls them or not. */
const CLASSES = ["LogStream", "LogView"];

/** What JavaScript of ours calls beside the classes. */
const CALLED = ["start", "__wbg_set_wasm"];

/** Reads the file `<name>_bg.js`, and gives its text, and which exports of the module nobody calls: those of dependencies' classes. */
export async function readGlue(file) {
  const text = await readFile(file, "utf8");
  const foreign = [...text.matchAll(/^export class (\w+)/gm)]
    .map(([, name]) => name)
    .filter((name) => !CLASSES.includes(name));
  const prefixes = foreign.flatMap((name) => [
    `${name.toLowerCase()}_`,
    `__wbg_${name.toLowerCase()}_free`,
  ]);
  return {
    text: forgettable(text, foreign),
    isForeign: (name) => prefixes.some((prefix) => name.startsWith(prefix)),
  };
}

/** Says of what wasm-bindgen does with each class when the file is read that it may be left out with the class. */
function forgettable(text, classes) {
  const registering = text.replaceAll(
    ": new FinalizationRegistry(",
    ": /* @__PURE__ */ new FinalizationRegistry(",
  );
  return classes.reduce(
    (left, name) => left.replace(new RegExp(`^if \\(Symbol\\.dispose\\) ${name}\\..*\n`, "m"), ""),
    registering,
  );
}

/**
 * Makes `export function createGlue()` of such a text, with the JavaScript of our own that it imports from `folder`. It gives what our
 * JavaScript calls, what the module asks for by the names of `imports`, and `__wbg_forget_views`, by which the fallback says that its
 * memory has moved.
 */
export async function makeGlue(text, folder, { imports, exports }) {
  // Not at the top: on a fresh clone the package is there only after set-up.
  const { build, transform } = await import("esbuild");
  const called = text.replace(/\bwasm\.(\w+)/g, (whole, name) =>
    exports.has(name) ? `wasm.${exports.get(name)}` : whole,
  );
  const contents = called + forgetViews(text) + openers(text);
  const own = [
    ...CALLED,
    ...CLASSES.filter((name) => text.includes(`export class ${name} `)),
    "__wbg_forget_views",
    "openEventSource",
    "openFetch",
  ];
  const given = [...own, ...[...imports].map(([long, short]) => `${long} as ${short}`)];
  const whole = {
    name: "glue",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^glue$/ }, () => ({ path: "glue", namespace: "glue" }));
      onLoad({ filter: /.*/, namespace: "glue" }, () => ({ contents, resolveDir: folder }));
    },
  };
  const stdin = { contents: `export { ${given.join(", ")} } from "glue";` };
  const { outputFiles } = await build({
    stdin,
    plugins: [whole],
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "warning",
  });
  const code = outputFiles[0].text.replace(
    /^export \{([^}]*)\};\s*$/m,
    (_, list) => `return {${list.replace(/(\S+) as (\S+?)(?=,|\s)/g, "$2: $1")}};`,
  );
  // ES2017, since webpack 4 reads the same file.
  const small = await transform(`export function createGlue() { ${code} }`, {
    format: "esm",
    minify: true,
    target: "es2017",
  });
  forbidEvaluation(small.code);
  return small.code;
}

function forgetViews(text) {
  const views = [...text.matchAll(VIEWS)].map(([, name]) => name);
  if (views.length === 0)
    throw new UserError(
      "package: wasm-bindgen's glue has no views of the memory by the names we know: compare the pattern in scripts/lib/glue.mjs with what it makes",
    );
  return `\nexport function __wbg_forget_views() { ${views.map((name) => `${name} = null;`).join(" ")} }\n`;
}

/** The package's own JavaScript opens streams too, and there should be one copy of what opens them. */
function openers(text) {
  const [, from] = /from ['"](\.\/snippets\/[^'"]+\/transport\.js)['"]/.exec(text) ?? [];
  if (!from)
    throw new UserError(
      "package: wasm-bindgen's glue does not import transport.js any more: compare the pattern in scripts/lib/glue.mjs with what it makes",
    );
  return `\nexport { openEventSource, openFetch } from "${from}";\n`;
}

/** Minified code has no comments that could speak of it. */
function forbidEvaluation(code) {
  const found = EVALUATION.exec(code);
  if (found)
    throw new UserError(
      `package: the glue makes code of text, which script-src 'self' forbids: ${found[0]} … Which dependency asks for it?`,
    );
}
