// The words of another language that a host passes.

import { IDS } from "../support/environment.mjs";
import { english } from "../../www/package/words/en.js";
import { german } from "../../www/package/words/de.js";
import { expect, test } from "./support.mjs";

/** @import { Words } from "../../www/package/types/words.js" */

/** @param {Words} words */
function wordsOf(words) {
  const texts = Object.values(words).flatMap((value) =>
    typeof value === "object" ? Object.values(value) : value,
  );
  return new Set(texts.flatMap(split));
}

/** @param {string} text */
function split(text) {
  return text.replaceAll(/\{[^}]*\}/g, " ").match(/\p{L}{3,}/gu) ?? [];
}

/** What the lines of the tests say: a level, fields, and the channel. */
const LOGGED = ["ERROR", "level", "pipeline", "logs", "workspace", "workflow"];

/** The words of English that German does not use too. */
const GERMAN = new Set([...wordsOf(german), ...LOGGED]);
const ONLY_ENGLISH = new Set([...wordsOf(english)].filter((word) => !GERMAN.has(word)));

/**
 * Returns the words in what a viewer shows, and in what it names for screen readers, that are only
 * English.
 *
 * @param {import("./support.mjs").OpenedLogs} logs
 */
async function englishIn(logs) {
  const texts = await logs.root.evaluate((root) => {
    const names = ["aria-label", "title", "placeholder", "aria-valuetext", "data-day"];
    /** @type {string[]} */
    const found = [];
    for (const element of [root, ...root.querySelectorAll("*")]) {
      for (const name of names) found.push(element.getAttribute(name) ?? "");
      for (const node of element.childNodes)
        if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent ?? "");
    }
    return found;
  });
  return texts.flatMap(split).filter((word) => ONLY_ENGLISH.has(word));
}

test("a viewer with German words is German in every state", async ({ host, gateway }) => {
  await host.open();
  const logs = await host.mount("one", { ...IDS, words: german, console: "changes" });
  await logs.ready();
  await expect(logs.root).toHaveAttribute("lang", "de");
  await expect(logs.root.getByRole("button", { name: "Live-Logs verbinden" })).toBeVisible();
  expect(await englishIn(logs), "before it connects").toEqual([]);

  await logs.connect();
  const entries = Array.from({ length: 602 }, (_, index) => ({
    level: index === 600 ? "ERROR" : "INFO",
    pipeline: "XYZ",
    message: `qrst ${index}`,
    nested: { abc: [1, 2] },
  }));
  await gateway.publishAll(entries);
  await gateway.publishAll(entries);
  await expect(logs.root.locator(".dsl-count")).toHaveText("1.204 Zeilen");
  await expect(logs.statusWord).toHaveText("VERBUNDEN");
  expect(await englishIn(logs), "live").toEqual([]);

  await logs.messages.first().click();
  await expect(logs.root.getByRole("region", { name: "Log-Eintrag" })).toBeVisible();
  await logs.root.getByText("1 Feld").click();
  expect(await englishIn(logs), "with an opened entry").toEqual([]);

  await logs.root.getByRole("button", { name: "Regulärer Ausdruck" }).click();
  await logs.searchField.fill("qrst (");
  await expect(logs.root.locator(".dsl-matches")).toHaveText(/nicht geschlossen/);
  expect(await englishIn(logs), "with a wrong pattern").toEqual([]);
  await logs.searchField.fill("nowhere");
  await expect(logs.root.locator(".dsl-empty")).toHaveText("Keine passenden Zeilen");
  expect(await englishIn(logs), "without a match").toEqual([]);
  await logs.searchField.fill("");

  await logs.pauseButton.click();
  await gateway.kill();
  await expect(logs.statusWord).toHaveText("FEHLER");
  await expect(logs.reason).toHaveText(/^(Die Verbindung|Der Log-Server)/);
  expect(await englishIn(logs), "after a failure").toEqual([]);
  await gateway.start();
  await expect(logs.statusWord).toHaveText("VERBUNDEN", { timeout: 30_000 });
  await logs.pauseButton.click();
  await expect(logs.row(/Log-Server neu gestartet|fehl/).first()).toBeVisible();
  expect(await englishIn(logs), "with a gap").toEqual([]);

  await logs.root.press("?");
  await expect(logs.root.getByText("Bild ab")).toBeVisible();
  expect(await englishIn(logs), "with the list of keys").toEqual([]);

  const lines = await host.consoleLines(/^\[live logs\]/);
  expect(lines.flatMap(split), "the console is English").not.toContain("VERBUNDEN");
  expect((await logs.status()).word, "programs read English").toBe("CONNECTED");
});

test("words can change while the viewer is connected", async ({ host, gateway, page }) => {
  await host.open();
  const logs = await (await host.mount("one", IDS)).connect();
  await gateway.publishNumbers(1, 1_204);
  await expect(logs.root.locator(".dsl-count")).toHaveText("1,204 lines");
  await logs.searchField.fill("line");
  await logs.update({ words: german });
  await expect(logs.root.locator(".dsl-count")).toHaveText(/von 1\.204 Zeilen/);
  await expect(logs.searchField).toHaveValue("line");
  await expect(logs.root).toHaveCount(1);
  await expect(logs.title).toHaveText("Live-Logs");
  await logs.update({ locale: "de-CH" });
  // An apostrophe, whichever the browser uses.
  await expect(logs.root.locator(".dsl-count")).toHaveText(/von 1['’]204 Zeilen/);
  await gateway.publishNumbers(1_205, 1_206);
  await logs.update({ title: "Nachtlauf", words: { lang: "en" } });
  await expect(logs.root.locator(".dsl-count")).toHaveText(/of 1.206 lines/);
  await expect(logs.title).toHaveText("Nachtlauf");
  await logs.update({ words: null });
  await expect(logs.root).not.toHaveAttribute("lang");
  await expect(logs.pauseButton).toHaveText("Pause");
  await page.keyboard.press("Tab");
  await logs.call("unmount");
  await expect(logs.root).toHaveCount(0);
});

test("wrong words are reported, and the others are used", async ({ host }) => {
  await host.open();
  const words = {
    lang: "pl",
    connect: "Połącz",
    conect: "Połącz",
    lines: { one: "{count} wiersz", few: "{count} wiersze", other: "{count} wierszy" },
    linesMissing: { one: "brak {count}", other: "brak {count}" },
    pause: "{count}",
    disconnect: 5,
  };
  const logs = await host.mount("one", { ...IDS, words });
  await logs.ready();
  await expect(logs.root.getByRole("button", { name: "Połącz" })).toBeVisible();
  await expect(logs.root.locator(".dsl-pause")).toHaveText("Pause");
  const lines = await host.consoleLines(/words: /);
  expect(lines.map((line) => line.replace(/^\[live logs\] /, "")).sort()).toEqual([
    'words: conect: expected a name of "./words/en"; it is ignored',
    "words: disconnect: expected a text without line breaks; the English text is used instead",
    "words: linesMissing: expected a text with {count} and {reason}; the English text is used instead",
    "words: pause: expected a text without {…}; the English text is used instead",
  ]);
});

test("words without a language are not used", async ({ host }) => {
  await host.open();
  const logs = await host.mount("one", { ...IDS, words: { lang: "no such tag", pause: "Stopp" } });
  await logs.ready();
  await expect(logs.pauseButton).toHaveText("Pause");
  expect(await host.consoleLines(/words: lang: expected the language tag/)).toHaveLength(1);
});

test("the element has the property words", async ({ host, page }) => {
  await host.open("element.html");
  const element = page.locator("datashop-live-logs").first();
  await element.evaluate((element, words) => Object.assign(element, { words }), german);
  await expect(element.getByRole("button", { name: "Live-Logs verbinden" })).toBeVisible();
  await element.evaluate((element) => Object.assign(element, { words: null }));
  await expect(element.getByRole("button", { name: "Connect Live Logs" })).toBeVisible();
});
