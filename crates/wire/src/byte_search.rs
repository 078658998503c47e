//! Searches for bytes, many at a time. Keeps no state.
//!
//! Not by the crate memchr, which has no pair of bytes in either case and no range of bytes, so
//! that `lanes` would stay beside it. Tried with memchr 2.8.3, in CPU time of interleaved runs in
//! V8: the other functions by `memchr`, `memchr2`, `memchr3` and `memchr_iter` take 0.90 to 1.03 of
//! the time (parsing a stream 1.01) and 0.5 kB more after brotli, or 0.98 to 1.13 of the time if
//! memchr is built for size like the client. `memmem` for texts that match case takes 0.7 of the
//! time where the text is absent, about the same elsewhere, and 4.1 kB more. Natively the times are
//! within 0.92 and 1.08, except for that absent text (0.82).

use crate::lanes::{COUNT, Lanes, Mask};

/// A byte to search for, or a letter in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteMatcher {
    byte: u8,
    fold: u8,
}

impl ByteMatcher {
    /// Matches `byte`, or a letter in either case if `ignore_case` is set.
    pub const fn new(byte: u8, ignore_case: bool) -> Self {
        let fold = if ignore_case && byte.is_ascii_alphabetic() { CASE } else { 0 };
        Self { byte: byte | fold, fold }
    }

    /// Returns whether `byte` matches.
    pub fn is(self, byte: u8) -> bool {
        byte | self.fold == self.byte
    }

    #[inline(always)]
    fn mask(self, lanes: Lanes) -> Mask {
        lanes.with_bits(self.fold).simd_eq(self.byte)
    }
}

/// Returns the first index from `from` on that has both bytes at their offsets and that `is_match`
/// accepts.
///
/// Searches for two bytes at once because almost every log line contains any single letter.
pub fn find_pair(
    bytes: &[u8],
    from: usize,
    pair: [(ByteMatcher, usize); 2],
    is_match: &mut dyn FnMut(usize) -> bool,
) -> Option<usize> {
    let [(one, one_at), (other, other_at)] = pair;
    let count = bytes.len().checked_sub(one_at.max(other_at)).filter(|count| from < *count)?;
    let (ones, rest) = bytes[one_at + from..one_at + count].as_chunks();
    let others = bytes[other_at + from..other_at + count].as_chunks().0;
    let mut at = from;
    for (left, right) in ones.iter().zip(others) {
        for lane in (one.mask(Lanes::load(left)) & other.mask(Lanes::load(right))).set_lanes() {
            if is_match(at + lane) {
                return Some(at + lane);
            }
        }
        at += COUNT;
    }
    debug_assert_eq!(at + rest.len(), count);
    (at..count).find(|&index| {
        one.is(bytes[index + one_at]) && other.is(bytes[index + other_at]) && is_match(index)
    })
}

/// Returns the first index from `from` on of a byte that either matcher accepts.
pub fn find_either(bytes: &[u8], from: usize, [one, other]: [ByteMatcher; 2]) -> Option<usize> {
    let mask = |lanes| one.mask(lanes) | other.mask(lanes);
    Some(from + first(bytes.get(from..)?, mask, |byte| one.is(byte) || other.is(byte))?)
}

/// Counts the occurrences of `byte`, or returns `None` if `bytes` contains `stop`.
pub fn count_without(bytes: &[u8], byte: u8, stop: u8) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks();
    let mut count = 0;
    for &each in rest {
        if each == stop {
            return None;
        }
        count += usize::from(each == byte);
    }
    for chunk in chunks {
        let lanes = Lanes::load(chunk);
        if lanes.simd_eq(stop).count() > 0 {
            return None;
        }
        count += lanes.simd_eq(byte).count();
    }
    Some(count)
}

/// Returns the index of the first `byte`.
pub fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    first(bytes, |lanes| lanes.simd_eq(byte), |each| each == byte)
}

/// Returns the index of the first line feed or carriage return.
pub fn line_end(bytes: &[u8]) -> Option<usize> {
    first(
        bytes,
        |lanes| lanes.simd_eq(b'\n') | lanes.simd_eq(b'\r'),
        |byte| matches!(byte, b'\n' | b'\r'),
    )
}

/// Returns the index of the first byte that is special inside a JSON string: a quote, a backslash,
/// or a control character, which must not occur there.
pub fn string_stop(bytes: &[u8]) -> Option<usize> {
    let mask = |lanes: Lanes| lanes.simd_eq(b'"') | lanes.simd_eq(b'\\') | lanes.simd_le(0x1f);
    first(bytes, mask, |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
}

/// Returns the index of the first matching byte. `mask` and `is_match` must agree.
// Inlined because the compiler, when it optimizes for size, would otherwise call a function for
// each step.
#[inline(always)]
fn first(
    bytes: &[u8],
    mask: impl Fn(Lanes) -> Mask,
    is_match: impl Fn(u8) -> bool,
) -> Option<usize> {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        if let Some(lane) = mask(Lanes::load(chunk)).first_set() {
            return Some(bytes.len() - rest.len() + lane);
        }
        rest = after;
    }
    let mut at = bytes.len() - rest.len();
    while !is_match(*bytes.get(at)?) {
        at += 1;
    }
    Some(at)
}

/// The bit that distinguishes a lowercase ASCII letter from its capital.
const CASE: u8 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(byte: u8) -> ByteMatcher {
        ByteMatcher::new(byte, true)
    }

    #[test]
    fn finds_a_byte_at_any_position() {
        for length in 0..40 {
            for place in 0..length {
                let mut bytes = vec![b'.'; length];
                bytes[place] = b'X';
                for from in 0..length {
                    let expected = (from <= place).then_some(place);
                    assert_eq!(
                        find_either(&bytes, from, [matcher(b'x'), matcher(b'x')]),
                        expected,
                        "{length} {place} {from}"
                    );
                    assert_eq!(
                        find_pair(
                            &bytes,
                            from,
                            [(matcher(b'x'), 0), (matcher(b'X'), 0)],
                            &mut |_| true
                        ),
                        expected
                    );
                }
            }
        }
    }

    #[test]
    fn finds_pairs_at_their_offsets() {
        let text = b"abcabdabcabdabdxx".repeat(3);
        let pair = [(matcher(b'd'), 2), (matcher(b'a'), 0)];
        let found: Vec<_> = std::iter::successors(find_pair(&text, 0, pair, &mut |_| true), |at| {
            find_pair(&text, at + 1, pair, &mut |_| true)
        })
        .collect();
        let expected: Vec<_> =
            (0..text.len() - 2).filter(|&at| text[at] == b'a' && text[at + 2] == b'd').collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_letters_have_two_cases() {
        assert!(ByteMatcher::new(b'e', true).is(b'E') && !ByteMatcher::new(b'e', false).is(b'E'));
        assert!(
            !ByteMatcher::new(b'@', true).is(b'`') && !ByteMatcher::new(b'\x1b', true).is(b';')
        );
    }

    #[test]
    fn counts_bytes_unless_the_stop_byte_occurs() {
        let text = "a\"b!\"!\"\"c\"d\"e".repeat(5);
        assert_eq!(count_without(text.as_bytes(), b'"', b'\\'), Some(30));
        assert_eq!(
            (0..20)
                .map(|at| count_without(&[&b"x".repeat(at), &b"\\y"[..]].concat(), b'"', b'\\'))
                .find(Option::is_some),
            None
        );
    }
}
