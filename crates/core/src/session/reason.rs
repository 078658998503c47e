//! Why a line matches, if its message does not show it.

use crate::find::Find;
use crate::session::Session;
use crate::store::Row;
use crate::styled::label;
use crate::summary::RowText;
use logs_sse_wire::json::{Object, display_text};

impl Session {
    /// Adds to what is shown of a row the field because of which it matches, unless its message has
    /// a match.
    pub(super) fn add_reason(&self, number: u64, row: &Row, text: &mut RowText) {
        let Some(find) = self.matched() else { return };
        let (Some(line), Some(_)) = (row.line(), find.ordinal_of(number)) else { return };
        if !find.marks(&text.message).is_empty() {
            return;
        }
        if let Some(reason) = reason(find, line.entry.text()) {
            text.more = [reason.as_str(), &text.more].join(" ").trim_end().to_owned();
        }
    }
}

/// Returns the first field that explains why an entry matches, with its value.
fn reason(find: &Find, entry: &str) -> Option<String> {
    let object = Object::read(entry)?;
    object.fields().find_map(|(name, json)| {
        let value = display_text(json);
        find.explains(name, &value).then(|| {
            let shown = label(&value);
            let end = shown.floor_char_boundary(VALUE_BYTES);
            let more = if end < shown.len() { "…" } else { "" };
            format!("{} {}{more}", label(name), &shown[..end])
        })
    })
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
