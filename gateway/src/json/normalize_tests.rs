//! Tests of the normalisation, some against a real parser.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn all(text: &str) -> String {
    normalized(text, "body", &[]).expect("accepted").into_owned()
}

#[test]
fn numbers_that_json_lacks_become_the_strings_they_spell() {
    for (text, expected) in [
        (
            r#"{"a":NaN,"b":[Infinity , -Infinity],"c":{"d": NaN }}"#,
            r#"{"a":"NaN","b":["Infinity" , "-Infinity"],"c":{"d": "NaN" }}"#,
        ),
        ("NaN", "\"NaN\""),
        ("[NaN,NaN,\nNaN]", "[\"NaN\",\"NaN\",\n\"NaN\"]"),
        ("{\"é\":NaN}", "{\"é\":\"NaN\"}"),
    ] {
        assert_eq!(all(text), expected);
    }
}

#[test]
fn numbers_beyond_a_double_become_strings() {
    let digits = "9".repeat(400);
    for number in ["1e99999", "-1E309", "1.8e308", &digits] {
        assert_eq!(all(&format!("[{number}, 1]")), format!("[\"{number}\", 1]"));
    }
    let fine = format!("[1e308,-1.7e308,1e-99999,0.{digits},9007199254740993,-0,1E+2]");
    assert_eq!(all(&fine), fine);
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    for (text, expected) in [
        (r#"["\ud83d\ude00","\\ud800"]"#, r#"["\ud83d\ude00","\\ud800"]"#),
        (r#"["\uD83D","x\ude00y"]"#, r#"["\ufffd","x\ufffdy"]"#),
        (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
        (r#"{"\udfff":"\ud800\u0041"}"#, r#"{"\ufffd":"\ufffd\u0041"}"#),
    ] {
        assert_eq!(all(text), expected);
    }
}

#[test]
fn the_last_of_several_fields_with_the_same_key_stays() {
    for (text, expected) in [
        (r#"[{"a":1,"b":2,"a":3}]"#, r#"[{"b":2,"a":3}]"#),
        (r#"[{"a":1, "a":2, "a":3}]"#, r#"[{"a":3}]"#),
        (r#"[{"a":{"b":1,"b":NaN},"\u0061":{"c":1,"c":2}}]"#, r#"[{"\u0061":{"c":2}}]"#),
        (r#"[{"a":1},{"a":2}]"#, r#"[{"a":1},{"a":2}]"#),
        (r#"[{"\ud800":1,"\udfff":2}]"#, r#"[{"\ufffd":2}]"#),
        // The parser refuses those of the outermost object.
        (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
    ] {
        assert_eq!(all(text), expected);
    }
    let many: Vec<_> = (0..50).map(|n| format!("\"k{}\":{n}", n % 49)).collect();
    assert!(!all(&format!("[{{{}}}]", many.join(","))).contains("\"k0\":0"));
}

#[test]
fn texts_keys_and_other_words_stay_as_they_are() {
    for text in [
        r#"{"a":"NaN","b":"x: NaN, ","c\":NaN":"\\","d":" Infinity "}"#,
        r#"{NaN:1}"#,
        r#"{"a":1,NaN:2}"#,
        "[NaNa]",
        "[-NaN]",
        "[nan]",
        "[+Infinity]",
        "[1NaN]",
        "[-1]",
        "[01e9999]",
        "[\"a\" NaN]",
        "[{\"a\":1 \"a\":2}]",
        "{\"a\":\"\\",
        "[NaN] x",
        "[NaN,]",
        "{\"a\":\"NaN",
        "",
    ] {
        assert_eq!(all(text), text);
    }
}

#[test]
fn an_id_is_never_a_number_however_its_key_is_written() {
    let ids = ["workspace_id", "id"];
    let check = |text: &str| {
        normalized(text, "body", &ids).map(Cow::into_owned).map_err(|e| e.error().to_owned())
    };
    for (text, expected) in [
        (r#"{"workspace_id" : NaN,"logData":1}"#, "workspace_id is NaN: expected a string"),
        (r#"{"\u0069d":NaN}"#, "id is NaN: expected a string"),
        (r#"{"i\u0064" : 1e999}"#, "id is 1e999: expected a string"),
    ] {
        assert_eq!(check(text), Err(expected.into()));
    }
    for text in [r#"{"logData":{"id":NaN},"my_id":NaN,"logs":[NaN]}"#, r#"{"id":"NaN","x":NaN}"#] {
        assert!(check(text).is_ok(), "{text}");
    }
}

#[test]
fn a_deep_nest_is_refused_wherever_it_is() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(normalized(&nest(MAX_DEPTH), "body", &[]).is_ok());
    for text in
        [nest(MAX_DEPTH + 1), "[".repeat(400_000), format!("{{\"unknown\":{}}}", nest(400_000))]
    {
        assert!(normalized(&text, "body", &[]).is_err());
    }
    let quoted = format!("\"{}\"", "[".repeat(400));
    assert!(normalized(&quoted, "body", &[]).is_ok(), "in a text it is no nest");
}

/// Values whose objects have few keys, so that keys repeat.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        r#""([a-c ]|\\n|\\u00e9|\\ud83d\\ude00|\\ud800){0,6}""#,
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        prop_oneof![Just("true"), Just("null"), Just("NaN"), Just("-Infinity")]
            .prop_map(ToOwned::to_owned),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = r#""(a|b|\\u0061|\\ud800)""#;
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|all| format!("[{}]", all.join(" ,"))),
            prop::collection::vec((key, inner), 0..5).prop_map(|all| {
                let fields: Vec<_> = all.iter().map(|(k, v)| format!("{k} : {v}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// Returns the number of fields in a text and all objects in it.
fn fields(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(fields).sum::<usize>(),
        Value::Array(all) => all.iter().map(fields).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn what_it_returns_is_json_without_repeated_keys(text in any_json()) {
        let normal = all(&format!("[{text}]"));
        let value: Value = serde_json::from_str(&normal).expect(&normal);
        // A parser that drops repeated keys would find fewer fields than colons outside of texts.
        prop_assert_eq!(fields(&value), normal.matches(" : ").count(), "{}", normal);
        prop_assert_eq!(all(&normal), normal);
    }

    #[test]
    fn any_text_is_accepted_or_refused(text in "[\\[\\]{}\":, \\\\a-eu0-9NIé-]{0,40}") {
        if let Ok(normal) = normalized(&text, "body", &["a"])
            && normal != text {
            prop_assert!(serde_json::from_str::<Value>(&normal).is_ok() || text.contains('\\'));
        }
    }
}
