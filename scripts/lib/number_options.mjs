// Parses command lines whose options are all numbers above 0.

import { parseArgs } from "node:util";
import { messageOf, UserError } from "./run.mjs";

/**
 * Returns the value of each option, or its default.
 *
 * @template {Record<string, number>} Defaults
 * @param {string} program the name that errors begin with
 * @param {Defaults} defaults
 * @param {string} usage
 * @returns {{ [Name in keyof Defaults]: number }}
 */
export function numberOptions(program, defaults, usage) {
  try {
    const options = Object.fromEntries(
      Object.keys(defaults).map((name) => [name, { type: /** @type {const} */ ("string") }]),
    );
    const { values } = parseArgs({ options });
    for (const [name, text] of Object.entries(values))
      if (!(Number(text) > 0)) throw new Error(`--${name} ${text}: expected a number above 0`);
    const given = Object.entries(values).map(([name, text]) => [name, Number(text)]);
    return { ...defaults, ...Object.fromEntries(given) };
  } catch (error) {
    throw new UserError(`${program}: ${messageOf(error)}\n${usage}`);
  }
}
