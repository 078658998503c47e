//! Lines as producers write them, and what they mean.

use logs_sse_wire::entry::Level;
use logs_sse_wire::message::MAX_LINE_BYTES;
use proptest::prelude::*;

/// A row as its producer meant it, independent of how JSON encodes it.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    pub(crate) is_notice: bool,
    pub(crate) level: Level,
    pub(crate) pipeline: String,
    /// Every text that a search may find.
    pub(crate) texts: Vec<String>,
    /// The fields by name, each with its strings and its other values. An entry that is not an object
    /// is a message.
    pub(crate) fields: Vec<(String, Vec<String>, Vec<String>)>,
}

/// A line and how it was encoded.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) meant: Meant,
    pub(crate) text: String,
    pub(crate) id: String,
    pub(crate) channel: Option<String>,
    pub(crate) is_error: bool,
}

/// How a producer escapes special characters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    AsIs,
    Lower,
    Upper,
    Slashes,
}

/// Few characters, so that needles match often, including each that JSON or a search treats
/// specially.
pub(crate) const ALPHABET: &[&str] = &[
    "a", "A", "n", "u", "0", "e", "9", " ", ",", ":", "{", "\"", "\\", "/", "\n", "\u{1}", "é",
    "É", "✓", "😀", "<", "=",
];

pub(crate) fn words(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ALPHABET), 0..=most).prop_map(|parts| parts.concat())
}

pub(crate) fn style() -> impl Strategy<Value = Style> {
    prop::sample::select(vec![Style::AsIs, Style::Lower, Style::Upper, Style::Slashes])
}

pub(crate) fn level() -> impl Strategy<Value = Option<Level>> {
    prop::option::of(prop::sample::select(Level::ALL.to_vec()))
}

pub(crate) fn pipeline() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "naé", "\"n\""]).prop_map(str::to_owned)
}

/// Encodes a text as a JSON string. Letters are never escaped, as in real serializers.
pub(crate) fn quoted(text: &str, style: Style) -> String {
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
pub(crate) fn escapes() -> impl Strategy<Value = Vec<(usize, &'static str)>> {
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
pub(crate) fn with_escapes(text: &str, escapes: &[(usize, &str)]) -> String {
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
    pub(crate) fn object()(escapes in escapes(), message in words(8), more in words(4), number in 0_u64..3_000, pipeline in pipeline(), level in level(), style in style(), space in prop::sample::select(vec!["", " "]))
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
pub(crate) fn bare() -> impl Strategy<Value = (Meant, String)> {
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

pub(crate) fn written() -> impl Strategy<Value = Written> {
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
pub(crate) fn oversized() -> impl Strategy<Value = Written> {
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
