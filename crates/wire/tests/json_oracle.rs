//! Our JSON reader against serde_json: what one takes the other takes, and they read the same, for
//! any text at all.

use logs_sse_wire::entry::Entry;
use logs_sse_wire::message::{self, Message};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

/// A log whose data is `data`, as the gateway sends it.
fn envelope(data: &str) -> String {
    format!(r#"{{"channel":"logs:etl:a:b","data":{data},"timestamp":5,"id":"i"}}"#)
}

/// The text that our reader keeps of it; `None` when it does not take the envelope for one.
fn kept(data: &str) -> Option<String> {
    match message::read("message", "", &envelope(data)) {
        Message::Line(line) if line.channel.is_some() => Some(line.text.into_owned()),
        _ => None,
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// JSON with everything in it, laid out with odd spaces.
fn json() -> impl Strategy<Value = String> {
    let space = "[ \t\r\n]{0,2}";
    let string = r#""([ -!#-\[\]-~é😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,8}""#;
    let leaf = prop_oneof![
        "true|false|null",
        r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        string
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let field =
            (string, space, inner.clone(), space).prop_map(|(name, before, value, after)| {
                format!("{name}{before}:{before}{value}{after}")
            });
        prop_oneof![
            (space, prop::collection::vec(inner, 0..4)).prop_map(|(space, items)| format!(
                "[{space}{}]",
                items.join(&format!("{space},{space}"))
            )),
            (space, prop::collection::vec(field, 0..4))
                .prop_map(|(space, fields)| format!("{{{space}{}}}", fields.join(","))),
        ]
    })
}

/// Such JSON with one byte gone, doubled or replaced: nearly right is where readers differ.
fn nearly_json() -> impl Strategy<Value = String> {
    (json(), any::<prop::sample::Index>(), "[\\x00-\\x7f]{0,2}").prop_map(|(text, at, put)| {
        let places: Vec<_> = text.char_indices().collect();
        let (start, found) = places[at.index(places.len())];
        format!("{}{put}{}", &text[..start], &text[start + found.len_utf8()..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000), ..ProptestConfig::default() })]

    #[test]
    fn takes_what_is_json_and_keeps_every_byte(text in json()) {
        prop_assume!(is_json(&text));
        prop_assert_eq!(kept(&text), Some(text.clone()));
    }

    #[test]
    fn takes_nothing_else(text in nearly_json()) {
        // Through the envelope, where a value that ends early could smuggle in a field.
        let expected = serde_json::from_str::<Value>(&envelope(&text)).is_ok() || is_json(&envelope(&text));
        prop_assert_eq!(kept(&text).is_some(), expected, "{}", text);
    }

    #[test]
    fn reads_strings_as_serde_does(text in r#""([ -!#-\[\]-~é😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\ud83d\\ude00){0,8}""#) {
        let entry = Entry::read(&format!("{{\"message\":{text}}}"));
        match serde_json::from_str::<String>(&text) {
            Ok(said) if !said.is_empty() => prop_assert_eq!(entry.message(), said),
            // Half a surrogate pair is shown as it was written.
            Err(_) => prop_assert_eq!(entry.message(), &text[1..text.len() - 1]),
            Ok(_) => {}
        }
    }
}
