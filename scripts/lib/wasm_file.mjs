// @ts-check

// Reads WebAssembly files section by section, and rewrites one of them. Knows the binary format, and not what the files are for.
// The format: https://webassembly.github.io/spec/core/binary/modules.html, and of target_features: WebAssembly/tool-conventions, Linking.md.

const HEADER_BYTES = 8;
const [CUSTOM, TYPE, IMPORT, FUNCTION, EXPORT] = [0, 1, 2, 3, 7];
const I64 = 0x7e;

/**
 * The file with `names` taken out of the list of features that its code is said to use. Rust's standard library comes compiled with
 * the names of features that no code of ours needs, and tools decide by the names.
 */
export function withoutFeatures(bytes, names) {
  const parts = [bytes.subarray(0, HEADER_BYTES)];
  for (const { id, name, body, whole } of sections(bytes)) {
    parts.push(
      id === CUSTOM && name === "target_features" ? custom(name, fewer(body, names)) : whole,
    );
  }
  return Buffer.concat(parts);
}

/** The names under which the file asks for functions of JavaScript. */
export function importNames(bytes) {
  return listed(bytes, IMPORT, importEntry).map(({ name }) => name);
}

/** The names that the file exports. */
export function exportNames(bytes) {
  return listed(bytes, EXPORT, exportEntry).map(({ name }) => name);
}

/** The file without the exports that `isUnused` says; what only they used an optimiser takes away then. */
export function withoutExports(bytes, isUnused) {
  return withList(bytes, EXPORT, exportEntry, (exported) =>
    exported.filter(({ name }) => !isUnused(name)),
  );
}

/** The file whose imports and exports have the names that two maps give; those that a map does not know stay. */
export function renamed(bytes, imports, exports) {
  const rename = (names) => (list) =>
    list.map((entry) => ({ ...entry, name: names.get(entry.name) ?? entry.name }));
  return withList(
    withList(bytes, IMPORT, importEntry, rename(imports)),
    EXPORT,
    exportEntry,
    rename(exports),
  );
}

/** The functions, imported or exported, that take or give an i64: JavaScript made of a WebAssembly file splits those in two. */
export function i64Crossings(bytes) {
  const hasI64 = listed(bytes, TYPE, (from) => {
    if (from.byte() !== 0x60)
      throw new Error(
        "a type that is no function: this reader knows WebAssembly without garbage collection only",
      );
    return [...from.sized(), ...from.sized()].includes(I64);
  });
  const imports = listed(bytes, IMPORT, importEntry).map(({ module, name, what }) => ({
    name: `${module} ${name}`,
    type: new Reader(what).importedType(),
  }));
  const imported = imports.filter(({ type }) => type !== undefined);
  const types = [
    ...imported.map(({ type }) => type),
    ...listed(bytes, FUNCTION, (from) => from.number()),
  ];
  const exported = listed(bytes, EXPORT, exportEntry)
    .map(({ name, what }) => ({ name, from: new Reader(what) }))
    .filter(({ from }) => from.byte() === 0);
  return [...imported, ...exported.map(({ name, from }) => ({ name, type: types[from.number()] }))]
    .filter(({ type }) => hasI64[type])
    .map(({ name }) => name);
}

/** What an entry of a list imports or exports stays bytes: only its names are ever changed. */
function importEntry(from) {
  return { module: from.text(), name: from.text(), what: from.passed(() => from.importedType()) };
}

function exportEntry(from) {
  return { name: from.text(), what: from.passed(() => [from.byte(), from.number()]) };
}

/** The entries of the section `id`; none where there is no such section. */
function listed(bytes, id, read) {
  const section = [...sections(bytes)].find((section) => section.id === id);
  return section ? entries(new Reader(section.body), read) : [];
}

/** The file with another list of imports or exports. */
function withList(bytes, id, read, change) {
  const parts = [...sections(bytes)].map((section) => {
    if (section.id !== id) return section.whole;
    const list = change(entries(new Reader(section.body), read));
    const names = ({ module, name }) =>
      (module === undefined ? [name] : [module, name]).map((text) => sized(Buffer.from(text)));
    return Buffer.concat([
      Buffer.of(id),
      sized(
        Buffer.concat([
          leb(list.length),
          ...list.flatMap((entry) => [...names(entry), entry.what]),
        ]),
      ),
    ]);
  });
  return Buffer.concat([bytes.subarray(0, HEADER_BYTES), ...parts]);
}

function* sections(bytes) {
  const from = new Reader(bytes, HEADER_BYTES);
  while (from.at < bytes.length) {
    const start = from.at;
    const id = from.byte();
    const inner = new Reader(from.sized());
    const name = id === CUSTOM ? inner.text() : undefined;
    yield { id, name, body: inner.rest(), whole: bytes.subarray(start, from.at) };
  }
}

/** The body of target_features without `names`: a count, then for each feature a sign and its name. */
function fewer(body, names) {
  const features = entries(new Reader(body), (from) => ({ sign: from.byte(), name: from.text() }));
  const left = features.filter(({ name }) => !names.includes(name));
  return Buffer.concat([
    leb(left.length),
    ...left.flatMap(({ sign, name }) => [Buffer.of(sign), sized(Buffer.from(name))]),
  ]);
}

function custom(name, body) {
  return Buffer.concat([Buffer.of(CUSTOM), sized(Buffer.concat([sized(Buffer.from(name)), body]))]);
}

function sized(bytes) {
  return Buffer.concat([leb(bytes.length), bytes]);
}

/** An unsigned LEB128. */
function leb(number) {
  const bytes = [];
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number > 0);
  return Buffer.from(bytes);
}

function entries(from, read) {
  return Array.from({ length: from.number() }, () => read(from));
}

class Reader {
  constructor(bytes, at = 0) {
    Object.assign(this, { bytes, at });
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128. */
  number() {
    let [number, shift, byte] = [0, 0, 0];
    do {
      byte = this.byte();
      number += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    return number;
  }

  /** As many bytes as a number before them says. */
  sized() {
    const length = this.number();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text() {
    return this.sized().toString("utf8");
  }

  rest() {
    return this.bytes.subarray(this.at);
  }

  /** The bytes that `read` goes past. */
  passed(read) {
    const start = this.at;
    read();
    return this.bytes.subarray(start, this.at);
  }

  /** The type of an imported function; `undefined` for what is imported otherwise, which is read to its end. */
  importedType() {
    const kind = this.byte();
    if (kind === 0) return this.number();
    if (kind === 1) this.byte();
    if (kind === 3) this.at += 2;
    if (kind === 1 || kind === 2) {
      const hasHighest = this.number() & 1;
      this.number();
      if (hasHighest) this.number();
    }
    return undefined;
  }
}
