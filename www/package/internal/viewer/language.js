// Turns the words that a host passes into a language of the viewer (src/browser/language.rs), and
// reports what is wrong with them. Loaded only by pages that pass words.

/** @import { Words } from "../../types/words.d.ts" */
/** @import { Language } from "../module/assets.d.ts" */

import { english } from "../../words/en.js";
import { warnOnce } from "../options.js";

/**
 * The categories of `Intl.PluralRules`, in the order in which the core expects their forms.
 *
 * @type {readonly Intl.LDMLPluralRule[]}
 */
const CATEGORIES = ["one", "other", "two", "few", "many", "zero"];

/**
 * Returns the language of `words`, with the numbers of `locale`. English stands for each text that
 * is missing or wrong; wrong ones are reported in the console.
 *
 * @param {Words} words
 * @param {string | undefined} locale
 * @returns {Language | undefined} `undefined` if nothing of the words can be used
 */
export function createLanguage(words, locale) {
  const { lang } = words;
  const rules = pluralRules(lang);
  if (!rules) {
    warnOnce(
      `words ${String(lang)}`,
      `words: lang: expected the language tag of the words, such as "de", got ${shown(lang)}; they are not used`,
    );
    return undefined;
  }
  for (const name of Object.keys(words))
    if (!Object.hasOwn(english, name))
      warnOnce(
        `words ${lang} ${name}`,
        `words: ${name}: expected a name of "./words/en"; it is ignored`,
      );
  /** @type {Map<number, Intl.NumberFormat>} */
  const formats = new Map();
  return {
    tag: lang,
    texts: Object.keys(english)
      .filter((name) => name !== "lang")
      .map((name) => textOf(words, /** @type {keyof Words} */ (name))),
    form: (number) => Math.max(0, CATEGORIES.indexOf(rules.select(number))),
    number(number, decimals) {
      const known = formats.get(decimals);
      const format = known ?? numberFormat(locale || lang, decimals);
      if (!known) formats.set(decimals, format);
      return format.format(number);
    },
  };
}

/**
 * Returns the forms of a text, separated by line breaks, or `undefined` to use the English one.
 *
 * @param {Words} words
 * @param {keyof Words} name
 */
function textOf(words, name) {
  const value = words[name];
  if (value === undefined || value === null) return undefined;
  const source = english[name];
  const forms = typeof source === "string" ? [source] : Object.values(source ?? {});
  const places = new Set(forms.flatMap(placesIn));
  const hasCount = places.has("count");
  const isForms = typeof value === "object" && hasCount;
  const texts = isForms ? CATEGORIES.map((category) => value[category] ?? "") : [value];
  const expected = hasCount ? 'a text, or texts for "one" and "other"' : "a text";
  const isText = texts.every((text) => typeof text === "string" && !text.includes("\n"));
  if (!isText || (isForms ? !texts[1] : texts[0] === ""))
    return warn(words.lang, name, `${expected} without line breaks`);
  const given = /** @type {string[]} */ (texts).filter(Boolean);
  const required = [...places].filter((place) => place !== "count");
  const isRight = given.every(
    (text) =>
      placesIn(text).every((place) => places.has(place)) &&
      required.every((place) => placesIn(text).includes(place)),
  );
  if (!isRight) {
    const names = [...places].map((place) => `{${place}}`).join(" and ");
    return warn(words.lang, name, names ? `a text with ${names}` : "a text without {…}");
  }
  // A language may have no form for one: Japanese.
  if (isForms && !texts[0]) texts[0] = texts[1];
  return texts.join("\n").trimEnd();
}

/**
 * Returns the names of the places for values in a text.
 *
 * @param {string} text
 */
function placesIn(text) {
  return [...text.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
}

/**
 * @param {string} lang
 * @param {string} name
 * @param {string} expected
 * @returns {undefined}
 */
function warn(lang, name, expected) {
  warnOnce(
    `words ${lang} ${name}`,
    `words: ${name}: expected ${expected}; the English text is used instead`,
  );
}

/** @param {unknown} lang */
function pluralRules(lang) {
  try {
    return typeof lang === "string" && lang !== "" ? new Intl.PluralRules(lang) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} locale
 * @param {number} decimals
 */
function numberFormat(locale, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(locale, digits);
}

/** @param {unknown} value */
function shown(value) {
  return typeof value === "string" ? JSON.stringify(value) : typeof value;
}
