// Splits a WebAssembly module in two: the code that is reachable without one of its exports, and
// the rest. Both share memory, table and stack. The second part fills its own slots of the table
// when it is instantiated, and then the export can be called.
//
// Nothing of the first part refers to a function of the second, so the first one runs as if there
// were no second: the graph of the linked module says what refers to what. `src/ui/later.rs` says
// what is in the second part.

import { reachable } from "./code_graph.mjs";
import { UserError } from "./run.mjs";
import { splitData } from "./static_data.mjs";

/** @import { CodeGraph, Piece } from "./code_graph.mjs" */

/** A name in WebAssembly text: in quotes if it contains spaces or brackets. */
const NAME = String.raw`\$(?:"(?:[^"\\]|\\.)*"|[^\s()"]+)`;

const FUNCTION = new RegExp(`^\\(func (${NAME})(.*)`);
const CALL = new RegExp(`\\((?:return_)?call (${NAME})`, "g");
const GLOBAL = new RegExp(`^\\(global (${NAME}) (\\(mut \\w+\\)|\\w+)`);
const ELEMENTS = new RegExp(`\\(i32\\.const (\\d+)\\)(?: func)?((?: ${NAME})+)`);
const TARGET = new RegExp(`\\(func (${NAME})\\)`);

/** The name under which the second part imports what the first one exports. */
export const FIRST_NAME = "b";

/**
 * Returns both parts of a module in WebAssembly text.
 *
 * @param {string} text the optimized module, in the text form of binaryen, with names of functions
 * @param {CodeGraph} graph of the linked module
 * @param {Map<string, string>} exported the exports of the linked module that are in use, with their
 *   names in `text`
 * @param {string} gate the name of the export of the second part, in `text`
 */
export function split(text, graph, exported, gate) {
  const forms = parse(text);
  const { first, used } = firstFunctions(forms, graph, exported, gate);
  const data = splitData(forms.data, graph.data, used);
  const functions = [...forms.functions.values()];
  const free = freeNames(forms.exports.map(({ name }) => name));
  const second = functions.filter(({ name }) => !first.has(name));
  const called = new Set(second.flatMap(({ calls }) => calls));
  const shared = [...called]
    .filter((name) => forms.functions.has(name) && first.has(name))
    .map((name) => ({ name, as: free() }));
  const globals = forms.globals.map((global) => ({ ...global, as: free() }));
  const [memory, table] = [free(), free()];
  const runs = slotRuns(forms.slots, forms.firstSlot);
  const isSecond = (/** @type {string | undefined} */ name) =>
    name !== undefined && forms.functions.has(name) && !first.has(name);
  return {
    first: wrap([
      ...forms.types,
      ...forms.imports,
      ...forms.globals.map(({ form }) => form),
      forms.memory,
      ...data.first,
      forms.table,
      ...runs((name) => !isSecond(name)),
      ...forms.exports.filter(({ target }) => !isSecond(target)).map(({ form }) => form),
      ...shared.map(({ name, as }) => `(export "${as}" (func ${name}))`),
      ...globals.map(({ name, as }) => `(export "${as}" (global ${name}))`),
      `(export "${memory}" (memory ${forms.memoryName}))`,
      `(export "${table}" (table ${forms.tableName}))`,
      ...functions.filter(({ name }) => first.has(name)).map(({ form }) => form),
    ]),
    second: wrap([
      ...forms.types,
      ...forms.imports,
      ...shared.map(({ name, as }) => {
        const type = forms.functions.get(name)?.type;
        return `(import "${FIRST_NAME}" "${as}" (func ${name} ${type}))`;
      }),
      ...globals.map(
        ({ name, as, type }) => `(import "${FIRST_NAME}" "${as}" (global ${name} ${type}))`,
      ),
      imported(forms.memory, "memory", memory),
      imported(forms.table, "table", table),
      ...data.second,
      ...runs(isSecond),
      ...forms.exports.filter(({ target }) => isSecond(target)).map(({ form }) => form),
      ...second.map(({ form }) => form),
    ]),
  };
}

/**
 * Returns the names of the functions of the first part, and what it uses of the linked module.
 *
 * @param {Forms} forms
 * @param {CodeGraph} graph
 * @param {Map<string, string>} exported
 * @param {string} gate
 */
function firstFunctions(forms, graph, exported, gate) {
  const linked = (/** @type {string} */ name) => graph.named.get(name.slice(1)) ?? [];
  const gateFunction = forms.exports.find(({ name }) => name === gate)?.target;
  if (!gateFunction) throw new UserError(`package: nothing is exported as ${gate}`);
  // wasm-bindgen changes the names of some exported functions, and adds functions of its own, which
  // call nothing that needs the second part.
  const isOwn = (/** @type {string} */ name) => name !== gateFunction && linked(name).length === 0;
  const first = new Set([...forms.functions.keys()].filter(isOwn));
  for (const { target } of forms.exports)
    if (target && target !== gateFunction && forms.functions.has(target)) first.add(target);
  /** @type {Set<Piece>} */
  let used = new Set();
  for (let size = -1; size < first.size; ) {
    size = first.size;
    const roots = [...graph.exported].filter(([name]) => isRoot(exported.get(name)));
    used = reachable([...roots.map(([, code]) => code), ...[...first].flatMap(linked)]);
    for (const name of forms.functions.keys())
      if (linked(name).some((code) => used.has(code))) first.add(name);
    // wasm-opt merges equal functions, and keeps the name of one: what is in a slot counts.
    forms.slots.forEach((name, index) => {
      const code = graph.slots[forms.firstSlot + index - graph.firstSlot];
      if ((!code || used.has(code)) && forms.functions.has(name)) first.add(name);
    });
    // A set also visits what is added meanwhile.
    for (const name of first)
      for (const called of forms.functions.get(name)?.calls ?? [])
        if (forms.functions.has(called)) first.add(called);
  }
  if (first.has(gateFunction))
    throw new UserError(`package: the first part calls ${gate}, which is in the second`);
  return { first, used };

  /** @param {string | undefined} name */
  function isRoot(name) {
    return name !== undefined && name !== gate;
  }
}

/** @typedef {ReturnType<typeof parse>} Forms */

/**
 * Reads the forms of a module. Each begins on a line of its own, indented by one space.
 *
 * @param {string} text
 */
function parse(text) {
  const list = text.split(/\n (?=\()/).slice(1);
  list[list.length - 1] = (list.at(-1) ?? "").replace(/\)\s*$/, "");
  const of = (/** @type {string} */ kind) => list.filter((form) => form.startsWith(`(${kind} `));
  const only = (/** @type {string} */ kind) => {
    const found = of(kind);
    if (found.length !== 1)
      throw new UserError(`package: expected one ${kind} in the module, found ${found.length}`);
    return found[0];
  };
  /** @type {Map<string, { name: string, type: string, form: string, calls: string[] }>} */
  const functions = new Map();
  for (const form of of("func")) {
    const [, name, rest] = matched(form, FUNCTION);
    const type = (rest.match(/\((?:param|result) [^()]*\)/g) ?? []).join(" ");
    const calls = [...form.matchAll(CALL)].map(([, name]) => name);
    functions.set(name, { name, type, form, calls });
  }
  const [, firstSlot, slots] = matched(only("elem"), ELEMENTS);
  return {
    types: [...of("type"), ...of("rec")],
    imports: of("import"),
    functions,
    globals: of("global").map((form) => {
      const [, name, type] = matched(form, GLOBAL);
      return { name, type, form };
    }),
    memory: only("memory"),
    memoryName: matched(only("memory"), /^\(memory (\$\S+)/)[1],
    table: only("table"),
    tableName: matched(only("table"), /^\(table (\$\S+)/)[1],
    data: of("data"),
    exports: of("export").map((form) => {
      const [, name] = matched(form, /^\(export "([^"]+)"/);
      return { name, target: form.match(TARGET)?.[1], form };
    }),
    firstSlot: Number(firstSlot),
    slots: slots.match(new RegExp(NAME, "g")) ?? [],
  };
}

/**
 * @param {string} form
 * @param {RegExp} pattern
 */
function matched(form, pattern) {
  const found = form.match(pattern);
  if (!found)
    throw new UserError(
      `package: wasm-dis prints another form than expected: ${form.slice(0, 200)}`,
    );
  return found;
}

/**
 * Returns a function that returns the segments of the slots whose functions satisfy a condition.
 *
 * @param {string[]} slots
 * @param {number} firstSlot
 */
function slotRuns(slots, firstSlot) {
  return (/** @type {(name: string) => boolean} */ belongs) => {
    /** @type {{ start: number, names: string[] }[]} */
    const runs = [];
    slots.forEach((name, index) => {
      if (!belongs(name)) return;
      const last = runs.at(-1);
      if (last && last.start + last.names.length === firstSlot + index) last.names.push(name);
      else runs.push({ start: firstSlot + index, names: [name] });
    });
    return runs.map(({ start, names }) => `(elem (i32.const ${start}) ${names.join(" ")})`);
  };
}

/**
 * Turns the form that defines a memory or a table into one that imports it.
 *
 * @param {string} form
 * @param {string} kind
 * @param {string} as
 */
function imported(form, kind, as) {
  const [, name, limits] = matched(form, new RegExp(`^\\(${kind} (\\$\\S+) ([^()]+)\\)`));
  return `(import "${FIRST_NAME}" "${as}" (${kind} ${name} ${limits}))`;
}

/**
 * Returns a function that returns short names that are not taken.
 *
 * @param {string[]} taken
 */
function freeNames(taken) {
  let count = 0;
  const names = new Set(taken);
  return () => {
    for (;;) {
      const name = count.toString(36);
      count += 1;
      if (!names.has(name)) return name;
    }
  };
}

/** @param {string[]} forms */
function wrap(forms) {
  return `(module\n ${forms.join("\n ")}\n)\n`;
}
