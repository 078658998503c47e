//! Checks a publish body before it is parsed: its depth, and numbers that JSON does not have.
//!
//! Python's `json.dumps` writes `NaN`, `Infinity` and `-Infinity`, which no reader could parse.

use crate::http::rejection::Rejection;

/// Returns the body with each bare `NaN`, `Infinity` and `-Infinity` as the string that it spells.
///
/// It need not be JSON otherwise: the parser reports any other fault. `subject` is what the text is,
/// which errors mention.
///
/// # Errors
/// When it is nested too deeply for readers, or one of `ids`, fields of the outermost object, has
/// such a number.
pub(crate) fn spelled(
    text: String,
    subject: &'static str,
    ids: &[&str],
) -> Result<String, Rejection> {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut copied) = (0_usize, 0, 0);
    let mut spelled = String::new();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Rejection::bad_request(format!(
                        "{subject} is nested too deeply: expected at most {MAX_DEPTH} levels"
                    )));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'N' | b'I' | b'-' => {
                if let Some(word) = word_at(&text, at) {
                    if depth == 1
                        && let Some(id) = ids.iter().find(|id| is_value_of(&text[..at], id))
                    {
                        return Err(Rejection::bad_request(format!(
                            "{id} is {word}: expected a string"
                        )));
                    }
                    spelled.extend([&text[copied..at], "\"", word, "\""]);
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if spelled.is_empty() {
        return Ok(text);
    }
    spelled.push_str(&text[copied..]);
    Ok(spelled)
}

/// Returns the end of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Returns the number at `at`, if it is in the position of a value: after the start, a colon, a
/// bracket or a comma, and not a key.
fn word_at(text: &str, at: usize) -> Option<&'static str> {
    let word = WORDS.into_iter().find(|word| text[at..].starts_with(word))?;
    let before = text[..at].trim_end_matches(JSON_SPACE).as_bytes().last();
    let after = text[at + word.len()..].trim_start_matches(JSON_SPACE).as_bytes().first();
    (matches!(before, None | Some(b':' | b'[' | b','))
        && matches!(after, None | Some(b',' | b']' | b'}')))
    .then_some(word)
}

/// Returns whether a value that follows `before` belongs to the field `name`.
fn is_value_of(before: &str, name: &str) -> bool {
    let key = before
        .trim_end_matches(JSON_SPACE)
        .strip_suffix(':')
        .map(|key| key.trim_end_matches(JSON_SPACE));
    key.and_then(|key| key.strip_suffix('"'))
        .and_then(|key| key.strip_suffix(name))
        .is_some_and(|key| key.ends_with('"'))
}

const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The default limit of common parsers. A recursive parser of a reader could overflow its stack on
/// more.
const MAX_DEPTH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> String {
        spelled(text.into(), "body", &[]).expect("accepted")
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
            "[\"a\" NaN]",
            "{\"a\":\"\\",
            "{\"a\":\"NaN",
            "",
        ] {
            assert_eq!(all(text), text);
        }
    }

    #[test]
    fn an_id_is_never_a_number() {
        let error = |text: &str| format!("{:?}", spelled(text.into(), "body", &["workspace_id"]));
        assert!(
            error(r#"{"workspace_id" : NaN,"logData":1}"#)
                .contains("workspace_id is NaN: expected a string")
        );
        assert!(
            spelled(
                r#"{"logData":{"workspace_id":NaN},"my_workspace_id":NaN}"#.into(),
                "body",
                &["workspace_id"]
            )
            .is_ok()
        );
    }

    #[test]
    fn a_deep_nest_is_refused_wherever_it_is() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(spelled(nest(MAX_DEPTH), "body", &[]).is_ok());
        for text in
            [nest(MAX_DEPTH + 1), "[".repeat(400_000), format!("{{\"unknown\":{}}}", nest(400_000))]
        {
            assert!(spelled(text, "body", &[]).is_err());
        }
        assert!(
            spelled(format!("\"{}\"", "[".repeat(400)), "body", &[]).is_ok(),
            "in a text it is no nest"
        );
    }
}
