//! Why a line matches, if its message does not show it.

use crate::find::Find;
use crate::session::Session;
use crate::store::Row;
use crate::styled::label;
use crate::summary::RowText;
use logs_sse_wire::json::{Object, display_text};

impl Session {
    /// Adds to what is shown of a row why it matches, unless its first line has a match: a later
    /// line, or a field.
    pub(super) fn add_reason_found(&self, number: u64, text: &mut RowText) {
        let Some(find) = self.matched() else { return };
        let group = self.store.group(number);
        let hit = find.line_from(&self.store, group.start).filter(|hit| *hit < group.end);
        let Some(Row::Line(line)) = hit.and_then(|hit| self.store.row(hit)) else { return };
        let reason = match find.marks(&text.message).first() {
            Some(mark) => later_line(&text.message, mark.start),
            None => reason(find, line.entry.text()),
        };
        if let Some(reason) = reason {
            text.more = [reason.as_str(), &text.more].join(" ").trim_end().to_owned();
        }
    }
}

/// Returns the first field that explains why an entry matches, with its value.
fn reason(find: &Find, entry: &str) -> Option<String> {
    let object = Object::read(entry)?;
    object.fields().find_map(|(name, json)| {
        let value = display_text(json);
        find.explains(name, &value).then(|| format!("{} {}", label(name), head(&label(&value))))
    })
}

/// Returns the line of a message that contains the byte at `at`, unless it is the first.
fn later_line(message: &str, at: usize) -> Option<String> {
    let start = message[..at].rfind('\n')? + 1;
    let line = message[start..].lines().next().unwrap_or_default().trim();
    Some(head(line))
}

fn head(text: &str) -> String {
    let end = text.floor_char_boundary(VALUE_BYTES);
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", &text[..end])
}

/// As much of a value as fits beside a message.
const VALUE_BYTES: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;
    use crate::find::Query;
    use crate::store::Capacity;
    use logs_sse_wire::message::Raw;

    fn more(query: Query, entry: &str) -> String {
        let mut session = Session::new(Config::default(), Capacity::default(), 1);
        session.store.append(&Raw::bare(entry));
        let number = session.store.range().start;
        session.set_query(query);
        session.search(usize::MAX);
        session.row_text(number).map(|(text, _)| text.more).unwrap_or_default()
    }

    #[test]
    fn a_match_outside_of_the_message_names_its_field() {
        let entry = r#"{"message":"Loaded","execID":"run-8801","rows":300,"tags":["a b","c"]}"#;
        for (query, expected) in [
            (Query::default().text("run-8801"), "execID run-8801"),
            (Query::default().text("loaded run-8801"), ""),
            (Query::default().text("rows:300"), "rows 300"),
            (Query::default().text("\"a b\""), r#"tags ["a b","c"]"#),
            (Query { is_regex: true, ..Query::default().text("^run-\\d+$") }, "execID run-8801"),
            (Query { highlights: true, ..Query::default().text("absent") }, ""),
            (Query::default().text("-absent"), ""),
            (Query::default(), ""),
        ] {
            assert_eq!(more(query.clone(), entry), expected, "{query:?}");
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let entry = format!(r#"{{"message":"m","note":"{}"}}"#, "é".repeat(100));
        let reason = more(Query::default().text("é"), &entry);
        assert_eq!(reason, format!("note {}…", "é".repeat(30)));
    }
}
