//! Finds the keys that an object has more than once. Readers' parsers differ in which one they keep.

use std::borrow::Cow;

use crate::json::lexer::Quoted;
use crate::json::text::unescaped;

/// Calls `found` with the index of each of `keys` that occurs again later. Keys are equal if their
/// texts are, however they are escaped.
pub(crate) fn repeated(text: &str, keys: &[Quoted], mut found: impl FnMut(usize)) {
    if keys.len() > FEW || keys.iter().any(|key| key.has_escapes) {
        return repeated_by_text(text, keys, found);
    }
    let (bytes, mut seen) = (text.as_bytes(), 0_u64);
    for (index, key) in keys.iter().enumerate() {
        let name = &bytes[key.inner()];
        let bit = 1 << mark(name);
        if seen & bit != 0
            && let Some(before) = keys[..index].iter().rposition(|key| bytes[key.inner()] == *name)
        {
            found(before);
        }
        seen |= bit;
    }
}

/// Returns a number below 64 that most keys of an object do not share.
fn mark(name: &[u8]) -> usize {
    let [first, .., last] = name else {
        return name.first().copied().unwrap_or_default() as usize % 64;
    };
    (usize::from(*first) + 5 * usize::from(*last) + 17 * name.len()) % 64
}

/// Sorts, so that the time is almost linear in the length of the text, whatever the keys.
fn repeated_by_text(text: &str, keys: &[Quoted], mut found: impl FnMut(usize)) {
    let mut sorted: Vec<(Cow<'_, str>, usize)> = keys
        .iter()
        .enumerate()
        .map(|(index, key)| (unescaped(&text[key.inner()]), index))
        .collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if pair[0].0 == pair[1].0 {
            found(pair[0].1);
        }
    }
}

/// Up to this number of keys, comparing some is faster than sorting.
const FEW: usize = 48;
