//! Finds the keys that an object has more than once. Readers' parsers differ in which one they keep.

use std::borrow::Cow;

use crate::json::text::unescaped;
use crate::json::tokens::Quoted;

/// Calls `found` with the index of each of `keys` that occurs again later. Keys are equal if their
/// texts are, however they are escaped.
pub(crate) fn repeated(text: &str, keys: &[Quoted], mut found: impl FnMut(usize)) {
    if keys.len() > FEW || keys.iter().any(|key| key.has_escapes) {
        return repeated_by_text(text, keys, found);
    }
    let bytes = text.as_bytes();
    for (index, key) in keys.iter().enumerate() {
        let length = key.range.len();
        // Most keys differ in their length already.
        let is_same = |other: &&Quoted| {
            other.range.len() == length && bytes[other.inner()] == bytes[key.inner()]
        };
        if keys[index + 1..].iter().any(|other| is_same(&other)) {
            found(index);
        }
    }
}

/// Sorts, so that the time is almost linear in the length of the text, whatever the keys.
fn repeated_by_text(text: &str, keys: &[Quoted], mut found: impl FnMut(usize)) {
    let mut sorted: Vec<(Cow<'_, str>, usize)> =
        keys.iter().enumerate().map(|(index, key)| (unescaped(&text[key.inner()]), index)).collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if pair[0].0 == pair[1].0 {
            found(pair[0].1);
        }
    }
}

/// Up to this number of keys, comparing all is faster than sorting.
const FEW: usize = 16;
