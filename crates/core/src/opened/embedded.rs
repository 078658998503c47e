//! JSON inside a message, as in `request failed: {"code":5}`, laid out for reading.

use crate::opened::tree::Kind;
use logs_sse_wire::pretty;
use logs_sse_wire::scan::end_of_value;

/// Returns the message with the first object, or array of objects, laid out one field per line.
pub(super) fn laid_out(message: String) -> String {
    let Some((start, end)) = find(&message) else { return message };
    let mut out = String::with_capacity(message.len() * 2);
    out.push_str(&message[..start]);
    out.push_str(&pretty::json(&message[start..end]));
    out.push_str(&message[end..]);
    out
}

/// Returns where the first object or array that is worth laying out begins and ends.
fn find(message: &str) -> Option<(usize, usize)> {
    let starts = message.match_indices(['{', '[']).map(|(at, _)| at);
    starts.take(MAX_TRIES).find_map(|start| {
        let end = end_of_value(message.as_bytes(), start)?;
        is_worth_it(message.get(start..end)?).then_some((start, end))
    })
}

/// Returns whether JSON is more readable on several lines: an object with fields, or an array of
/// such. `{}` and `[main]` are often part of a sentence.
fn is_worth_it(json: &str) -> bool {
    let mut inside = json;
    while let Some(rest) = inside.strip_prefix('[') {
        inside = rest.trim_start();
    }
    let is_object = Kind::of(inside) == Kind::Object;
    is_object && !inside[1..].trim_start().starts_with('}') && !is_deep(json)
}

/// Returns whether JSON may be nested so deeply that its layout is mostly indentation.
fn is_deep(json: &str) -> bool {
    let mut depth = 0_usize;
    json.bytes().any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// Each try may read the whole message: that many megabytes are read in a few milliseconds.
const MAX_TRIES: usize = 16;

/// Deeper than what people nest, and shallow enough that a layout is a few times as long as its
/// text.
const MAX_DEPTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn out(message: &str) -> String {
        laid_out(message.to_owned())
    }

    #[test]
    fn lays_out_an_object_wherever_it_is() {
        assert_eq!(out(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(out(r#"[main] got {"a":1} twice"#), "[main] got {\n  \"a\": 1\n} twice");
        assert_eq!(out(r#"[{"a":1}]"#), "[\n  {\n    \"a\": 1\n  }\n]");
    }

    #[test]
    fn leaves_anything_else_unchanged() {
        for message in ["plain", "[1,2]", "{}", "[]", "{open", "a { b } c", "[[[", "{é}", "[{}]"] {
            assert_eq!(out(message), message);
        }
    }

    #[test]
    fn a_hostile_nest_is_read_a_limited_number_of_times() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(out(&deep), deep);
    }

    #[test]
    fn a_deep_nest_is_not_laid_out() {
        let nest = |depth| format!("{}{{\"a\":1}}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(out(&nest(1_000)), nest(1_000));
        assert!(out(&nest(50)).contains('\n'));
    }
}
