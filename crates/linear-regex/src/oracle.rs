//! Compares this crate with `regex-lite` on random patterns and random texts.

use proptest::prelude::*;

use super::{Cache, Regex};

/// Few characters, so that patterns match often; each is treated differently by some construct.
const ALPHABET: &[&str] =
    &["a", "b", "A", "B", "0", "7", "_", " ", "-", "\n", ".", "é", "É", "😀", "{", "\""];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ALPHABET), 0..20).prop_map(|parts| parts.concat())
}

fn choice(of: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    prop::sample::select(of.to_vec()).prop_map(str::to_owned)
}

/// Returns expressions that may be repeated.
fn atom() -> impl Strategy<Value = String> {
    let member = || {
        choice(&[
            "a", "b", "é", "a-b", "0-7", "A-Z", " -é", "_", "\\d", "\\W", "\\s", "\\D", "\\-",
            "\\]", "\\n", ".",
        ])
    };
    let class = (any::<bool>(), prop::collection::vec(member(), 1..4));
    prop_oneof![
        6 => choice(&["a", "b", "A", "0", "7", "_", " ", "é", "É", "😀", "\"", "-"]),
        3 => choice(&[".", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\.", "\\{", "\\n", "\\-"]),
        2 => class.prop_map(|(is_negated, members)| format!("[{}{}]", if is_negated { "^" } else { "" }, members.concat())),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![8 => atom(), 1 => choice(&["^", "$", "\\b", "\\B", ""])];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let repeat = || choice(&["*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}", "{0}", "*?", "+?", "??", "{0,1}?"]);
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            3 => (inner.clone(), any::<bool>(), repeat()).prop_map(|(inner, keeps, repeat)| format!("({}{inner}){repeat}", if keeps { "" } else { "?:" })),
            2 => (atom(), repeat()).prop_map(|(atom, repeat)| atom + &repeat),
            2 => prop::collection::vec(inner, 2..4).prop_map(|branches| format!("({})", branches.join("|"))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matches_where_regex_lite_does(pattern in pattern(), ignore_case in any::<bool>(), texts in prop::collection::vec(text(), 1..6)) {
        let theirs = |pattern: &str| regex_lite::RegexBuilder::new(pattern).case_insensitive(ignore_case).build().expect("a pattern of the usual syntax");
        let whole = theirs(&format!("^(?:{pattern})$"));
        let theirs = theirs(&pattern);
        let ours = match Regex::new(&pattern, ignore_case) {
            Err(error) if error.to_string().ends_with("size limit") => return Err(TestCaseError::reject("too long")),
            ours => ours.expect("what they read, we read"),
        };
        let looks_around = ["^", "$", "\\b", "\\B"].iter().any(|place| pattern.replace("[^", "").contains(place));
        let mut cache = Cache::default();
        for text in &texts {
            let expected = theirs.find(text).map(|found| found.start());
            let found = ours.find_at(text, 0, &mut cache);
            prop_assert_eq!(found.as_ref().map(|found| found.start), expected, "{} in {:?}", &pattern, text);
            prop_assert_eq!(ours.is_match(text, &mut cache), expected.is_some());
            let folded = |text: &str| if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
            prop_assert!(expected.is_none() || folded(text).contains(&folded(ours.required_literal())), "{} needs {:?}", &pattern, ours.required_literal());
            if let Some(found) = found.filter(|_| !looks_around) {
                let longest = (found.start..=text.len()).filter(|end| text.is_char_boundary(*end)).rfind(|end| whole.is_match(&text[found.start..*end]));
                prop_assert_eq!(Some(found.end), longest, "the end of {} in {:?}", &pattern, text);
            }
            for mark in ours.find_iter(text) {
                prop_assert!(theirs.find_at(text, mark.start).is_some_and(|found| found.start() == mark.start), "{} at {:?}", &pattern, mark);
            }
        }
    }
}
