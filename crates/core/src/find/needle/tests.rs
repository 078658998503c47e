//! Rules that a needle keeps in every encoding.

use super::*;

fn needle(text: &str) -> Needle {
    Needle::new(text, !text.chars().any(char::is_uppercase)).expect("a text to look for")
}

fn is_in(text: &str, line: &str) -> bool {
    needle(text).is_in(line, true)
}

/// Returns whether a search from candidate to candidate finds the text. It must agree with
/// reading the whole line.
fn is_found(text: &str, line: &str, is_json: bool) -> bool {
    let needle = needle(text);
    let is_found = needle.is_in_line(line, is_json, false);
    assert_eq!(is_found, needle.is_in(line, is_json), "{text:?} in {line}");
    is_found
}

#[test]
fn matches_values_but_not_names() {
    let line = r#"{"message":"Load of message 12","rows": 4021,"done":true}"#;
    for (text, expected) in [
        ("message", true),
        ("rows", false),
        ("4021", true),
        ("TRUE", false),
        ("true", true),
        ("\"rows", false),
        (",", false),
    ] {
        assert_eq!(is_found(text, line, true), expected, "{text}");
    }
    assert!(!is_found("message", r#"{"message":"m"}"#, true));
}

#[test]
fn an_upper_case_letter_makes_the_search_case_sensitive() {
    let line = r#"{"m":"Error in ÄRGER"}"#;
    assert_eq!(
        ["error", "Error", "eRROR", "ÄRG", "ärger"].map(|text| is_found(text, line, true)),
        [true, true, false, true, false]
    );
}

#[test]
fn finds_every_encoding_that_json_allows() {
    for (text, line) in [
        ("user=\"bob\"", r#"{"m":"user=\"bob\" came"}"#),
        ("user=\"bob\"", r#"{"m":"user\u003d\"bob\" came"}"#),
        ("a/b", r#"{"m":"a\/b"}"#),
        ("c:\\temp", r#"{"m":"c:\\temp"}"#),
        ("naïve", r#"{"m":"na\u00EFve"}"#),
        ("naïve", r#"{"m":"naïve"}"#),
        ("✓", r#"{"m":"ok \u2713"}"#),
        ("😀", r#"{"m":"ok \uD83D\uDE00"}"#),
        ("\t", r#"{"m":"a\tb"}"#),
        ("\"", r#"{"m":"a\"b"}"#),
    ] {
        assert!(is_found(text, line, true), "{text} in {line}");
    }
}

#[test]
fn an_escape_does_not_match_its_letters() {
    let line = r#"{"m":"a\nb\u00e9 c\\not"}"#;
    assert_eq!(
        ["nb", "00e9", "e9", "not", "\\not", "\\nb"].map(|text| is_found(text, line, true)),
        [false, false, false, true, true, false]
    );
}

#[test]
fn text_that_is_not_json_is_searched_verbatim() {
    assert_eq!(
        ["\"rows\":", "nb", ","].map(|text| is_found(text, r#"{"rows":1, a\nb"#, false)),
        [true; 3]
    );
}

#[test]
fn marks_every_occurrence_in_displayed_text() {
    assert_eq!(needle("aa").marks("aaa AAxaa").collect::<Vec<_>>(), [0..2, 4..6, 7..9]);
    assert_eq!(needle("é\"").marks("\"é\"é\"").collect::<Vec<_>>(), [1..4, 4..7]);
    assert_eq!(needle("a").marks("").count(), 0);
}

#[test]
fn searches_for_the_rarest_bytes_first() {
    let needle = needle("e=tezx");
    assert_eq!((needle.literal_run.clone(), is_in("e=tezx", r#"["e\u003dTEZX"]"#)), (2..6, true));
    assert!(matches!(needle.anchor, Anchor::Pair([(_, 2), (_, 3)])));
}
