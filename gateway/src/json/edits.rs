//! Changes of a text that are collected first and applied together.

use std::ops::Range;

/// Changes of a text.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    with: With,
}

/// What becomes of a part of the text.
#[derive(Debug)]
pub(crate) enum With {
    Nothing,
    /// The part itself, between quotes.
    Quotes,
    Text(&'static str),
    Owned(String),
}

impl Edits {
    pub(crate) fn push(&mut self, range: Range<usize>, with: With) {
        self.0.push(Edit { range, with });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text with all changes. A change inside a part that an earlier one replaces has no
    /// effect.
    pub(crate) fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|edit| edit.range.start);
        let (mut changed, mut copied) = (String::with_capacity(text.len()), 0);
        for Edit { range, with } in self.0 {
            if range.start < copied {
                continue;
            }
            changed.push_str(&text[copied..range.start]);
            match with {
                With::Nothing => {}
                With::Quotes => changed.extend(["\"", &text[range.clone()], "\""]),
                With::Text(text) => changed.push_str(text),
                With::Owned(text) => changed.push_str(&text),
            }
            copied = range.end;
        }
        changed.push_str(&text[copied..]);
        changed
    }
}
