//! The text of a cursor whose positions move one at a time: only that position is rewritten.

use std::fmt::Write;

use logs_sse_wire::cursor::{Cursor, Position};

/// The text of a cursor.
#[derive(Debug)]
pub(crate) struct CursorText {
    text: String,
    /// The start of each position in the text.
    starts: Vec<usize>,
    digits: String,
}

impl CursorText {
    pub(crate) fn new(cursor: &Cursor) -> Self {
        let text = cursor.to_string();
        let first = text.rfind('.').map_or(0, |dot| dot + 1);
        let dashes = text
            .bytes()
            .enumerate()
            .skip(first)
            .filter(|(_, byte)| *byte == b'-')
            .map(|(at, _)| at + 1);
        let starts = std::iter::once(first).chain(dashes).collect();
        Self { text, starts, digits: String::new() }
    }

    /// Moves the position at `index` to `seq`.
    pub(crate) fn set(&mut self, index: usize, seq: u64) {
        self.digits.clear();
        write!(self.digits, "{}", Position(Some(seq))).expect("a string accepts everything");
        let start = self.starts[index];
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let before = end - start;
        self.text.replace_range(start..end, &self.digits);
        if before != self.digits.len() {
            self.starts[index + 1..]
                .iter_mut()
                .for_each(|start| *start = *start + self.digits.len() - before);
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_the_text_of_the_cursor(
            mut positions in prop::collection::vec(prop::option::of(0_u64..100_000), 1..6),
            moves in prop::collection::vec((0_usize..6, 0_u64..100_000), 0..20),
        ) {
            let cursor = |positions: &[Option<u64>]| Cursor::new("aaaaaa".parse().expect("an epoch"), positions.to_vec());
            let mut text = CursorText::new(&cursor(&positions));
            for (index, seq) in moves {
                let index = index % positions.len();
                positions[index] = Some(seq);
                text.set(index, seq);
                let expected = cursor(&positions).to_string();
                prop_assert_eq!(text.as_str(), expected.as_str());
            }
        }
    }
}
