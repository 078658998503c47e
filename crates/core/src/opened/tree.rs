//! JSON as a tree of values, one level at a time. Works on the text: no digit, order or duplicate
//! name changes, and neither size nor depth costs anything before the reader opens a level.

use std::borrow::Cow;
use std::ops::Range;

use crate::visible::visible;
use crate::words::{Word, Words};
use logs_sse_wire::entry::head;
use logs_sse_wire::json::{each_element, each_field, string_of};
use logs_sse_wire::scan::end_of_value;

/// A value inside an object or array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The name of the field, or the index of the element.
    pub name: String,
    /// Where its JSON is in the text of the entry.
    pub at: Range<usize>,
}

/// What a value is, as far as that changes how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Named fields in braces.
    Object,
    /// Elements between square brackets.
    Array,
    /// Text between double quotes.
    String,
    /// A number, `true`, `false` or `null`.
    Word,
}

/// The text of a value, and what is left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The text to draw.
    pub text: String,
    /// The label of the button that shows the rest, or an empty string.
    pub rest: String,
}

impl Kind {
    /// Returns the kind of a value by how it begins.
    #[must_use]
    pub fn of(json: &str) -> Self {
        match json.trim_start().as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            _ => Self::Word,
        }
    }

    /// Returns the CSS class of a value.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Object | Self::Array => "dsl-value",
            Self::String => "dsl-value dsl-value-text",
            Self::Word => "dsl-value dsl-value-word",
        }
    }
}

impl Value {
    /// Returns whether the value in `text` reads `other`.
    #[must_use]
    pub fn is_text(&self, text: &str, other: &str) -> bool {
        text.get(self.at.clone()).is_some_and(|json| whole_text(json) == other)
    }
}

/// Returns the values inside the object or array at `at`, in order; none for any other value.
#[must_use]
pub fn children(text: &str, at: Range<usize>) -> Vec<Value> {
    let mut values = Vec::new();
    let Some(json) = text.get(at.clone()) else { return values };
    match Kind::of(json) {
        Kind::Object => {
            each_field(json, 0, |name, value| {
                let at = at.start + value.start..at.start + value.end;
                values.push(Value { name: visible(&name).into_owned(), at });
            });
        }
        Kind::Array => {
            each_element(json, |start| {
                let end = end_of_value(json.as_bytes(), start)?;
                let name = values.len().to_string();
                values.push(Value { name, at: at.start + start..at.start + end });
                Some(end)
            });
        }
        Kind::String | Kind::Word => {}
    }
    values
}

/// Returns how many values are inside the object or array `json`: `3 fields`, `120 items`. `None`
/// for any other value, and if it is empty.
#[must_use]
pub fn inside(json: &str, words: &Words) -> Option<String> {
    let word = match Kind::of(json) {
        Kind::Object => Word::FieldsInside,
        Kind::Array => Word::ItemsInside,
        Kind::String | Kind::Word => return None,
    };
    match children(json, 0..json.len()).len() as u64 {
        0 => None,
        count => Some(words.count(word, count)),
    }
}

/// Returns the label of the button that shows more of the `left` values that are not shown.
#[must_use]
pub fn more(left: usize, words: &Words) -> String {
    let (shown, left) = (words.number(left.min(PAGE) as u64), left as u64);
    words.count_with(Word::ShowMore, left, &words.number(left), ("shown", &shown))
}

/// Returns the text of the value at `at`, all of it or its beginning, with hidden characters made
/// visible.
#[must_use]
pub fn shown_text(text: &str, at: Range<usize>, all: bool, words: &Words) -> Shown {
    let whole = whole_text(text.get(at).unwrap_or_default());
    let shown = if all { &whole } else { head(&whole, VALUE_BYTES) };
    let is_cut = shown.len() < whole.len();
    Shown {
        rest: if is_cut {
            words.fill(Word::ShowAll, &[("size", &words.size(whole.len()))])
        } else {
            String::new()
        },
        text: visible(shown).into_owned(),
    }
}

/// Returns the text of a string, and anything else as JSON.
pub(super) fn whole_text(json: &str) -> Cow<'_, str> {
    match Kind::of(json) {
        // Half a surrogate pair is not a character: such a string stays as it was written.
        Kind::String => string_of(json.trim()).unwrap_or(Cow::Borrowed(json)),
        _ => Cow::Borrowed(json),
    }
}

/// How many values of one level are shown before the reader asks for more.
pub const PAGE: usize = 100;

/// The most bytes of one value that are shown before the reader asks for all.
const VALUE_BYTES: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(json: &str) -> Vec<(String, &str)> {
        children(json, 0..json.len())
            .into_iter()
            .map(|value| (value.name, &json[value.at]))
            .collect()
    }

    #[test]
    fn lists_one_level_in_order_and_unchanged() {
        let json = r#"{"b":1.10,"a":{"x":[1]},"a":"\u0041","é":null}"#;
        let expected = [("b", "1.10"), ("a", r#"{"x":[1]}"#), ("a", r#""\u0041""#), ("é", "null")];
        assert_eq!(all(json), expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(all("[7, [8]]"), [("0".to_owned(), "7"), ("1".to_owned(), "[8]")]);
        assert_eq!([all("12"), all("\"{}\""), all("{}"), all("")], [const { Vec::new() }; 4]);
    }

    #[test]
    fn says_what_is_inside() {
        let inside = |json| super::inside(json, &Words::ENGLISH).unwrap_or_default();
        assert_eq!(
            [r#"{"a":1}"#, "[1,2]", "[]", "{}", "\"a\"", "1"].map(inside),
            ["1 field", "2 items", "", "", "", ""]
        );
    }

    #[test]
    fn a_deep_nest_opens_level_by_level() {
        let depth = 10_000;
        let json = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let mut at = 0..json.len();
        for _ in 0..1_000 {
            let inner = children(&json, at);
            assert_eq!(inner.len(), 1);
            at = inner[0].at.clone();
        }
        assert_eq!(at, 1_000..json.len() - 1_000);
    }

    #[test]
    fn a_long_value_is_cut_and_offers_the_rest() {
        let json = format!("\"{}\"", "é".repeat(5_000));
        let shown = |all| shown_text(&json, 0..json.len(), all, &Words::ENGLISH);
        assert_eq!(
            (shown(false).text.len(), shown(false).rest.as_str()),
            (2_048, "Show all 10.0 kB")
        );
        assert_eq!((shown(true).text.len(), shown(true).rest.as_str()), (10_000, ""));
    }

    /// JSON of any shape, and how many values are in it at the first level.
    fn json() -> impl Strategy<Value = (String, usize)> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            "\\PC{0,6}".prop_map(|text| logs_sse_wire::json::quoted(&text)),
        ]
        .prop_map(|leaf| (leaf, 0));
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(|items| {
                    let texts: Vec<_> = items.iter().map(|(text, _)| text.as_str()).collect();
                    (format!("[ {} ]", texts.join(" , ")), items.len())
                }),
                proptest::collection::vec(("\\PC{0,6}", inner), 0..6).prop_map(|fields| {
                    let texts: Vec<_> = fields
                        .iter()
                        .map(|(name, (text, _))| {
                            format!("{}: {text}", logs_sse_wire::json::quoted(name))
                        })
                        .collect();
                    (format!("{{{}}}", texts.join(",")), fields.len())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_is_reached_and_is_json_itself((text, count) in json()) {
            prop_assert_eq!(children(&text, 0..text.len()).len(), count);
            let mut open: Vec<_> = std::iter::once(0..text.len()).collect();
            while let Some(at) = open.pop() {
                prop_assert!(logs_sse_wire::json::is_json(&text[at.clone()]));
                open.extend(children(&text, at).into_iter().map(|value| value.at));
            }
        }

        #[test]
        fn any_text_and_any_range_are_survived(text in "\\PC{0,40}", start in 0..50_usize, end in 0..50_usize) {
            let _ = children(&text, start..end);
            let _ = shown_text(&text, start..end, false, &Words::ENGLISH);
            let _ = inside(&text, &Words::ENGLISH);
        }
    }
}
