// @ts-check

// Makes the WebAssembly modules of the npm package: each as WebAssembly and as JavaScript, with one glue that serves both.
// The two are compiled apart: WebAssembly has wide registers (SIMD), for which JavaScript has no words.
// What surrounds them is in package_files.mjs.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { makeFallback } from "./fallback.mjs";
import { makeGlue, readGlue } from "./glue.mjs";
import { capture, run, UserError } from "./run.mjs";
import { findTool, toolEnv } from "./tools.mjs";
import {
  exportNames,
  i64Crossings,
  importNames,
  renamed,
  withoutExports,
  withoutFeatures,
} from "./wasm_file.mjs";

/** The modules, and what the crate is built with for each. */
export const MODULES = { viewer: "js,ui", headless: "js" };

/**
 * What each of the two forms of a module is compiled with. Neither reference types nor multiple values are needed by any code of
 * ours; with them there is a second table, which wasm2js refuses, and the WebAssembly is as small without them
 * (127.0 kB instead of 126.7, when it was tried).
 */
const TARGET_FEATURES = {
  wasm: "-reference-types,-multivalue,+simd128",
  js: "-reference-types,-multivalue",
};

/** The standard library comes compiled with these names in its list, and wasm-bindgen goes by the list. */
const UNUSED_FEATURES = ["reference-types", "multivalue", "call-indirect-overlong"];

/** What is left. All browsers since 2023 know it (Safari 16.4 was the last with SIMD); others run the JavaScript. */
const FEATURES = [
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
].map((name) => `--enable-${name}`);

const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/** Not -Oz: that is a little smaller as a file, and a little larger by brotli, as it travels (viewer 92,611 bytes instead of 92,553, headless 53,491 instead of 53,396). */
const OPTIMIZE = "-Os";

/** What JavaScript has no words for, said in older instructions. Not --all-features: the lowering knows no 64-bit memory. */
const LOWER = [
  "--signext-lowering",
  "--llvm-memory-copy-fill-lowering",
  "--llvm-nontrapping-fptoint-lowering",
];

/** The exports that JavaScript of ours calls, beside wasm-bindgen's: www/package/engine.js. */
const CALLED_BY_NAME = ["memory", "__wbindgen_start"];

/** Builds one of `MODULES`, and gives its three files: a list of names and contents. */
export async function buildModule(name) {
  const wasm = await bound(name, "wasm");
  const js = await bound(name, "js");
  if (wasm.text !== js.text)
    throw new UserError(
      `package: wasm-bindgen makes other glue for ${wasm.file} than for ${js.file}, but one is to serve both: what in the code differs by target feature and reaches JavaScript?`,
    );
  const [small, lowered, translated] = [
    file(name, "wasm", "small.wasm"),
    file(name, "js", "lowered.wasm"),
    file(name, "js", "translated.js"),
  ];
  await program("wasm-opt", [...FEATURES, OPTIMIZE, ...STRIP, wasm.file, "-o", small]);
  await program("wasm-opt", [...FEATURES, ...LOWER, "-Oz", ...STRIP, js.file, "-o", lowered]);
  const names = await shorten([small, lowered]);
  await program("wasm2js", ["-Oz", lowered, "-o", translated]);
  return [
    [`${name}_bg.wasm`, await readFile(small)],
    [`${name}_glue.js`, await makeGlue(wasm.text, path.dirname(small), names)],
    [
      `${name}_fallback.js`,
      await makeFallback(await readFile(translated, "utf8"), importsOf(name)),
    ],
  ];
}

/** Compiles one form of a module and binds it. Gives its file, with what no page calls left out, and the text of its glue. */
async function bound(name, form) {
  const { module, glue } = await bind(name, form, await compile(name, form));
  await check(name, module);
  const { text, isForeign } = await readGlue(glue);
  const used = file(name, form, "used.wasm");
  await writeFile(used, withoutExports(await readFile(module), isForeign));
  return { file: used, text };
}

/** Where what is made on the way lies. */
function file(name, form, ...parts) {
  return path.join(formDirectory(name, form), "bound", ...parts);
}

/**
 * Gives the imports and exports of `files` short names, and returns the two maps. wasm-bindgen's names end in a hash, which no
 * compression makes smaller, and each stands in the module, in its glue and in its fallback.
 */
async function shorten(files) {
  const all = await Promise.all(files.map((file) => readFile(file)));
  const maps = [importNames, exportNames].map((names) => {
    const long = [...new Set(all.flatMap(names))].filter((name) => !CALLED_BY_NAME.includes(name));
    return new Map(long.map((name, index) => [name, letters(index)]));
  });
  await Promise.all(files.map((file, index) => writeFile(file, renamed(all[index], ...maps))));
  return { imports: maps[0], exports: maps[1] };
}

/** "a", "b" … "z", "aa", "ab" … */
function letters(number) {
  const last = String.fromCharCode(97 + (number % 26));
  return number < 26 ? last : letters(Math.floor(number / 26) - 1) + last;
}

/** Under which name the module asks for its imports. */
function importsOf(name) {
  return `./${name}_bg.js`;
}

/**
 * Compiles the crate's library, and gives the path of its WebAssembly.
 * Each form of a module has a target folder of its own: cargo writes a cdylib under the same name whatever its features are, and would then
 * take one for the other; and builds with other flags would throw away what the demo and the tests keep warm.
 */
async function compile(name, form) {
  const target = formDirectory(name, form);
  const features = ["--no-default-features", "--features", MODULES[name]];
  const args = [
    "rustc",
    "--package",
    "logs-sse-client",
    "--lib",
    "--crate-type",
    "cdylib",
    "--target",
    "wasm32-unknown-unknown",
    "--profile",
    "wasm",
  ];
  // The encoded form allows for spaces in paths, and wins over a RUSTFLAGS that somebody may have set.
  const env = {
    CARGO_ENCODED_RUSTFLAGS: [
      "-C",
      `target-feature=${TARGET_FEATURES[form]}`,
      ...(await withoutHome()),
    ].join("\x1f"),
  };
  const code = await run("cargo", [...args, ...features, "--target-dir", target], { env });
  if (code !== 0)
    throw new UserError(
      `package: cargo could not build the ${name} (features ${MODULES[name]}); what it says is above`,
    );
  return path.join(target, "wasm32-unknown-unknown/wasm/logs_sse_client.wasm");
}

/** The flags by which the places of panics, which are in the module, do not tell where the builder's home is. */
async function withoutHome() {
  // On a fresh machine the sources' folder is there only after this.
  if ((await run("cargo", ["fetch", "--quiet", "--target", "wasm32-unknown-unknown"])) !== 0)
    throw new UserError("package: cargo could not fetch the crates; what it says is above");
  const sources = path.join(
    process.env.CARGO_HOME || path.join(os.homedir(), ".cargo"),
    "registry/src",
  );
  const registries = await readdir(sources).catch(() => []);
  return registries.map((name) => `--remap-path-prefix=${path.join(sources, name)}=crates`);
}

/** Runs wasm-bindgen, and gives the paths of the module and of its glue. */
async function bind(name, form, built) {
  const folder = file(name, form);
  await mkdir(folder, { recursive: true });
  const input = path.join(folder, "input.wasm");
  await writeFile(input, withoutFeatures(await readFile(built), UNUSED_FEATURES));
  const tool = findTool("wasm-bindgen-cli");
  if (!tool)
    throw new UserError(
      "package: the wasm-bindgen program of Cargo.lock's version is missing: run 'npm run setup'",
    );
  await program(tool, [
    "--target",
    "bundler",
    "--no-typescript",
    "--out-dir",
    folder,
    "--out-name",
    name,
    input,
  ]);
  return { module: path.join(folder, `${name}_bg.wasm`), glue: path.join(folder, `${name}_bg.js`) };
}

/** Fails when the module has what only one of its two forms could do. */
async function check(name, file) {
  const bytes = await readFile(file);
  const crossings = i64Crossings(bytes);
  if (crossings.length > 0) {
    throw new UserError(
      `package: ${name}: ${crossings.join(", ")}: 64-bit integers cannot cross to JavaScript in the fallback: use f64, which is exact up to 2^53`,
    );
  }
  const others = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).filter(
    ({ module }) => module !== importsOf(name),
  );
  if (others.length > 0) {
    throw new UserError(
      `package: ${name} imports from ${others[0].module}, but only the glue is packed: which dependency brings JavaScript of its own?`,
    );
  }
}

async function program(command, args) {
  const code = await run(command, args, { env: toolEnv("wasm-bindgen-cli") });
  if (code !== 0)
    throw new UserError(
      `package: '${path.basename(command)} ${args.join(" ")}' failed with ${code}; what it says is above`,
    );
}

function formDirectory(name, form) {
  return path.join(targetDirectory(), "package", name, form);
}

function targetDirectory() {
  const metadata = capture("cargo", ["metadata", "--format-version", "1", "--no-deps"]);
  if (!metadata) throw new UserError("package: 'cargo metadata' failed: run it by hand to see why");
  return JSON.parse(metadata).target_directory;
}
