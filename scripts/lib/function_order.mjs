// Orders the functions of a WebAssembly module so that similar ones are neighbours, which brotli
// compresses better. Compilers leave the order of the linker, which follows the crates.

import { decodeFunctions, nameSection } from "./wasm_sections.mjs";

/** Bytes in a row that two functions may share; shorter ones are in all of them. */
const GRAM = 4;

/** The hashes that represent a function. The share of equal ones estimates that of equal grams. */
const HASHES = 32;

/** How many of the functions placed last the next one may resemble. */
const RECENT = 3;

/**
 * Returns `module` with names for its functions whose alphabetical order is the order to write
 * them in: `wasm-opt --reorder-functions-by-name` does.
 *
 * @param {Uint8Array} module
 */
export function nameInOrder(module) {
  const { imported, bodies } = decodeFunctions(module);
  const names = orderBySimilarity(bodies).map(
    (body, place) => /** @type {const} */ ([imported + body, `f${String(place).padStart(6, "0")}`]),
  );
  return Buffer.concat([module, nameSection(names)]);
}

/**
 * Returns the indices of `bodies` so that each resembles its predecessors: always the most similar
 * of those that are left, of similar length if several are.
 *
 * @param {Uint8Array[]} bodies
 */
function orderBySimilarity(bodies) {
  const signatures = bodies.map(signatureOf);
  const left = new Set(bodies.keys());
  /** @type {number[]} */
  const order = [];
  while (left.size > 0) {
    const recent = order.slice(-RECENT).reverse();
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const index of left) {
      const score = scoreOf(index, recent);
      if (score > bestScore) [best, bestScore] = [index, score];
    }
    order.push(best);
    left.delete(best);
  }
  return order;

  /**
   * @param {number} index
   * @param {number[]} recent
   */
  function scoreOf(index, recent) {
    const { length } = bodies[index];
    if (recent.length === 0) return length;
    const similarity = Math.max(
      ...recent.map((other, age) => equal(signatures[index], signatures[other]) - age / 4),
    );
    return similarity - Math.abs(Math.log2(length / bodies[recent[0]].length)) / 10;
  }
}

/**
 * Returns the least values of several hashes over all grams of a function.
 *
 * @param {Uint8Array} body
 */
function signatureOf(body) {
  const least = new Uint32Array(HASHES).fill(0xffff_ffff);
  for (let at = 0; at + GRAM <= body.length; at += 1) {
    let gram = 0;
    for (let index = 0; index < GRAM; index += 1) gram = (gram << 8) | body[at + index];
    for (let index = 0; index < HASHES; index += 1) {
      const value = mix(gram ^ Math.imul(index, 0x9e37_79b1));
      if (value < least[index]) least[index] = value;
    }
  }
  return least;
}

/** @param {number} value */
function mix(value) {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * @param {Uint32Array} one
 * @param {Uint32Array} other
 */
function equal(one, other) {
  let count = 0;
  for (let index = 0; index < HASHES; index += 1) if (one[index] === other[index]) count += 1;
  return count;
}
