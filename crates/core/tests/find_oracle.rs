//! Compares the search with a naive one that checks each row again, by the texts it was made of.

mod support;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use logs_sse_core::find::{Case, Choice, Find, Levels, Pipelines, Query};
use logs_sse_core::notice::Notice;
use logs_sse_core::store::{Capacity, Row, Store};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::{MAX_LINE_BYTES, Raw};
use proptest::prelude::*;
use support::raw::raw;

/// A row as its producer meant it, independent of how JSON encodes it.
#[derive(Clone, Debug)]
struct Meant {
    is_notice: bool,
    level: Level,
    pipeline: String,
    /// Every text that a search may find.
    texts: Vec<String>,
    /// The fields by name, each with its strings and its other values. An entry that is not an object
    /// is a message.
    fields: Vec<(String, Vec<String>, Vec<String>)>,
}

/// A term of a query, independent of how it is typed.
#[derive(Clone, Debug)]
struct Wanted {
    is_excluded: bool,
    field: Option<String>,
    text: String,
}

/// A query, and the terms that its text means.
#[derive(Clone, Debug)]
struct Asked {
    query: Query,
    terms: Vec<Wanted>,
}

/// A line and how it was encoded.
#[derive(Clone, Debug)]
struct Written {
    meant: Meant,
    text: String,
    id: String,
    channel: Option<String>,
    is_error: bool,
}

/// How a producer escapes special characters.
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
    Query(Asked),
    Advance(usize),
    Resize(Capacity),
    Clear,
}

/// Few characters, so that needles match often, including each that JSON or a search treats
/// specially.
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

/// Encodes a text as a JSON string. Letters are never escaped, as in real serializers.
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
                json.push(character);
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

/// Returns escape sequences, which no search sees, and the characters that they precede.
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

/// Inserts escape sequences into a text. An empty text stays empty.
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
        let mut texts = vec![pipeline.clone(), message.clone(), more.clone(), number.to_string(), "null".into()];
        texts.extend(level_text.clone());
        let field = |name: &str, strings: Vec<String>, literals: Vec<String>| (name.to_owned(), strings, literals);
        let fields = vec![
            field("level", level_text.into_iter().collect(), Vec::new()),
            field("pipeline", vec![pipeline.clone()], Vec::new()),
            field("message", vec![message], Vec::new()),
            field("nae\"a,", Vec::new(), vec![number.to_string()]),
            field("more", vec![more], vec!["null".into()]),
        ];
        (Meant { is_notice: false, level: level.unwrap_or(Level::Other), pipeline, texts, fields }, text)
    }
}

/// Returns a text that is shown as received, or a JSON string.
fn bare() -> impl Strategy<Value = (Meant, String)> {
    let meant = |text: String| Meant {
        is_notice: false,
        level: Level::Other,
        pipeline: String::new(),
        fields: vec![("message".into(), vec![text.clone()], Vec::new())],
        texts: vec![text],
    };
    prop_oneof![
        // The bracket prevents it from being JSON that is displayed differently.
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
    // Some are long enough that a few of them fill a chunk of the store.
    let long = object().prop_map(|(meant, text)| (meant, text + &" ".repeat(100_000)));
    let entry = prop_oneof![8 => object(), 4 => bare(), 1 => long];
    (entry, words(3), prop::option::of(0_u8..3), prop::bool::weighted(0.1)).prop_map(
        |((mut meant, text), id, channel, is_error)| {
            let has_level = text.starts_with("{\"level\"");
            if is_error && !has_level {
                meant.level = Level::Error;
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

/// Returns a line that the index cannot hold because its id or its text is too long.
fn oversized() -> impl Strategy<Value = Written> {
    prop_oneof![
        8 => written().prop_map(|written| Written { id: "an".repeat(40_000), ..written }),
        1 => words(4).prop_map(|text| {
            let text = format!("[{text}{}", "y".repeat(MAX_LINE_BYTES));
            let texts = vec![text[..text.floor_char_boundary(MAX_LINE_BYTES)].to_owned()];
            let meant = Meant { is_notice: false, level: Level::Other, pipeline: String::new(), fields: vec![("message".into(), texts.clone(), Vec::new())], texts };
            Written { meant, text, id: String::new(), channel: None, is_error: false }
        }),
    ]
}

fn query() -> impl Strategy<Value = Asked> {
    let levels = || prop_oneof![2 => Just(Levels::ALL), 1 => prop::collection::vec(prop::sample::select(Level::ALL.to_vec()), 0..5).prop_map(|levels| Levels::of(&levels))];
    let hidden = prop_oneof![3 => Just(Levels::NONE), 1 => levels()];
    let terms = prop::collection::vec(wanted(), 0..4).prop_map(|terms| {
        let text: Vec<_> = terms.iter().map(typed).collect();
        (text.join(" "), false, terms)
    });
    let asked =
        prop_oneof![3 => terms, 1 => pattern().prop_map(|pattern| (pattern, true, Vec::new()))];
    let case = prop::sample::select(vec![Case::Smart, Case::Match, Case::Ignore]);
    (asked, case, levels(), hidden, pipelines()).prop_map(
        |((text, is_regex, terms), case, levels, hidden_levels, pipelines)| Asked {
            query: Query {
                text,
                is_regex,
                case,
                levels,
                hidden_levels,
                pipelines,
                ..Query::default()
            },
            terms,
        },
    )
}

fn pipelines() -> impl Strategy<Value = Pipelines> {
    let choice = prop::sample::select(vec![Choice::Open, Choice::Open, Choice::Only, Choice::Not]);
    prop::collection::vec((pipeline(), choice), 0..4).prop_map(|choices| {
        let mut pipelines = Pipelines::default();
        choices.iter().for_each(|(name, choice)| pipelines.choose(name, *choice));
        pipelines
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let names = ["message", "Message", "pipeline", "level", "more", "n", "nae\"a,"];
    let text = prop_oneof![
        6 => words(3),
        1 => "[0-9]{1,2}",
        1 => prop::sample::select(vec!["error", "ERROR", "null", "info"]).prop_map(str::to_owned),
    ];
    let field = prop::option::weighted(0.4, prop::sample::select(names.to_vec()));
    (prop::bool::weighted(0.25), field, text).prop_map(|(is_excluded, field, text)| Wanted {
        is_excluded,
        field: field.map(str::to_owned),
        text: if text.is_empty() { "a".into() } else { text },
    })
}

/// Returns a term as a reader may type it.
fn typed(term: &Wanted) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let field = term.field.as_deref().map_or_else(String::new, |name| quoted(name) + ":");
    format!("{}{field}{}", if term.is_excluded { "-" } else { "" }, quoted(&term.text))
}

/// Returns regular expressions: some with a literal by which lines are skipped, some invalid.
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
        1 => oversized().prop_map(|line| Step::Append(vec![line])),
        2 => Just(Step::Note),
        4 => query().prop_map(Step::Query),
        6 => (0_usize..300_000).prop_map(Step::Advance),
        1 => (1_usize..200, 2_000_usize..1_500_000).prop_map(|(lines, bytes)| Step::Resize(Capacity { lines, bytes })),
        1 => Just(Step::Clear),
    ]
}

fn matches(asked: &Asked, meant: &Meant) -> bool {
    let query = &asked.query;
    let has_match = || {
        let pattern = regex_lite::RegexBuilder::new(&query.text)
            .case_insensitive(!query.match_case())
            .build();
        query.text.is_empty()
            || pattern.is_ok_and(|pattern| meant.texts.iter().any(|text| pattern.is_match(text)))
    };
    let is_hit = || match query.is_regex {
        true => has_match(),
        false => asked.terms.iter().all(|term| satisfies(term, query.case, meant)),
    };
    meant.is_notice
        || (query.levels.has(meant.level)
            && !query.hidden_levels.has(meant.level)
            && query.pipelines.has(&meant.pipeline)
            && is_hit())
}

fn satisfies(term: &Wanted, case: Case, meant: &Meant) -> bool {
    let compare = |text: &str, value: &str, is_same: fn(&str, &str) -> bool| {
        let matches_case = match case {
            Case::Smart => text.chars().any(char::is_uppercase),
            case => case == Case::Match,
        };
        match matches_case {
            true => is_same(value, text),
            false => is_same(&value.to_ascii_lowercase(), &text.to_ascii_lowercase()),
        }
    };
    let contains =
        |text: &str, value: &String| compare(text, value, |value, text| value.contains(text));
    let is_found = match &term.field {
        None => meant.texts.iter().any(|value| contains(&term.text, value)),
        Some(name) => {
            let words = format!("{name}:{}", term.text);
            let is_level = name == "level" && term.text.eq_ignore_ascii_case(meant.level.name());
            let mut fields =
                meant.fields.iter().filter(|(known, ..)| known.eq_ignore_ascii_case(name));
            is_level
                || meant.texts.iter().any(|value| contains(&words, value))
                || fields.any(|(_, strings, literals)| {
                    strings.iter().any(|value| contains(&term.text, value))
                        || literals.iter().any(|value| compare(&term.text, value, |a, b| a == b))
                })
        }
    };
    is_found != term.is_excluded
}

/// A store, a search in it, and the rows that a naive search reads.
struct Harness {
    store: Store,
    find: Find,
    asked: Asked,
    meant: VecDeque<Meant>,
    /// The row of each ordinal seen since the query was set.
    seen: BTreeMap<u64, u64>,
}

impl Harness {
    fn apply(&mut self, step: Step) {
        match step {
            Step::Append(lines) => lines.into_iter().for_each(|line| {
                let Written { meant, text, id, channel, is_error } = line;
                let channel = channel.map(Into::into);
                self.store.append(&Raw { id: id.into(), channel, is_error, ..raw(&text) });
                self.meant.push_back(meant);
            }),
            Step::Note => {
                self.store.note(Notice::NotReplayed { away: Duration::ZERO });
                self.meant.push_back(Meant {
                    is_notice: true,
                    level: Level::Other,
                    pipeline: String::new(),
                    texts: Vec::new(),
                    fields: Vec::new(),
                });
            }
            Step::Query(asked) => {
                self.find = Find::new(asked.query.clone(), &self.store);
                self.asked = asked;
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

    /// Returns the numbers of all matching rows, computed naively.
    fn expected(&self) -> Vec<u64> {
        let rows = self.store.range().zip(&self.meant);
        rows.filter(|(_, meant)| matches(&self.asked, meant)).map(|(number, _)| number).collect()
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
        // The searched rows are contiguous, and every match among them was found.
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
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn finds_the_rows_that_a_naive_search_finds(
        steps in prop::collection::vec(step(), 0..60),
        asked in query(),
    ) {
        let store = Store::new(Capacity { lines: 100, bytes: 1_000_000 });
        let mut harness = Harness {
            find: Find::new(asked.query.clone(), &store),
            asked,
            store,
            meant: VecDeque::new(),
            seen: BTreeMap::new(),
        };
        for step in steps {
            harness.apply(step);
            harness.check()?;
        }
        while !harness.find.advance(&harness.store, 0) {
            harness.check()?;
        }
        harness.check()?;
    }

    #[test]
    fn marks_every_occurrence_of_the_text(text in words(3), shown in words(30)) {
        prop_assume!(!text.is_empty());
        let term = Wanted { is_excluded: false, field: None, text: text.clone() };
        let query = Query::default().text(&typed(&term));
        let folded = |text: &str| {
            if query.match_case() { text.to_owned() } else { text.to_ascii_lowercase() }
        };
        let expected: Vec<_> = folded(&shown)
            .match_indices(&folded(&text))
            .map(|(at, part)| at..at + part.len())
            .collect();
        prop_assert_eq!(Find::new(query.clone(), &Store::default()).marks(&shown), expected);
    }

    #[test]
    fn marks_are_in_order_and_apart(asked in query(), shown in words(30)) {
        let marks = Find::new(asked.query, &Store::default()).marks(&shown);
        prop_assert!(marks.iter().all(|mark| mark.start < mark.end && shown.get(mark.clone()).is_some()));
        prop_assert!(marks.windows(2).all(|pair| pair[0].end <= pair[1].start), "{:?}", marks);
    }
}
