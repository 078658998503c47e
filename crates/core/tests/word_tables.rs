//! The tables of words in `www/package`: that of English, which is a copy to translate from, and
//! those of other languages, which must have the same names and places for values.
//!
//! `UPDATE_WORDS=1` writes the copy and the types again.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use logs_sse_core::connection::{Failure, StopReason};
use logs_sse_core::notice::Notice;
use logs_sse_core::words::{Language, Word, Words};
use logs_sse_wire::protocol::GapReason;

#[test]
fn the_english_copy_and_the_types_list_the_table() {
    for (path, expected) in [("words/en.js", english()), ("types/words.d.ts", types())] {
        let path = package().join(path);
        if std::env::var_os("UPDATE_WORDS").is_some() {
            fs::write(&path, &expected).expect("the file is writable");
        }
        let listed = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = expected.lines().zip(listed.lines().chain(std::iter::repeat("(nothing)")));
        let change = lines.find(|(expected, listed)| expected != listed);
        assert!(
            expected == listed,
            "{} differs from the table: expected, found: {change:?}; run again with UPDATE_WORDS=1",
            path.display()
        );
    }
}

#[test]
fn every_language_has_the_names_and_places_of_english() {
    for path in tables() {
        let path = path.display().to_string();
        let table = Table::read(&path);
        let names: Vec<_> = table.0.iter().map(|(name, _)| name.as_str()).collect();
        let expected: Vec<_> = std::iter::once("lang".to_owned()).chain(all().map(name)).collect();
        let different = names.iter().zip(&expected).find(|(name, expected)| name != expected);
        assert_eq!(different, None, "{path}: found, expected");
        assert_eq!(names.len(), expected.len(), "{path}");
        for word in all() {
            for (form, text) in table.forms(word) {
                let at = format!("{path}: {} {form}: {text:?}", name(word));
                assert!(!text.is_empty() && text.trim() == text && !text.contains('\n'), "{at}");
                let (has, may) = (places(text), places(word.english()));
                assert!(has.iter().all(|place| may.contains(place)), "{at}: expected {may:?}");
                let lacks = |place: &&String| *place != "count" && !has.contains(place);
                assert_eq!(may.iter().find(lacks), None, "{at}");
            }
        }
    }
}

#[test]
fn german_has_its_own_plurals_and_numbers() {
    let german = german();
    let gap =
        |missing| Notice::Gap { missing, reason: GapReason::Lost, channel: None }.text_in(&german);
    assert_eq!(gap(Some(1)), "1 Zeile fehlt: unterwegs verloren gegangen");
    assert_eq!(gap(Some(1_204)), "1.204 Zeilen fehlen: unterwegs verloren gegangen");
    assert_eq!(german.size(1_952), "1,9 kB");
    assert_eq!(german.duration(Duration::from_millis(940)), "0,9 s");
    assert_eq!(StopReason::GaveUp { attempts: 1 }.text_in(&german), "nach 1 Versuch aufgegeben");
    assert_eq!(
        Failure::Unreachable.to_string(),
        "cannot reach the log server",
        "programs and the console read English"
    );
}

#[test]
fn a_text_that_a_language_lacks_is_english_with_its_own_plural() {
    // In French, 0 is singular; the English text does not know that.
    let words = Words::new(Rc::new(Table(vec![("lang".into(), Vec::new())])));
    assert_eq!(words.count(Word::Lines, 0), "0 lines");
    assert_eq!(words.text(Word::Pause), "Pause");
}

/// A table as it is written in a file: names with forms, each by its category.
#[derive(Debug)]
struct Table(Vec<(String, Vec<(String, String)>)>);

impl Table {
    fn read(path: &str) -> Self {
        let source = fs::read_to_string(path).expect("a readable table");
        let start = source.find("freeze({").expect("a frozen object") + "freeze({".len();
        let mut rest = source[start..].trim_start();
        let mut table = Vec::new();
        while let Some((name, after)) = key(rest) {
            let (forms, after) = match after.strip_prefix('{') {
                Some(mut inside) => {
                    let mut forms = Vec::new();
                    while let Some((category, after)) = key(inside) {
                        let (text, after) = string(after);
                        forms.push((category, text));
                        inside = after;
                    }
                    let end = inside.trim_start().trim_start_matches(',').trim_start();
                    (forms, end.strip_prefix('}').expect("the end of the forms"))
                }
                None => {
                    let (text, after) = string(after);
                    (vec![("other".to_owned(), text)], after)
                }
            };
            table.push((name, forms));
            rest = after.trim_start().trim_start_matches(',');
        }
        Self(table)
    }

    fn forms(&self, word: Word) -> &[(String, String)] {
        let name = name(word);
        self.0.iter().find(|(other, _)| *other == name).map_or(&[], |(_, forms)| forms)
    }
}

impl Table {
    /// Returns the text of a word with its forms in the order of `CATEGORIES`.
    fn joined(&self, word: Word) -> Option<String> {
        let form = |category| {
            let mut forms = self.forms(word).iter();
            forms.find(|(other, _)| other == category).map(|(_, text)| text.clone())
        };
        let other = form("other")?;
        Some(form("one").map_or_else(|| other.clone(), |one| [&*one, "\n", &*other].concat()))
    }
}

/// German, as the browser would write it.
struct German(Vec<Option<String>>);

impl Language for German {
    fn text(&self, word: Word) -> Option<&str> {
        self.0[word as usize].as_deref()
    }

    fn number(&self, number: f64, decimals: usize) -> String {
        let text = format!("{number:.decimals$}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let whole = Words::ENGLISH.number(whole.parse().expect("digits")).replace(',', ".");
        if decimals == 0 { whole } else { format!("{whole},{fraction}") }
    }

    fn form(&self, number: u64) -> usize {
        usize::from(number != 1)
    }

    fn tag(&self) -> &'static str {
        "de"
    }
}

impl Language for Table {
    fn text(&self, _: Word) -> Option<&str> {
        None
    }

    fn number(&self, number: f64, _: usize) -> String {
        number.to_string()
    }

    fn form(&self, number: u64) -> usize {
        usize::from(number > 1)
    }

    fn tag(&self) -> &'static str {
        "fr"
    }
}

fn german() -> Words {
    let table = Table::read(&package().join("words/de.js").display().to_string());
    Words::new(Rc::new(German(all().map(|word| table.joined(word)).collect())))
}

fn all() -> impl Iterator<Item = Word> {
    Word::ALL.iter().copied()
}

/// Returns the name of a word in tables.
fn name(word: Word) -> String {
    let name = Word::NAMES[word as usize];
    name[..1].to_ascii_lowercase() + &name[1..]
}

fn places(text: &str) -> Vec<String> {
    let mut places: Vec<_> = text
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(place, _)| place.to_owned()))
        .collect();
    places.sort();
    places.dedup();
    places
}

/// Reads a name, a colon and what is before the value.
fn key(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().trim_start_matches(',').trim_start();
    // A comment heads a part of the table.
    if let Some(comment) = text.strip_prefix("//") {
        return key(comment.split_once('\n')?.1);
    }
    let end = text.find(|character: char| !character.is_ascii_alphanumeric())?;
    let after = text[end..].strip_prefix(':')?;
    Some((text[..end].to_owned(), after.trim_start()))
}

/// Reads a string in quotes, and returns what follows.
fn string(text: &str) -> (String, &str) {
    let quote = text.chars().next().filter(|quote| "\"'".contains(*quote)).expect("a string");
    let mut value = String::new();
    let mut characters = text[1..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            end if end == quote => return (value, &text[at + 2..]),
            other => value.push(other),
        }
    }
    panic!("a string without an end: {text}");
}

/// Returns `words/en.js` as Biome formats it.
fn english() -> String {
    let mut file = String::from(
        "// The words of the viewer in English, to translate them from. The viewer has them itself: this file\n\
         // is written from crates/core/src/words/english.rs (`UPDATE_WORDS=1`, see CONTRIBUTING.md).\n\n\
         /** @type {import(\"../types/words.d.ts\").Words} */\n\
         export const english = Object.freeze({\n  lang: \"en\",\n",
    );
    for word in all() {
        let name = name(word);
        let text = word.english();
        let _ = match text.split_once('\n') {
            None => {
                let line = format!("  {name}: {},", quoted(text));
                let (key, value) = line.split_once(": ").expect("a colon");
                if line.chars().count() <= WIDTH {
                    writeln!(file, "{line}")
                } else {
                    writeln!(file, "{key}:\n    {value}")
                }
            }
            Some((one, other)) => {
                let (one, other) = (quoted(one), quoted(other));
                let line = format!("  {name}: {{ one: {one}, other: {other} }},");
                if line.chars().count() <= WIDTH {
                    writeln!(file, "{line}")
                } else {
                    writeln!(file, "  {name}: {{\n    one: {one},\n    other: {other},\n  }},")
                }
            }
        };
    }
    file + "});\n"
}

/// Quotes a text as Biome does: with the quotes of which it has fewer.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\");
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}

/// Returns the declarations of all names, `types/words.d.ts`.
fn types() -> String {
    let mut file = String::from(
        "// Written from crates/core/src/words/english.rs (`UPDATE_WORDS=1`, see CONTRIBUTING.md).\n\n\
         /** A text for each category of `Intl.PluralRules` that the language distinguishes. */\n\
         export interface PluralForms {\n  \
           readonly zero?: string;\n  readonly one?: string;\n  readonly two?: string;\n  \
           readonly few?: string;\n  readonly many?: string;\n  readonly other: string;\n}\n\n\
         /**\n * The words of the viewer in another language; `words/en.js` has the English ones. English stands\n * \
         for each that is missing. `{name}` is a place for a value.\n */\n\
         export interface Words {\n  /** The language tag of the words, such as `\"de\"`. */\n  readonly lang: string;\n",
    );
    for word in all() {
        let has_count = word.english().contains("{count}");
        let kind = if has_count { "string | PluralForms" } else { "string" };
        let _ = writeln!(file, "  readonly {}?: {kind};", name(word));
    }
    file + "}\n"
}

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/package")
}

/// Returns the files of the tables.
fn tables() -> Vec<PathBuf> {
    let files = fs::read_dir(package().join("words")).expect("the folder of tables");
    files.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// The width of a line, from biome.jsonc.
const WIDTH: usize = 100;
