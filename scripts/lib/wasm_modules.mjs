// Builds the WebAssembly modules of the npm package: each as WebAssembly and as JavaScript, with
// one glue for both. They are compiled separately, since WebAssembly uses SIMD, which JavaScript
// lacks. package_files.mjs writes the files around them.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import v8 from "node:v8";
import { readGraph } from "./code_graph.mjs";
import { nameInOrder } from "./function_order.mjs";
import { makeFallback, makeGlue, usedExports } from "./generated_code.mjs";
import { capture, run, UserError } from "./run.mjs";
import { split } from "./split.mjs";
import { findTool, toolEnv } from "./tools.mjs";
import { withoutLinking } from "./wasm_sections.mjs";

/** @import { ShortNames } from "./generated_code.mjs" */
/** @typedef {"wasm" | "js"} Form */

/**
 * The modules, and the features with which the crate is built for each.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const MODULES = { viewer: "js,ui", headless: "js" };

/**
 * The modules that are also built in two parts, and the export that only the second part has: a page
 * loads the first, shows lines, and loads the second.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const SPLIT = { viewer: "run_later" };

/** The name under which a module imports its glue. wasm-opt chose it; see `optimize`. */
export const IMPORTS_NAME = "a";

/**
 * Neither reference types nor multiple values, which the code does not need. With them there is a
 * second table, which wasm2js does not support, and the WebAssembly is not smaller (127.0 kB
 * without them, 126.7 with them, when it was measured).
 */
const TARGET_FEATURES = {
  wasm: "-reference-types,-multivalue,+simd128",
  js: "-reference-types,-multivalue",
};

/** The remaining features. All browsers have them since Safari 16.4; others run the JavaScript. */
const FEATURES = [
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
].map((name) => `--enable-${name}`);

const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/**
 * Half of the default. The stack comes first in memory, so that it cannot grow into data: addresses
 * of data are then below 2^20 and take three bytes instead of four. The code does not recurse.
 */
const STACK_BYTES = 512 << 10;

/**
 * How each form is optimized. Nothing is at the lowest addresses but the end of the stack, so an
 * address there is no base of a field (--low-memory-unused). Not -Oz for WebAssembly: the file is a little smaller, but larger
 * after brotli (viewer 92,611 bytes instead of 92,553, headless 53,491 instead of 53,396). The
 * JavaScript form first lowers instructions that JavaScript lacks. Not --all-features: the lowering
 * does not support 64-bit memory.
 */
const OPTIMIZE = {
  wasm: ["--low-memory-unused", "-Os", "--converge"],
  js: [
    "--signext-lowering",
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "-Oz",
  ],
};

/**
 * Builds one of `MODULES` and returns its files, as names and contents.
 *
 * @param {string} name
 * @returns {Promise<[name: string, content: string | Buffer][]>}
 */
export async function buildModule(name) {
  const wasm = await buildForm(name, "wasm");
  const js = await buildForm(name, "js");
  for (const part of /** @type {const} */ (["glue", "names"]))
    if (JSON.stringify(wasm[part]) !== JSON.stringify(js[part]))
      throw new UserError(
        `package: ${name}: the ${part} of the two forms differ, but both share one glue: which code depends on target features and reaches JavaScript? Compare ${wasm.file} and ${js.file}`,
      );
  const translated = path.join(folderOf(name, "js"), "translated.js");
  await program("wasm2js", ["-Oz", js.file, "-o", translated]);
  const fallback = await makeFallback(await readFile(translated, "utf8"), IMPORTS_NAME);
  const parts = SPLIT[name] === undefined ? [] : await splitModule(name, wasm);
  return [
    [`${name}_bg.wasm`, await readFile(wasm.file)],
    ...parts,
    [`${name}_glue.js`, await makeGlue(wasm.glue, wasm.names)],
    [`${name}_fallback.js`, fallback],
  ];
}

/**
 * Builds one form of a module. Returns its optimized file, its glue, and the short names of its
 * imports and exports.
 *
 * @param {string} name
 * @param {Form} form
 */
async function buildForm(name, form) {
  const linked = await compile(name, form);
  const { file, glue } = await bind(name, form, linked);
  const used = await prune(name, form, file, glue);
  return { glue, linked, ...(await optimize(name, form, used)) };
}

/**
 * Compiles the crate's library and returns the path of its WebAssembly.
 *
 * Each form of a module has a target folder of its own: cargo gives a cdylib the same name for all
 * features, and other flags would discard what the demo and the tests keep compiled.
 *
 * @param {string} name
 * @param {Form} form
 */
async function compile(name, form) {
  const target = path.join(targetDirectory(), "package", name, form);
  const args = ["rustc", "--package", "logs-sse-client", "--lib", "--crate-type", "cdylib"];
  args.push("--target", "wasm32-unknown-unknown", "--profile", "wasm");
  args.push("--no-default-features", "--features", MODULES[name], "--target-dir", target);
  const flags = ["-C", `target-feature=${TARGET_FEATURES[form]}`, ...(await remapFlags())];
  // The encoded form allows spaces in paths, and takes precedence over RUSTFLAGS.
  args.push("--", "-C", `link-arg=-zstack-size=${STACK_BYTES}`);
  // For the graph of the code, in sections that the other tools drop.
  if (isSplit(name, form)) args.push("-C", "link-arg=--emit-relocs");
  const env = { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  if ((await run("cargo", args, { env })) !== 0)
    throw new UserError(
      `package: cargo failed to build the ${name} (features ${MODULES[name]}); see above`,
    );
  return path.join(target, "wasm32-unknown-unknown/wasm/logs_sse_client.wasm");
}

/** Returns flags that keep the path of the user's home out of panic messages in the module. */
async function remapFlags() {
  // On a new machine the folder of the sources exists only after this.
  if ((await run("cargo", ["fetch", "--quiet", "--target", "wasm32-unknown-unknown"])) !== 0)
    throw new UserError("package: cargo failed to fetch the crates; see above");
  const home = process.env.CARGO_HOME || path.join(os.homedir(), ".cargo");
  const sources = path.join(home, "registry/src");
  const registries = await readdir(sources).catch(() => []);
  return registries.map((name) => `--remap-path-prefix=${path.join(sources, name)}=crates`);
}

/**
 * Runs wasm-bindgen, and returns the path of the module and the text of its glue.
 *
 * @param {string} name
 * @param {Form} form
 * @param {string} built
 */
async function bind(name, form, built) {
  const tool = findTool("wasm-bindgen-cli");
  if (!tool)
    throw new UserError(
      "package: wasm-bindgen is missing in the version of Cargo.lock: run 'npm run setup'",
    );
  const folder = folderOf(name, form);
  await mkdir(folder, { recursive: true });
  // The standard library lists features that the code does not use, and wasm-bindgen relies on the
  // list.
  const input = path.join(folder, "input.wasm");
  await writeFile(input, withoutLinking(await readFile(built)));
  await program("wasm-opt", [...FEATURES, "-g", "--strip-target-features", input, "-o", input]);
  // Names as in the linked module.
  const target = ["--target", "bundler", "--no-typescript", "--no-demangle"];
  await program(tool, [...target, "--out-dir", folder, "--out-name", name, input]);
  return {
    file: path.join(folder, `${name}_bg.wasm`),
    glue: await readFile(path.join(folder, `${name}_bg.js`), "utf8"),
  };
}

/**
 * Removes the exports that the package does not use, and what only they need. Throws if the module
 * cannot be used in both forms.
 *
 * @param {string} name
 * @param {Form} form
 * @param {string} file
 * @param {string} glue
 */
async function prune(name, form, file, glue) {
  const module = new WebAssembly.Module(await readFile(file));
  checkCrossings(name, module);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const used = usedExports(glue, names);
  const graph = path.join(folderOf(name, form), "graph.json");
  const nodes = used.map((name) => ({ name, export: name }));
  const root = { name: "glue", root: true, reaches: used };
  await writeFile(graph, JSON.stringify([root, ...nodes]));
  const pruned = path.join(folderOf(name, form), "pruned.wasm");
  // Prints what it removed.
  capturedProgram("wasm-metadce", [...FEATURES, "-g", file, "--graph-file", graph, "-o", pruned]);
  return pruned;
}

/**
 * Optimizes a module, and shortens the names of its imports and exports: those of wasm-bindgen end
 * in a hash, which does not compress. `named` is the same module with the names of its functions.
 *
 * @param {string} name
 * @param {Form} form
 * @param {string} input
 * @returns {Promise<{ file: string, named: string, names: ShortNames }>}
 */
async function optimize(name, form, input) {
  const named = path.join(folderOf(name, form), "named.wasm");
  const file = path.join(folderOf(name, form), "optimized.wasm");
  await program("wasm-opt", [...FEATURES, "-g", ...OPTIMIZE[form], input, "-o", named]);
  // Not together: --converge would repeat the shortening, and print names of short names.
  const shorten = ["-g", "--minify-imports-and-exports-and-modules", named, "-o", named];
  const printed = capturedProgram("wasm-opt", [...FEATURES, ...shorten]);
  await program("wasm-opt", [...FEATURES, ...STRIP, named, "-o", file]);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(await readFile(file)));
  const other = imports.find(({ module }) => module !== IMPORTS_NAME);
  if (other)
    throw new UserError(
      `package: wasm-opt named an imported module "${other.module}", expected "${IMPORTS_NAME}"`,
    );
  if (form === "wasm") await reorder(file);
  return { file, named, names: parseNames(name, printed) };
}

/**
 * Splits a module in two parts, and returns both as files.
 *
 * @param {string} name
 * @param {{ linked: string, named: string, names: ShortNames }} module
 * @returns {Promise<[name: string, content: Buffer][]>}
 */
async function splitModule(name, { linked, named, names }) {
  const text = capturedProgram("wasm-dis", [...FEATURES, named]);
  const graph = readGraph(await readFile(linked));
  const shortNames = new Map(names.exports);
  // wasm-bindgen removes a hash from the names of some.
  const exported = [...graph.exported.keys()].flatMap((full) => {
    const short = shortNames.get(full) ?? shortNames.get(full.replace(/_[0-9a-f]{16}$/, ""));
    return short === undefined ? [] : [/** @type {const} */ ([full, short])];
  });
  const gate = shortNames.get(SPLIT[name]);
  if (gate === undefined) throw new UserError(`package: ${name} does not export ${SPLIT[name]}`);
  const parts = split(text, graph, new Map(exported), gate);
  /** @type {[name: string, content: Buffer][]} */
  const files = [];
  for (const [part, content] of Object.entries(parts)) {
    const source = path.join(folderOf(name, "wasm"), `${part}.wat`);
    const file = path.join(folderOf(name, "wasm"), `${part}.wasm`);
    await writeFile(source, content);
    await program("wasm-as", [...FEATURES, source, "-o", file]);
    const passes = ["--remove-unused-module-elements", ...STRIP];
    await program("wasm-opt", [...FEATURES, ...passes, file, "-o", file]);
    await reorder(file);
    files.push([`${name}_${part}.wasm`, await readFile(file)]);
  }
  return files;
}

/**
 * Reorders the functions of a module, which saves 1 % after compression. The JavaScript form is not
 * worth it: few pages load it.
 *
 * @param {string} file
 */
async function reorder(file) {
  const named = `${file}.named`;
  await writeFile(named, nameInOrder(await readFile(file)));
  const passes = ["--reorder-functions-by-name", "--strip-debug"];
  await program("wasm-opt", [...FEATURES, ...passes, named, "-o", file]);
}

/**
 * Parses the names that wasm-opt printed.
 *
 * @param {string} name
 * @param {string} printed
 * @returns {ShortNames}
 */
function parseNames(name, printed) {
  /** @type {ShortNames} */
  let names;
  try {
    names = JSON.parse(printed);
  } catch {
    throw new UserError(`package: wasm-opt printed no JSON with short names: ${printed}`);
  }
  const other = names.imports.find(([module]) => module !== `./${name}_bg.js`);
  if (other)
    throw new UserError(
      `package: ${name} imports ${other[1]} from ${other[0]}, but only the glue is packed: which dependency has JavaScript of its own?`,
    );
  return names;
}

/**
 * Throws if a 64-bit integer crosses to or from JavaScript: wasm2js splits it in two.
 *
 * @param {string} name
 * @param {WebAssembly.Module} module
 */
function checkCrossings(name, module) {
  // Node describes types only with this flag: https://github.com/WebAssembly/js-types
  v8.setFlagsFromString("--experimental-wasm-type-reflection");
  /**
   * @type {{ name: string, kind: string, type?: { parameters: string[], results: string[] } }[]}
   */
  const crossings = [
    ...WebAssembly.Module.imports(module),
    ...WebAssembly.Module.exports(module),
  ].filter(({ kind }) => kind === "function");
  const wide = crossings.filter(({ name: crossing, type }) => {
    if (!type)
      throw new UserError(
        `package: this Node does not describe the type of ${crossing}: see checkCrossings in scripts/lib/wasm_modules.mjs`,
      );
    return [...type.parameters, ...type.results].includes("i64");
  });
  if (wide.length > 0)
    throw new UserError(
      `package: ${name}: 64-bit integers cannot reach JavaScript in the fallback; use f64, which is exact up to 2^53, in ${wide.map(({ name }) => name).join(", ")}`,
    );
}

/**
 * Runs a program, and throws if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 */
async function program(command, args) {
  const code = await run(command, args, { env: toolEnv("wasm-bindgen-cli") });
  if (code !== 0) throw failed(command, args);
}

/**
 * Runs a program and returns its output, and throws if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 */
function capturedProgram(command, args) {
  const output = capture(command, args, { env: toolEnv(), showErrors: true });
  if (output === undefined) throw failed(command, args);
  return output;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function failed(command, args) {
  return new UserError(`package: '${path.basename(command)} ${args.join(" ")}' failed; see above`);
}

/**
 * Returns whether a form of a module is also built in two parts.
 *
 * @param {string} name
 * @param {Form} form
 */
function isSplit(name, form) {
  return form === "wasm" && SPLIT[name] !== undefined;
}

/**
 * Returns the folder of the intermediate files.
 *
 * @param {string} name
 * @param {Form} form
 */
function folderOf(name, form) {
  return path.join(targetDirectory(), "package", name, form, "bound");
}

function targetDirectory() {
  const metadata = capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  if (!metadata) throw new UserError("package: 'cargo metadata' failed: run it to see why");
  return JSON.parse(metadata).target_directory;
}
