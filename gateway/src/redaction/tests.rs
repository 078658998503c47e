//! Tests of the rules against logs of any shape.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::toml_text::Document;

const RULES: &str = r#"
[[rule]]
name = "ssn"
pattern = '\d{3}-?\d{2}-?\d{4}'
replacement = "[ssn]"

[[rule]]
name = "note"
pattern = '(?i)smith'
fields = ["patient", "note"]
services = ["etl"]
workspaces = ["prod_*"]
"#;

fn parse(text: &str) -> Result<Rules, String> {
    let document = Document::new(Path::new("r.toml"), text.into());
    file::parse(&document).map_err(|errors| errors.join("\n"))
}

fn redaction(text: &str) -> Redaction {
    Redaction(ArcSwap::from_pointee(parse(text).expect("rules")))
}

fn apply(redaction: &Redaction, channel: &str, entry: &str) -> Result<String, Failed> {
    let entry = RawValue::from_string(entry.into()).expect("JSON");
    let channel = channel.parse().expect("a channel");
    redaction.apply(&channel, &entry, 10_000).map(|entry| entry.get().into())
}

#[test]
fn replaces_matches_in_strings_and_numbers_but_not_in_keys() {
    let redaction = redaction(RULES);
    for (entry, expected) in [
        (r#"{"a":"is 123-45-6789."}"#, r#"{"a":"is [ssn]."}"#),
        (r#"["\u0031\u0032345-6789","x"]"#, r#"["[ssn]","x"]"#),
        (r#"{"n": 123456789 ,"b":[true,null,1.5]}"#, r#"{"n": "[ssn]" ,"b":[true,null,1.5]}"#),
        (r#""123-45-6789""#, r#""[ssn]""#),
        (r#"{"123-45-6789":"\"q\" 123-45-6789\n"}"#, r#"{"123-45-6789":"\"q\" [ssn]\n"}"#),
        (r#"{"a":[{"b":{}},[],"x"]}"#, r#"{"a":[{"b":{}},[],"x"]}"#),
    ] {
        assert_eq!(apply(&redaction, "logs:faas:w", entry), Ok(expected.into()));
    }
    assert_eq!(redaction.counts(), [("ssn".into(), 5), ("note".into(), 0)]);
}

#[test]
fn a_rule_applies_within_its_fields_services_and_workspaces() {
    let redaction = redaction(RULES);
    let entry = r#"{"message":"Smith","p\u0061tient":{"names":["Anna SMITH"]},"note":"smith"}"#;
    let expected =
        r#"{"message":"Smith","p\u0061tient":{"names":["Anna [redacted]"]},"note":"[redacted]"}"#;
    assert_eq!(apply(&redaction, "logs:etl:prod_1:x", entry), Ok(expected.into()));
    for channel in ["logs:etl:test_1:x", "logs:faas:prod_1:x"] {
        assert_eq!(apply(&redaction, channel, entry), Ok(entry.into()));
    }
}

#[test]
fn what_a_replacement_brings_together_is_redacted_too() {
    let redaction = redaction(
        "[[rule]]\nname = \"digits\"\npattern = '\\d{9}'\n[[rule]]\nname = \"marks\"\npattern = '<[a-z]+>'\nreplacement = \"\"\n",
    );
    let entry = r#""1234<b>56789""#;
    assert_eq!(apply(&redaction, "logs:etl:w", entry), Ok(r#""[redacted]""#.into()));
}

#[test]
fn a_log_to_which_the_rules_cannot_be_applied_is_refused() {
    let growing =
        redaction("[[rule]]\nname = \"a\"\npattern = 'a'\nreplacement = \"bbbbbbbbbbbb\"");
    let entry = format!("\"{}\"", "a".repeat(1_000));
    assert_eq!(apply(&growing, "logs:etl:w", &entry), Err(Failed::TooLarge));
    let circular = redaction(
        "[[rule]]\nname = \"a\"\npattern = 'a'\nreplacement = \"b\"\n[[rule]]\nname = \"b\"\npattern = 'b'\nreplacement = \"a\"",
    );
    assert_eq!(apply(&circular, "logs:etl:w", "\"a\""), Err(Failed::Unstable));
}

#[test]
fn rules_that_are_replaced_keep_the_counts_of_their_names() {
    let redaction = redaction(RULES);
    apply(&redaction, "logs:etl:w", r#""123-45-6789""#).expect("applied");
    redaction.replace(&super::tests::redaction("[[rule]]\nname = \"ssn\"\npattern = 'x'"));
    assert_eq!(redaction.counts(), [("ssn".into(), 1)]);
}

#[test]
fn an_error_names_the_line() {
    for (text, expected) in [
        ("", "r.toml:1: no [[rule]]"),
        ("[rule]\nname = \"a\"", "r.toml:1: unknown key rule: expected entries [[rule]]"),
        ("[[rule]]\nname = \"a\"", "r.toml:1: pattern is missing"),
        ("[[rule]]\npattern = 'a'", "r.toml:1: name is missing"),
        ("[[rule]]\nname = \"a b\"\npattern = 'a'", "r.toml:2: name is \"a b\": expected letters"),
        ("[[rule]]\nname = \"a\"\npattern = 5", "r.toml:3: pattern: expected a text"),
        ("[[rule]]\nname = \"a\"\npattern = '('", "r.toml:3: pattern: unclosed group"),
        ("[[rule]]\nname = \"a\"\npattern = 'a*'", "r.toml:3: pattern matches the empty text"),
        (
            "[[rule]]\nname = \"a\"\nreplacement = \"aa\"\npattern = 'a'",
            "r.toml:4: pattern matches its own replacement",
        ),
        ("[[rule]]\nname = \"a\"\npattern = '(\\w{500}){500}'", "r.toml:3: pattern: "),
        ("[[rule]]\nname = \"a\"\npattern = 'q'\nfields = []", "r.toml:4: fields: expected a list"),
        (
            "[[rule]]\nname = \"a\"\npattern = 'q'\nworkspaces = [\"a:b\"]",
            "r.toml:4: workspaces: expected a workspace",
        ),
        ("[[rule]]\nname = \"a\"\npattern = 'q'\nkind = 1", "r.toml:4: unknown key kind"),
    ] {
        let error = parse(text).map(drop).expect_err(text);
        assert!(error.starts_with(expected), "{error}");
    }
    let one = |name: usize| format!("[[rule]]\nname = \"r{name}\"\npattern = 'q'\n");
    assert!(parse(&one(1).repeat(2)).is_err_and(|error| error.contains("second rule")));
    let most = (0..MOST).map(one).collect::<String>();
    assert!(parse(&most).is_ok() && parse(&(most + &one(MOST))).is_err());
}

const MOST: usize = rule::MOST_RULES;

/// A secret as a publisher may write it: each character as itself or as an escape.
fn written(secret: &str, escapes: &[bool]) -> String {
    let one = |(c, is_escaped): (char, &bool)| match is_escaped {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    secret.chars().zip(escapes.iter().cycle()).map(one).collect()
}

/// Logs in which `leaf` stands at any depth.
fn around(leaf: String) -> impl Strategy<Value = String> {
    Just(leaf).prop_recursive(8, 16, 3, |inner| {
        let other = prop_oneof![Just("7".to_owned()), Just("\"x \\n\"".into()), Just("{}".into())];
        prop_oneof![
            (other.clone(), inner.clone(), other.clone())
                .prop_map(|(a, b, c)| format!("[{a}, {b} ,{c}]")),
            ("[a-z]{1,3}", inner, other)
                .prop_map(|(key, b, c)| format!("{{\"{key}\" : {b},\"_{key}\":{c}}}")),
        ]
    })
}

proptest! {
    #[test]
    fn a_planted_number_is_in_no_redacted_log(
        (secret, entry) in ("[1-9][0-9]{2}-[0-9]{2}-[0-9]{4}", "[a-z \"\\\\\n\u{e9}]{0,9}", prop::collection::vec(any::<bool>(), 1..12))
            .prop_flat_map(|(secret, around_it, escapes)| {
                let quoted = serde_json::to_string(&around_it).expect("a string");
                let text = &quoted[1..quoted.len() - 1];
                let planted = written(&secret, &escapes);
                let bare = secret.replace('-', "");
                let leaf = prop_oneof![
                    Just(format!("\"{text}{planted}{text}\"")),
                    Just(bare),
                ];
                (Just(secret), leaf.prop_flat_map(around))
            })
    ) {
        let redacted = apply(&redaction(RULES), "logs:etl:w:f", &entry).expect("applied");
        let value: Value = serde_json::from_str(&redacted).expect("JSON");
        // Re-encoded, so that no escape hides it.
        let plain = value.to_string();
        prop_assert!(!plain.contains(&secret) && !plain.contains(&secret.replace('-', "")), "{}", plain);
        prop_assert!(plain.contains("[ssn]"));
    }
}

#[test]
fn the_rules_of_the_example_redact() {
    let redaction = redaction(include_str!("../../redact.example.toml"));
    let entry = r#"{"a":"x@y.example, 123-45-6789","patient":{"name":"A"},"b":"MRN: 1234567"}"#;
    let expected = r#"{"a":"[email], [ssn]","patient":{"name":""},"b":"[mrn]"}"#;
    assert_eq!(apply(&redaction, "logs:etl:prod_1", entry), Ok(expected.into()));
}

/// For each match, a search reads the rest of the text.
const QUADRATIC: &str =
    "[[rule]]\nname = \"slow\"\npattern = '.*[^A-Za-z]|[A-Z]'\nreplacement = \"x\"\n";

fn apply_to_capitals(redaction: &Redaction) -> Result<(), Failed> {
    let entry = RawValue::from_string(format!("\"{}\"", "A".repeat(500_000))).expect("JSON");
    redaction.apply(&"logs:etl:w".parse().expect("a channel"), &entry, 1 << 20).map(drop)
}

#[test]
fn a_log_for_which_rules_take_too_long_is_refused() {
    assert_eq!(apply_to_capitals(&redaction(QUADRATIC)), Err(Failed::TooSlow));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_log_delays_no_other_task() {
    let (begins, has_begun) = tokio::sync::oneshot::channel();
    let slow = tokio::spawn(async move {
        begins.send(()).expect("it is expected");
        apply_to_capitals(&redaction(QUADRATIC))
    });
    has_begun.await.expect("it begins");
    tokio::spawn(async {}).await.expect("it runs");
    assert!(!slow.is_finished(), "the other task has waited for the log");
    assert_eq!(slow.await.expect("it ends"), Err(Failed::TooSlow));
}
