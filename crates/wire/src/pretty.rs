//! Lays out JSON text for display, one field per line. Works on the text, so that no digit, order
//! or duplicate key changes. Numbers that are not strictly JSON become strings: `NaN` is written
//! `"NaN"`.

use crate::json::is_json;

/// Lays out `text` if it is a JSON object or array, and returns anything else unchanged.
#[must_use]
pub fn json(text: &str) -> String {
    let is_container = text.trim_start().starts_with(['{', '[']);
    if !is_container || !is_json(text) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => copy_string(&mut chars, &mut out),
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        break_line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth -= 1;
                break_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            'N' => copy_word("N", 2, &mut chars, &mut out),
            'I' => copy_word("I", 7, &mut chars, &mut out),
            '-' if chars.next_if_eq(&'I').is_some() => copy_word("-I", 7, &mut chars, &mut out),
            _ if c.is_ascii_whitespace() => {}
            _ => out.push(c),
        }
    }
    out
}

/// Copies a word as a string: the part already `read`, and `more` letters.
fn copy_word(read: &str, more: usize, chars: &mut dyn Iterator<Item = char>, out: &mut String) {
    out.push('"');
    out.push_str(read);
    (0..more).filter_map(|_| chars.next()).for_each(|character| out.push(character));
    out.push('"');
}

fn copy_string(chars: &mut impl Iterator<Item = char>, out: &mut String) {
    out.push('"');
    while let Some(c) = chars.next() {
        out.push(c);
        match c {
            '"' => return,
            '\\' => out.extend(chars.next()),
            _ => {}
        }
    }
}

/// The text is not indented further than this: a hostile nest of 100,000 arrays would otherwise
/// take 10 GB.
const MAX_INDENT: usize = 40;

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(MAX_INDENT)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_nested_values() {
        let text = r#"{"a":[1,{"b":"x, {y}: \"z\""}],"e":{},"f":[ ]}"#;
        let laid_out = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}: \\\"z\\\"\"\n    }\n  ],\n  \"e\": {},\n  \"f\": []\n}";
        assert_eq!(json(text), laid_out);
        assert_eq!(json(laid_out), laid_out);
    }

    #[test]
    fn numbers_of_python_become_strings() {
        assert_eq!(
            json(r#"{"a":NaN,"b":[-Infinity,Infinity, -1]}"#),
            "{\n  \"a\": \"NaN\",\n  \"b\": [\n    \"-Infinity\",\n    \"Infinity\",\n    -1\n  ]\n}"
        );
    }

    #[test]
    fn leaves_other_text_unchanged() {
        for text in ["{open", "plain", "[1,]", "{]", ""] {
            assert_eq!(json(text), text);
        }
    }

    #[test]
    fn a_hostile_nest_stays_small() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(json(&deep).len() < deep.len() * 100);
    }
}
