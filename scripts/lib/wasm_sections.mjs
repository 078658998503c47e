// Reads the functions of a WebAssembly module, and writes their names. Expects a module that a
// compiler wrote: it is not validated.

/** Ids of sections and kinds of imports, of https://webassembly.github.io/spec/core/binary/modules.html */
const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const FUNCTION_KIND = 0;
const TABLE_KIND = 1;
const MEMORY_KIND = 2;

/** The subsection of the section "name" with the names of functions. */
const FUNCTION_NAMES = 1;

/**
 * Returns how many functions a module imports, and the bodies of its own. The index of a function
 * counts both.
 *
 * @param {Uint8Array} module
 */
export function decodeFunctions(module) {
  const reader = new Reader(module, 8);
  let imported = 0;
  /** @type {Uint8Array[]} */
  const bodies = [];
  while (!reader.isAtEnd()) {
    const id = reader.byte();
    const section = new Reader(reader.bytes(reader.number()));
    if (id === IMPORT) imported = section.list(readImport).filter(Boolean).length;
    if (id === CODE) bodies.push(...section.list((body) => body.bytes(body.number())));
  }
  return { imported, bodies };
}

/**
 * Returns the section "name" with names of functions.
 *
 * @param {(readonly [index: number, name: string])[]} names
 */
export function nameSection(names) {
  const sorted = names.toSorted(([one], [other]) => one - other);
  const map = sorted.flatMap(([index, name]) => [...number(index), ...text(name)]);
  const list = [...number(sorted.length), ...map];
  const content = [...text("name"), FUNCTION_NAMES, ...number(list.length), ...list];
  return Uint8Array.from([CUSTOM, ...number(content.length), ...content]);
}

/**
 * Returns `module` without the custom sections that only linkers read.
 *
 * @param {Uint8Array} module
 */
export function withoutLinking(module) {
  const reader = new Reader(module, 8);
  const kept = [module.subarray(0, 8)];
  while (!reader.isAtEnd()) {
    const start = reader.position();
    const id = reader.byte();
    const section = new Reader(reader.bytes(reader.number()));
    const isLinking = id === CUSTOM && /^(linking|reloc\..*)$/.test(section.text());
    if (!isLinking) kept.push(module.subarray(start, reader.position()));
  }
  return Buffer.concat(kept);
}

/**
 * Reads an import and returns whether it is a function.
 *
 * @param {Reader} reader
 */
export function readImport(reader) {
  reader.bytes(reader.number());
  reader.bytes(reader.number());
  const kind = reader.byte();
  if (kind === FUNCTION_KIND) reader.number();
  else {
    if (kind === TABLE_KIND) reader.byte();
    // The limits of a table or a memory; or the type of a global, and whether it changes.
    const flags = reader.byte();
    if (kind === TABLE_KIND || kind === MEMORY_KIND) {
      reader.number();
      if (flags & 1) reader.number();
    } else reader.byte();
  }
  return kind === FUNCTION_KIND;
}

/** Reads the parts of a module one after the other. */
export class Reader {
  #bytes;
  #at;

  /**
   * @param {Uint8Array} bytes
   * @param {number} [at]
   */
  constructor(bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  isAtEnd() {
    return this.#at >= this.#bytes.length;
  }

  position() {
    return this.#at;
  }

  byte() {
    this.#at += 1;
    return this.#bytes[this.#at - 1];
  }

  /** @param {number} length */
  bytes(length) {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Reads an unsigned number in LEB128. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Reads a name. */
  text() {
    return Buffer.from(this.bytes(this.number())).toString();
  }

  /**
   * @template T
   * @param {(reader: Reader) => T} read
   */
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

/**
 * Returns an unsigned number in LEB128.
 *
 * @param {number} value
 */
function number(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** @param {string} value */
function text(value) {
  const bytes = Buffer.from(value);
  return [...number(bytes.length), ...bytes];
}
