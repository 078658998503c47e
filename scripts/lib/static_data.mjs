// Splits the static data of a WebAssembly module in two: the bytes that only the second part of its
// code uses, and all others.

import { UserError } from "./run.mjs";

/** @import { Piece } from "./code_graph.mjs" */

/** A run of zeros of this length is left out: the memory has them already. */
const ZEROS = 12;

/**
 * Returns the segments of both parts in WebAssembly text.
 *
 * @param {string[]} segments
 * @param {(Piece & { address: number })[]} pieces all static data of the linked module
 * @param {Set<Piece>} used what the first part uses
 */
export function splitData(segments, pieces, used) {
  const all = segments.map(parse);
  const start = Math.min(...all.map(({ address }) => address));
  const end = Math.max(...all.map(({ address, bytes }) => address + bytes.length));
  const first = Buffer.alloc(end - start);
  for (const { address, bytes } of all) first.set(bytes, address - start);
  const second = Buffer.alloc(end - start);
  // Pieces may overlap, as one text may end with another.
  const isUsed = new Uint8Array(end - start);
  const range = (/** @type {Piece & { address: number }} */ { address, start: from, end: to }) =>
    /** @type {const} */ ([Math.max(0, address - start), Math.max(0, address - start + to - from)]);
  const ends = new Uint32Array(end - start);
  for (const piece of pieces) {
    const [from, to] = range(piece);
    if (used.has(piece)) isUsed.fill(1, from, to);
    for (let at = from; at < Math.min(to, ends.length); at += 1) ends[at] = Math.max(ends[at], to);
  }
  for (const { addresses } of used)
    for (const address of addresses) {
      const at = address - start;
      if (ends[at] > 0) isUsed.fill(1, at, ends[at]);
    }
  for (const piece of pieces) {
    if (used.has(piece)) continue;
    const [from, to] = range(piece);
    for (let at = from; at < Math.min(to, end - start); at += 1) {
      if (isUsed[at]) continue;
      second[at] ||= first[at];
      first[at] = 0;
    }
  }
  // Between the bytes of the second part may be some of the first, which has changed them meanwhile.
  const isTaken = (/** @type {number} */ at) => isUsed[at] === 1 || first[at] !== 0;
  return { first: write(first, start, () => false), second: write(second, start, isTaken) };
}

/** @param {string} segment */
function parse(segment) {
  const found = segment.match(/^\(data (?:\$\S+ )?\(i32\.const (\d+)\) "((?:[^"\\]|\\.)*)"\)/s);
  if (!found) throw new UserError(`package: unexpected data: ${segment.slice(0, 100)}`);
  return { address: Number(found[1]), bytes: bytesOf(found[2]) };
}

/**
 * Reads a string of WebAssembly text.
 *
 * @param {string} text
 */
function bytesOf(text) {
  const parts = text.match(/\\[0-9a-f]{2}|\\.|[^\\]+/gs) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (!part.startsWith("\\")) return Buffer.from(part);
      const escaped = /** @type {Record<string, string>} */ ({ t: "\t", n: "\n", r: "\r" });
      return part.length === 3
        ? Buffer.from(part.slice(1), "hex")
        : Buffer.from(escaped[part[1]] ?? part[1]);
    }),
  );
}

/**
 * Returns the segments that write `bytes` from an address on, without those that are taken.
 *
 * @param {Buffer} bytes
 * @param {number} address
 * @param {(at: number) => boolean} isTaken
 */
function write(bytes, address, isTaken) {
  const segments = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0) {
      at += 1;
      continue;
    }
    let end = at + 1;
    let zeros = 0;
    for (let next = end; next < bytes.length && zeros < ZEROS && !isTaken(next); next += 1) {
      zeros = bytes[next] === 0 ? zeros + 1 : 0;
      if (zeros === 0) end = next + 1;
    }
    const text = [...bytes.subarray(at, end)].map((byte) => `\\${hex(byte)}`).join("");
    segments.push(`(data (i32.const ${address + at}) "${text}")`);
    at = end;
  }
  return segments;
}

/** @param {number} byte */
function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}
