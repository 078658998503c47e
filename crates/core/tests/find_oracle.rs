//! The search against the slow obvious one: each row looked at anew, by the texts of which it was
//! made.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use logs_sse_core::find::{Find, Levels, Query};
use logs_sse_core::notice::Notice;
use logs_sse_core::store::{Capacity, Row, Store};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::{MAX_LINE_BYTES, Raw};
use proptest::prelude::*;

/// A row as its producer meant it: what it says, however JSON writes that.
#[derive(Clone, Debug)]
struct Meant {
    is_notice: bool,
    level: Level,
    pipeline: String,
    /// All that a search may find in it.
    said: Vec<String>,
    /// All that its row shows, to which regular expressions are put.
    shown: Vec<String>,
}

/// A line, and how it came.
#[derive(Clone, Debug)]
struct Written {
    meant: Meant,
    text: String,
    id: String,
    channel: Option<String>,
    is_error: bool,
}

/// How a producer writes what is no plain character.
#[derive(Clone, Copy, Debug)]
enum Style {
    AsIs,
    Lower,
    Upper,
    Slashes,
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Written>),
    Note,
    Ask(Query),
    Advance(usize),
    Resize(Capacity),
    Clear,
}

/// Few characters, so that what is looked for is often there, and each that JSON or a search treats
/// in a way of its own.
const ALPHABET: &[&str] = &[
    "a", "A", "n", "u", "0", "e", "9", " ", ",", ":", "{", "\"", "\\", "/", "\n", "\u{1}", "é",
    "É", "✓", "😀", "<", "=",
];

fn words(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ALPHABET), 0..=most).prop_map(|parts| parts.concat())
}

fn style() -> impl Strategy<Value = Style> {
    prop::sample::select(vec![Style::AsIs, Style::Lower, Style::Upper, Style::Slashes])
}

fn level() -> impl Strategy<Value = Option<Level>> {
    prop::option::of(prop::sample::select(Level::ALL.to_vec()))
}

fn pipeline() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "naé", "\"n\""]).prop_map(str::to_owned)
}

/// A text as a JSON string. Nobody writes a letter as an escape, so neither does this.
fn quoted(text: &str, style: Style) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        let mut escape = |is_upper: bool| {
            for unit in character.encode_utf16(&mut [0; 2]) {
                json.push_str(&if is_upper {
                    format!("\\u{unit:04X}")
                } else {
                    format!("\\u{unit:04x}")
                });
            }
        };
        match (character, style) {
            ('a' | 'A' | 'n' | 'u' | '0' | 'e' | '9' | ' ' | ',' | ':' | '{', _) => {
                json.push(character)
            }
            (_, Style::Lower) => escape(false),
            (_, Style::Upper) => escape(true),
            ('\u{1}' | '\u{1b}', _) => escape(false),
            ('\n', _) => json.push_str("\\n"),
            ('"' | '\\', _) | ('/', Style::Slashes) => json.extend(['\\', character]),
            _ => json.push(character),
        }
    }
    json + "\""
}

/// Escape sequences, which no search sees, and before which characters they stand.
fn escapes() -> impl Strategy<Value = Vec<(usize, &'static str)>> {
    let some = prop::collection::vec(
        (
            0_usize..6,
            prop::sample::select(vec![
                "\u{1b}[31m",
                "\u{1b}[m",
                "\u{1b}]8;;a\u{1b}\\",
                "\u{1b}[2K",
            ]),
        ),
        1..4,
    );
    prop_oneof![2 => Just(Vec::new()), 1 => some]
}

/// The text with escape sequences in it. One without characters stays empty.
fn with_escapes(text: &str, escapes: &[(usize, &str)]) -> String {
    let escapes_at = |wanted: usize| {
        escapes
            .iter()
            .filter(move |(at, _)| *at == wanted)
            .map(|(_, escape)| *escape)
            .collect::<String>()
    };
    text.chars()
        .enumerate()
        .map(|(at, character)| format!("{}{character}", escapes_at(at)))
        .collect()
}

prop_compose! {
    fn object()(escapes in escapes(), message in words(8), more in words(4), number in 0_u64..3_000, pipeline in pipeline(), level in level(), style in style(), space in prop::sample::select(vec!["", " "]))
        -> (Meant, String) {
        let level_field = level.map_or_else(String::new, |level| format!("\"level\":{space}\"{}\",{space}", level.name()));
        let text = format!(
            "{{{level_field}\"pipeline\":{space}{},\"message\":{space}{},\"n\\u0061{}\":{space}{number},\"more\":{space}[{},{space}null]}}{space}",
            quoted(&pipeline, style), quoted(&with_escapes(&message, &escapes), style), "e\\\"a,", quoted(&with_escapes(&more, &escapes), style),
        );
        let level_text = level.map(|level| level.name().to_owned());
        // An entry without a message is shown whole.
        let shown = [if message.is_empty() { &text } else { &message }, &pipeline].into_iter().chain(&level_text).cloned().collect();
        let mut said = vec![pipeline.clone(), message, more, number.to_string(), "null".into()];
        said.extend(level_text);
        (Meant { is_notice: false, level: level.unwrap_or(Level::Other), pipeline, said, shown }, text)
    }
}

/// A text that is shown as it came, or a JSON string.
fn bare() -> impl Strategy<Value = (Meant, String)> {
    let meant = |said: String| Meant {
        is_notice: false,
        level: Level::Other,
        pipeline: String::new(),
        shown: vec![said.clone()],
        said: vec![said],
    };
    prop_oneof![
        // The bracket keeps it from being JSON that is shown otherwise.
        (words(12), escapes()).prop_map(move |(text, escapes)| (
            meant(format!("[{text}")),
            format!("[{}", with_escapes(&text, &escapes))
        )),
        (words(12), escapes()).prop_map(move |(text, escapes)| (
            meant(format!("{{\"a\":{text}")),
            format!("{{\"a\":{}", with_escapes(&text, &escapes))
        )),
        (words(12), style(), escapes()).prop_map(move |(text, style, escapes)| (
            meant(text.clone()),
            quoted(&with_escapes(&text, &escapes), style)
        )),
        Just((meant(String::new()), String::new())),
    ]
}

fn written() -> impl Strategy<Value = Written> {
    // Some are so long that a few of them fill a chunk of the store.
    let long = object().prop_map(|(meant, text)| (meant, text + &" ".repeat(100_000)));
    let entry = prop_oneof![8 => object(), 4 => bare(), 1 => long];
    (entry, words(3), prop::option::of(0_u8..3), prop::bool::weighted(0.1)).prop_map(
        |((mut meant, text), id, channel, is_error)| {
            let has_level = text.starts_with("{\"level\"");
            if is_error && !has_level {
                meant.level = Level::Error;
                meant.shown.push("ERROR".into());
            }
            Written {
                meant,
                text,
                id,
                channel: channel.map(|channel| format!("logs:etl:a:{channel}")),
                is_error,
            }
        },
    )
}

/// A line that the index cannot hold: its id is too long, or itself.
fn odd() -> impl Strategy<Value = Written> {
    prop_oneof![
        8 => written().prop_map(|written| Written { id: "an".repeat(40_000), ..written }),
        1 => words(4).prop_map(|text| {
            let text = format!("[{text}{}", "y".repeat(MAX_LINE_BYTES));
            let said = vec![text[..text.floor_char_boundary(MAX_LINE_BYTES)].to_owned()];
            let meant = Meant { is_notice: false, level: Level::Other, pipeline: String::new(), shown: said.clone(), said };
            Written { meant, text, id: String::new(), channel: None, is_error: false }
        }),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let levels = prop_oneof![2 => Just(Levels::ALL), 1 => prop::collection::vec(prop::sample::select(Level::ALL.to_vec()), 0..5).prop_map(|levels| Levels::of(&levels))];
    let text = prop_oneof![4 => words(3), 1 => "[0-9]{1,2}", 1 => Just(String::new())]
        .prop_map(|text| (text, false));
    let asked = prop_oneof![3 => text, 1 => pattern().prop_map(|pattern| (pattern, true))];
    (asked, prop::bool::ANY, levels, prop::option::weighted(0.3, pipeline())).prop_map(
        |((text, is_regex), force_case, levels, pipeline)| Query {
            text,
            is_regex,
            force_case,
            levels,
            pipeline,
        },
    )
}

/// Regular expressions, some of which hold a text by which lines are passed over, and one that is
/// wrong.
fn pattern() -> impl Strategy<Value = String> {
    let part = [
        "a",
        "n",
        "u",
        "0",
        "é",
        "ERR",
        "error",
        "<",
        "\\\\",
        "\"",
        "\n",
        "/",
        "[anu]+",
        "\\d",
        "\\W",
        ".",
        "\\s*",
        "(a|é|9)?",
        "(?:an|nu)",
        "^",
        "\\b",
        "x|",
        "(",
    ];
    prop::collection::vec(prop::sample::select(part.to_vec()), 1..4)
        .prop_map(|parts| parts.concat())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(written(), 1..6).prop_map(Step::Append),
        1 => odd().prop_map(|odd| Step::Append(vec![odd])),
        2 => Just(Step::Note),
        4 => query().prop_map(Step::Ask),
        6 => (0_usize..300_000).prop_map(Step::Advance),
        1 => (1_usize..200, 2_000_usize..1_500_000).prop_map(|(lines, bytes)| Step::Resize(Capacity { lines, bytes })),
        1 => Just(Step::Clear),
    ]
}

fn matches(query: &Query, meant: &Meant) -> bool {
    let folded = |text: &str| {
        if query.match_case() { text.to_owned() } else { text.to_ascii_lowercase() }
    };
    let has_match = || {
        let pattern = regex_lite::RegexBuilder::new(&query.text)
            .case_insensitive(!query.match_case())
            .build();
        pattern.is_ok_and(|pattern| meant.shown.iter().any(|shown| pattern.is_match(shown)))
    };
    let has_text = || {
        query.text.is_empty()
            || meant.said.iter().any(|said| folded(said).contains(&folded(&query.text)))
    };
    let is_hit = || if query.is_regex { has_match() } else { has_text() };
    meant.is_notice
        || (query.levels.has(meant.level)
            && query.pipeline.as_ref().is_none_or(|pipeline| *pipeline == meant.pipeline)
            && is_hit())
}

/// A store, a search in it, and the slow obvious answer.
struct Bench {
    store: Store,
    find: Find,
    meant: VecDeque<Meant>,
    /// The row of each ordinal that was ever seen, since the question was asked.
    seen: BTreeMap<u64, u64>,
}

impl Bench {
    fn take(&mut self, step: Step) {
        match step {
            Step::Append(lines) => lines.into_iter().for_each(|line| {
                let Written { meant, text, id, channel, is_error } = line;
                self.store.append(&Raw {
                    id: id.into(),
                    channel: channel.map(Into::into),
                    seq: None,
                    stamp: None,
                    text: text.into(),
                    is_error,
                    picks: None,
                });
                self.meant.push_back(meant);
            }),
            Step::Note => {
                self.store.note(Notice::NotReplayed { away: Duration::ZERO });
                self.meant.push_back(Meant {
                    is_notice: true,
                    level: Level::Other,
                    pipeline: String::new(),
                    said: Vec::new(),
                    shown: Vec::new(),
                });
            }
            Step::Ask(query) => {
                self.find = Find::new(query, &self.store);
                self.seen.clear();
            }
            Step::Advance(bytes) => assert_eq!(
                self.find.advance(&self.store, bytes),
                self.find.is_complete(&self.store)
            ),
            Step::Resize(capacity) => self.store.resize(capacity),
            Step::Clear => self.store.clear(),
        }
        let gone = self.meant.len() - self.store.len();
        self.meant.drain(..gone);
    }

    /// The numbers of all rows that match, by the slow obvious way.
    fn expected(&self) -> Vec<u64> {
        let rows = self.store.range().zip(&self.meant);
        rows.filter(|(_, meant)| matches(self.find.query(), meant))
            .map(|(number, _)| number)
            .collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let ordinals = self.find.range(&self.store);
        let found: Vec<_> = ordinals
            .clone()
            .map(|ordinal| self.find.number_at(ordinal).expect("an ordinal in range has a row"))
            .collect();
        for (ordinal, number) in ordinals.zip(&found) {
            prop_assert_eq!(
                *self.seen.entry(ordinal).or_insert(*number),
                *number,
                "an ordinal changed its row"
            );
        }
        // What was searched are rows that lie together, and of these all that match were found.
        let expected = self.expected();
        let start =
            found.first().map_or(0, |first| expected.partition_point(|number| number < first));
        prop_assert_eq!(
            expected.get(start..start + found.len()),
            Some(&found[..]),
            "{:?}",
            self.find.query()
        );
        if self.find.is_complete(&self.store) {
            prop_assert_eq!(&found, &expected, "{:?}", self.find.query());
        }
        let is_line = |number: &&u64| matches!(self.store.row(**number), Some(Row::Line(_)));
        prop_assert_eq!(self.find.lines(&self.store), found.iter().filter(is_line).count() as u64);
        prop_assert!(self.find.searched(&self.store) <= self.store.len() as u64);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_the_naive_one_finds(steps in prop::collection::vec(step(), 0..60), query in query()) {
        let store = Store::new(Capacity { lines: 100, bytes: 1_000_000 });
        let mut bench = Bench { find: Find::new(query, &store), store, meant: VecDeque::new(), seen: BTreeMap::new() };
        for step in steps {
            bench.take(step);
            bench.check()?;
        }
        while !bench.find.advance(&bench.store, 0) {
            bench.check()?;
        }
        bench.check()?;
    }

    #[test]
    fn marks_are_where_the_text_is(text in words(3), shown in words(30)) {
        prop_assume!(!text.is_empty());
        let query = Query::default().text(&text);
        let folded = |text: &str| if query.match_case() { text.to_owned() } else { text.to_ascii_lowercase() };
        let expected: Vec<_> = folded(&shown).match_indices(&folded(&text)).map(|(at, part)| at..at + part.len()).collect();
        prop_assert_eq!(Find::new(query.clone(), &Store::default()).marks(&shown).collect::<Vec<_>>(), expected);
    }
}
