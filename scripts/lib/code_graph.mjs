// Reads which functions of a linked WebAssembly module refer to which, directly or by way of static
// data such as tables of methods. Expects what wasm-ld writes with --emit-relocs: each reference is
// a relocation, so none is missed and none is guessed.
//
// https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md describes the sections.

import { UserError } from "./run.mjs";
import { readImport, Reader } from "./wasm_sections.mjs";

/** Ids of sections. */
const CUSTOM = 0;
const IMPORT = 2;
const EXPORT = 7;
const ELEMENT = 9;
const CODE = 10;
const DATA = 11;

/** Kinds of symbols. */
const FUNCTION = 0;
const DATA_SYMBOL = 1;
const SECTION = 3;

/** Flags of symbols. */
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;
/** Subsections of the sections "linking" and "name". */
const SYMBOL_TABLE = 8;
const FUNCTION_NAMES = 1;

/** Relocations that refer to a type, a global, a tag or a table rather than to code or data. */
const OTHER = new Set([6, 7, 10, 13, 20]);

/** Relocations that are followed by an addend. */
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);

/**
 * Relocations that are addresses of static data, and how to read them where they are.
 *
 * @type {Map<number, (content: Uint8Array, offset: number) => number>}
 */
const ADDRESSES = new Map([
  [3, (content, offset) => new Reader(content, offset).number()],
  [4, (content, offset) => new Reader(content, offset).number()],
  [
    5,
    (content, offset) => new DataView(content.buffer, content.byteOffset).getUint32(offset, true),
  ],
]);

/**
 * A function or a piece of static data.
 *
 * @typedef {object} Piece
 * @property {string | undefined} name the name of a function
 * @property {number} start its position in its section or segment
 * @property {number} end
 * @property {Set<Piece>} refersTo
 * @property {Set<number>} addresses the addresses of static data in it. A text may be in another one
 *   that ends with it, where no symbol says so.
 */

/**
 * @typedef {object} CodeGraph
 * @property {Map<string, Piece>} exported functions by the names of their exports
 * @property {Map<string, Piece[]>} named functions by their names
 * @property {Piece[]} slots the functions of the table, from slot `firstSlot` on
 * @property {number} firstSlot
 * @property {(Piece & { address: number })[]} data all static data, with its addresses
 */

/**
 * @param {Uint8Array} module
 * @returns {CodeGraph}
 */
export function readGraph(module) {
  const { imported, sections } = readSections(module);
  const section = (/** @type {(section: Section) => boolean} */ is) => {
    const found = sections.find(is);
    if (!found) throw new UserError(`package: the linked module lacks a section: ${is}`);
    return new Reader(found.content);
  };
  const names = readNames(section(({ name }) => name === "name"));
  const functions = section(({ id }) => id === CODE).list((reader) =>
    piece(reader, reader.number()),
  );
  functions.forEach((code, index) => {
    code.name = names.get(imported + index);
  });
  const segments = section(({ id }) => id === DATA).list(readSegment);
  const { targets, data } = readSymbols(
    section(({ name }) => name === "linking"),
    functions,
    imported,
    segments,
  );
  for (const { name, content } of sections) {
    if (!name.startsWith("reloc.")) continue;
    const reader = new Reader(content);
    const index = reader.number();
    const { id } = sections[index];
    if (id !== CODE && id !== DATA) continue;
    const places = id === CODE ? functions : data;
    for (const { offset, symbol, read } of reader.list(readRelocation)) {
      const target = symbol === undefined ? undefined : targets[symbol];
      if (!target) continue;
      const place = placeAt(places, offset);
      if (!place) throw new UserError(`package: ${name}: nothing is at ${offset}`);
      place.refersTo.add(target);
      if (read) place.addresses.add(read(sections[index].content, offset));
    }
  }
  /** @type {Map<string, Piece>} */
  const exported = new Map();
  for (const { name, kind, index } of section(({ id }) => id === EXPORT).list(readExport))
    if (kind === FUNCTION && index >= imported) exported.set(name, functions[index - imported]);
  /** @type {Map<string, Piece[]>} */
  const named = new Map();
  for (const code of functions)
    if (code.name !== undefined) named.set(code.name, [...(named.get(code.name) ?? []), code]);
  const [elements] = section(({ id }) => id === ELEMENT).list(readElements);
  const slots = elements.functions.map((index) => functions[index - imported]);
  const addressed = segments.flatMap(({ start, end, address }) =>
    data
      .filter((piece) => start <= piece.start && piece.start < end)
      .map((piece) => Object.assign(piece, { address: address + piece.start - start })),
  );
  return { exported, named, slots, firstSlot: elements.start, data: addressed };
}

/**
 * Returns everything that `roots` refer to, and the roots.
 *
 * @param {Iterable<Piece>} roots
 */
export function reachable(roots) {
  const found = new Set(roots);
  // A set also visits what is added meanwhile.
  for (const code of found) for (const target of code.refersTo) found.add(target);
  return found;
}

/** @typedef {{ id: number, name: string, content: Uint8Array }} Section */

/** @param {Uint8Array} module */
function readSections(module) {
  const reader = new Reader(module, 8);
  let imported = 0;
  /** @type {Section[]} */
  const sections = [];
  while (!reader.isAtEnd()) {
    const id = reader.byte();
    const bytes = reader.bytes(reader.number());
    const content = new Reader(bytes);
    if (id === IMPORT) imported = new Reader(bytes).list(readImport).filter(Boolean).length;
    const name = id === CUSTOM ? content.text() : "";
    // Positions count from the start of a section, which for others than custom ones is here.
    sections.push({ id, name, content: bytes.subarray(content.position()) });
  }
  return { imported, sections };
}

/** @param {Reader} reader */
function readNames(reader) {
  /** @type {Map<number, string>} */
  const names = new Map();
  while (!reader.isAtEnd()) {
    const kind = reader.byte();
    const part = new Reader(reader.bytes(reader.number()));
    if (kind !== FUNCTION_NAMES) continue;
    for (const [index, name] of part.list(
      () => /** @type {const} */ ([part.number(), part.text()]),
    ))
      names.set(index, name);
  }
  return names;
}

/**
 * Reads the symbols. Returns what each denotes, and all static data by position.
 *
 * @param {Reader} reader
 * @param {Piece[]} functions
 * @param {number} imported
 * @param {Piece[]} segments
 */
function readSymbols(reader, functions, imported, segments) {
  /** @type {(Piece | undefined)[]} */
  const targets = [];
  /** @type {Map<number, Piece>} */
  const data = new Map();
  reader.number();
  while (!reader.isAtEnd()) {
    const kind = reader.byte();
    const part = new Reader(reader.bytes(reader.number()));
    if (kind !== SYMBOL_TABLE) continue;
    targets.push(
      ...part.list(() => {
        const kind = part.byte();
        const flags = part.number();
        if (kind === DATA_SYMBOL) {
          part.text();
          if (flags & UNDEFINED) return undefined;
          const segment = segments[part.number()];
          const start = segment.start + part.number();
          const end = start + part.number();
          const known = data.get(start);
          // Equal data has several symbols.
          const found = known ?? {
            name: undefined,
            start,
            end,
            refersTo: new Set(),
            addresses: new Set(),
          };
          found.end = Math.max(found.end, end);
          data.set(start, found);
          return found;
        }
        const index = part.number();
        if (kind !== SECTION && (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)) part.text();
        return kind === FUNCTION ? functions[index - imported] : undefined;
      }),
    );
  }
  return { targets, data: [...data.values()].sort((one, other) => one.start - other.start) };
}

/** @param {Reader} reader */
function readRelocation(reader) {
  const kind = reader.byte();
  const offset = reader.number();
  const index = reader.number();
  if (WITH_ADDEND.has(kind)) reader.number();
  return { offset, symbol: OTHER.has(kind) ? undefined : index, read: ADDRESSES.get(kind) };
}

/** @param {Reader} reader */
function readSegment(reader) {
  if (reader.number() !== 0) throw new UserError("package: unexpected kind of data segment");
  const address = readConstant(reader);
  return { address, ...piece(reader, reader.number()) };
}

/** @param {Reader} reader */
function readElements(reader) {
  if (reader.number() !== 0) throw new UserError("package: unexpected kind of element segment");
  const start = readConstant(reader);
  return { start, functions: reader.list(() => reader.number()) };
}

/**
 * Reads a constant expression, and returns its value.
 *
 * @param {Reader} reader
 */
function readConstant(reader) {
  reader.byte();
  const value = reader.number();
  reader.byte();
  return value;
}

/** @param {Reader} reader */
function readExport(reader) {
  return { name: reader.text(), kind: reader.byte(), index: reader.number() };
}

/**
 * Returns the next `length` bytes as a piece.
 *
 * @param {Reader} reader
 * @param {number} length
 * @returns {Piece}
 */
function piece(reader, length) {
  const start = reader.position();
  reader.bytes(length);
  return { name: undefined, start, end: start + length, refersTo: new Set(), addresses: new Set() };
}

/**
 * Returns the last of `pieces`, which are sorted, that contains a position.
 *
 * @param {Piece[]} pieces
 * @param {number} position
 */
function placeAt(pieces, position) {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle].start <= position) low = middle + 1;
    else high = middle;
  }
  const found = pieces[low - 1];
  return found && position < found.end ? found : undefined;
}
