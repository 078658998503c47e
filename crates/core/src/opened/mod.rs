//! An opened entry: its message, its fields, and what can be copied of it. Keeps its own text, so
//! that it stays readable once its line is evicted. Draws nothing.

mod embedded;
pub mod tree;

use std::ops::Range;

use crate::find::Find;
use crate::opened::tree::{Kind, Value};
use crate::store::{Row, Store};
use crate::styled::{Looks, Piece, Styled, clipboard_text, label};
use crate::words::{Word, Words};
use logs_sse_wire::entry::{Entry, head};
use logs_sse_wire::json::is_json;
use logs_sse_wire::message::Line;

/// A whole entry, as the reader opened it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    channel: String,
    id: String,
    /// How many bytes were not kept.
    cut_bytes: usize,
    entry: Entry,
    /// The message as it is shown: without escape sequences, and with JSON in it laid out.
    message: String,
    looks: Looks,
    fields: Vec<Value>,
    /// The entries that are folded into this one, for the clipboard.
    others: String,
}

impl Opened {
    /// Creates the opened entry of `line`.
    #[must_use]
    pub fn new(line: &Line) -> Self {
        let entry = &line.entry;
        let text = entry.text();
        let is_object = text.trim_start().starts_with('{') && is_json(text);
        let fields = if is_object { tree::children(text, 0..text.len()) } else { Vec::new() };
        // An object without a message is a row as a whole. Its fields say it all.
        let is_repeated = !fields.is_empty() && entry.message() == text;
        let sent = if is_repeated { "" } else { entry.message() };
        let Styled { text: message, looks, .. } = Styled::whole(sent);
        let message = if looks == Looks::default() { embedded::laid_out(message) } else { message };
        Self {
            channel: line.channel.as_deref().unwrap_or_default().to_owned(),
            id: line.id.to_string(),
            cut_bytes: line.cut_bytes,
            message,
            looks,
            fields: fields.into_iter().filter(|field| !field.is_text(text, sent)).collect(),
            entry: entry.clone(),
            others: String::new(),
        }
    }

    /// Creates the opened entry of row `number`, with all lines that are folded into it.
    #[must_use]
    pub fn of_row(store: &Store, number: u64) -> Option<Self> {
        let row = store.folded(number)?;
        let others: Vec<_> = store.rest(number).filter_map(|number| store.row(number)).collect();
        Some(Self::with_others(row.line()?, others.iter().filter_map(Row::line)))
    }

    /// Creates the opened entry of `line`, into which `others` are folded.
    pub(crate) fn with_others<'a>(line: &Line, others: impl Iterator<Item = &'a Line>) -> Self {
        let mut opened = Self::new(line);
        for other in others {
            opened.others.push('\n');
            opened.others.push_str(&other.entry.detail());
        }
        opened
    }

    /// Says where it came from and when: channel, id, precise time, whether it was cut.
    #[must_use]
    pub fn about(&self, words: &Words) -> String {
        let cut = match self.cut_bytes {
            0 => String::new(),
            bytes => words.fill(Word::Truncated, &[("size", &words.size(bytes))]),
        };
        let parts = [&*self.channel, &*self.id, self.entry.exact_time(), &*cut];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        label(&parts.join(" · "))
    }

    /// Returns whether there is a message besides the fields.
    #[must_use]
    pub fn has_message(&self) -> bool {
        !self.message.is_empty() || self.fields.is_empty()
    }

    /// Returns the message in styled pieces, with the matches of `find` marked: all of it, or as
    /// much as opens without a stall.
    #[must_use]
    pub fn message(&self, all: bool, find: Option<&Find>) -> Vec<Piece<'_>> {
        let shown = if all { &self.message } else { head(&self.message, HEAD_BYTES) };
        match find {
            Some(find) => self.looks.pieces(shown, &mut find.marks(shown).into_iter()),
            None => self.looks.pieces(shown, &mut std::iter::empty()),
        }
    }

    /// Returns the label of the button that shows the rest of the message, or an empty string if
    /// all of it is shown.
    #[must_use]
    pub fn rest(&self, words: &Words) -> String {
        match self.message.len() {
            0..=HEAD_BYTES => String::new(),
            bytes => words.fill(Word::ShowAll, &[("size", &words.size(bytes))]),
        }
    }

    /// Returns the fields besides the message, in the order sent.
    #[must_use]
    pub fn fields(&self) -> &[Value] {
        &self.fields
    }

    /// Returns whether a search can ask for the value of a field: a text or a word that is neither
    /// empty nor longer than a reader would type.
    #[must_use]
    pub fn can_filter(&self, field: &Value) -> bool {
        let json = self.text().get(field.at.clone()).unwrap_or_default();
        let is_short = (1..=FILTER_BYTES).contains(&json.len());
        is_short
            && matches!(Kind::of(json), Kind::String | Kind::Word)
            && !tree::whole_text(json).is_empty()
    }

    /// Returns the text to which the ranges of all values refer.
    #[must_use]
    pub fn text(&self) -> &str {
        self.entry.text()
    }

    /// Returns the values inside the object or array at `at`.
    #[must_use]
    pub fn children(&self, at: Range<usize>) -> Vec<Value> {
        tree::children(self.text(), at)
    }

    /// Returns the message for the clipboard, without escape sequences.
    #[must_use]
    pub fn message_to_copy(&self) -> String {
        clipboard_text(self.entry.message())
    }

    /// Returns the entry for the clipboard: JSON with one field per line, anything else unchanged.
    /// Entries that are folded into it follow.
    #[must_use]
    pub fn json_to_copy(&self) -> String {
        self.entry.detail() + &self.others
    }

    /// Returns the value at `at` for the clipboard: the text of a string, anything else as JSON.
    #[must_use]
    pub fn value_to_copy(&self, at: Range<usize>) -> String {
        tree::whole_text(self.text().get(at).unwrap_or_default()).into_owned()
    }
}

/// The most bytes of a message that are shown before the reader asks for all: laying out a megabyte
/// takes a browser a quarter of a second.
const HEAD_BYTES: usize = 65_536;

/// The longest value that the search field shows.
const FILTER_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use logs_sse_wire::message::Raw;

    fn opened(text: &str) -> Opened {
        Opened::new(&Raw::bare(text).read())
    }

    fn shown(opened: &Opened, all: bool) -> String {
        opened.message(all, None).iter().map(|piece| &*piece.text).collect()
    }

    fn names(opened: &Opened) -> Vec<&str> {
        opened.fields().iter().map(|field| &*field.name).collect()
    }

    #[test]
    fn the_message_is_shown_once() {
        for text in [
            r#"{"level":"INFO","message":"a\tb","n":1}"#,
            r#"{"msg":"a\tb","level":"INFO","n":1}"#,
            r#"{"level":"INFO","description":"a\tb","message":"","n":1}"#,
        ] {
            let opened = opened(text);
            assert_eq!(shown(&opened, true), "a\tb");
            let names = names(&opened);
            assert!(!names.contains(&"msg") && !names.contains(&"description"), "{names:?}");
            assert!(names.contains(&"level") && names.contains(&"n"), "{names:?}");
        }
    }

    #[test]
    fn an_object_without_a_message_is_shown_as_its_fields() {
        let opened = opened(r#"{"rows":12,"table":"t"}"#);
        assert_eq!((opened.has_message(), names(&opened)), (false, vec!["rows", "table"]));
        assert_eq!(opened.message_to_copy(), r#"{"rows":12,"table":"t"}"#);
    }

    #[test]
    fn text_that_is_no_object_is_a_message_without_fields() {
        for text in ["plain", "12", "{broken", "", "[1, 2]"] {
            let opened = opened(text);
            assert_eq!((shown(&opened, true), opened.fields().len()), (text.to_owned(), 0));
            assert!(opened.has_message());
        }
    }

    #[test]
    fn json_in_a_message_is_laid_out_and_copied_as_sent() {
        let opened = opened(r#"{"message":"failed: {\"code\":5,\"at\":[1]}","level":"ERROR"}"#);
        assert_eq!(shown(&opened, true), "failed: {\n  \"code\": 5,\n  \"at\": [\n    1\n  ]\n}");
        assert_eq!(opened.message_to_copy(), r#"failed: {"code":5,"at":[1]}"#);
    }

    #[test]
    fn what_is_copied_is_what_was_sent() {
        let opened = opened(
            r#"{"message":"boom\n\tat one\r\n","s":"a\"b","big":123456789012345678901,"o":{"k":1}}"#,
        );
        assert_eq!(opened.message_to_copy(), "boom\n\tat one\n");
        let copied: Vec<_> =
            opened.fields().iter().map(|field| opened.value_to_copy(field.at.clone())).collect();
        assert_eq!(copied, ["a\"b", "123456789012345678901", "{\"k\":1}"]);
        assert!(opened.json_to_copy().contains("\"big\": 123456789012345678901"));
        assert_eq!(opened.value_to_copy(3..90_000), "");
    }

    #[test]
    fn a_huge_message_opens_with_its_head_and_shows_all_on_request() {
        let huge = opened(&"é".repeat(500_000));
        assert_eq!((shown(&huge, false).len(), shown(&huge, true).len()), (65_536, 1_000_000));
        assert_eq!(
            (huge.rest(&Words::ENGLISH).as_str(), opened("short").rest(&Words::ENGLISH).as_str()),
            ("Show all 1.0 MB", "")
        );
    }

    #[test]
    fn every_state_of_progress_is_kept_and_hidden_characters_are_shown() {
        let opened =
            opened("{\"message\":\"10%\\r100%\\r\",\"name\":\"a\u{202e}b\",\"ratio\":NaN}");
        assert_eq!(shown(&opened, true), "10%\n100%");
        let values: Vec<_> = opened
            .fields()
            .iter()
            .map(|field| {
                tree::shown_text(opened.text(), field.at.clone(), true, &Words::ENGLISH).text
            })
            .collect();
        assert_eq!(values, ["a⟨U+202E⟩b", "NaN"]);
    }
}
