//! Bytes looked for, many at a time. Knows no lines and no JSON.

use crate::lanes::{COUNT, Lanes, Marks};

/// A byte to look for, or a letter in both its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteMatcher {
    byte: u8,
    fold: u8,
}

impl ByteMatcher {
    /// `byte`; a letter in either case when `folds`.
    pub const fn new(byte: u8, folds: bool) -> Self {
        let fold = if folds && byte.is_ascii_alphabetic() { CASE } else { 0 };
        Self { byte: byte | fold, fold }
    }

    /// Whether `byte` is it.
    pub fn is(self, byte: u8) -> bool {
        byte | self.fold == self.byte
    }

    #[inline(always)]
    fn marks(self, lanes: Lanes) -> Marks {
        lanes.with(self.fold).are(self.byte)
    }
}

/// The first index from `from` on where both bytes are, each so far behind the index as is said,
/// and where `is_it` agrees.
///
/// Two bytes at once, since in a log each letter alone is in every line.
pub fn find_pair(
    bytes: &[u8],
    from: usize,
    pair: [(ByteMatcher, usize); 2],
    is_it: &mut dyn FnMut(usize) -> bool,
) -> Option<usize> {
    let [(one, one_at), (other, other_at)] = pair;
    let count = bytes.len().checked_sub(one_at.max(other_at)).filter(|count| from < *count)?;
    let (ones, rest) = bytes[one_at + from..one_at + count].as_chunks();
    let others = bytes[other_at + from..other_at + count].as_chunks().0;
    let mut at = from;
    for (left, right) in ones.iter().zip(others) {
        for lane in (one.marks(Lanes::of(left)) & other.marks(Lanes::of(right))).lanes() {
            if is_it(at + lane) {
                return Some(at + lane);
            }
        }
        at += COUNT;
    }
    debug_assert_eq!(at + rest.len(), count);
    (at..count).find(|&index| {
        one.is(bytes[index + one_at]) && other.is(bytes[index + other_at]) && is_it(index)
    })
}

/// The first index from `from` on of either byte.
pub fn find_either(bytes: &[u8], from: usize, [one, other]: [ByteMatcher; 2]) -> Option<usize> {
    let marks = |lanes| one.marks(lanes) | other.marks(lanes);
    Some(from + first(bytes.get(from..)?, marks, |byte| one.is(byte) || other.is(byte))?)
}

/// How often `byte` is in `bytes`; `None` when `stop` is there too.
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
        let lanes = Lanes::of(chunk);
        if lanes.are(stop).count() > 0 {
            return None;
        }
        count += lanes.are(byte).count();
    }
    Some(count)
}

/// The index of the first such byte.
pub fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    first(bytes, |lanes| lanes.are(wanted), |byte| byte == wanted)
}

/// The index of the first `\n` or `\r`.
pub fn line_end(bytes: &[u8]) -> Option<usize> {
    first(bytes, |lanes| lanes.are(b'\n') | lanes.are(b'\r'), |byte| matches!(byte, b'\n' | b'\r'))
}

/// The index of the first byte that says something to JSON inside a string: a quote, a backslash,
/// or what may not stand there.
pub fn string_stop(bytes: &[u8]) -> Option<usize> {
    let marks = |lanes: Lanes| lanes.are(b'"') | lanes.are(b'\\') | lanes.are_up_to(0x1f);
    first(bytes, marks, |byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
}

/// The index of the first byte that is wanted; both say the same of it.
// Written out in each caller: where size comes first, the compiler would else call a function for
// each step.
#[inline(always)]
fn first(
    bytes: &[u8],
    marks: impl Fn(Lanes) -> Marks,
    is_wanted: impl Fn(u8) -> bool,
) -> Option<usize> {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        if let Some(lane) = marks(Lanes::of(chunk)).first() {
            return Some(bytes.len() - rest.len() + lane);
        }
        rest = after;
    }
    let mut at = bytes.len() - rest.len();
    while !is_wanted(*bytes.get(at)?) {
        at += 1;
    }
    Some(at)
}

/// The bit by which a small letter differs from its capital.
const CASE: u8 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(byte: u8) -> ByteMatcher {
        ByteMatcher::new(byte, true)
    }

    #[test]
    fn finds_a_byte_wherever_it_stands() {
        for length in 0..40 {
            for place in 0..length {
                let mut bytes = vec![b'.'; length];
                bytes[place] = b'X';
                for from in 0..length {
                    let expected = (from <= place).then_some(place);
                    assert_eq!(
                        find_either(&bytes, from, [sought(b'x'), sought(b'x')]),
                        expected,
                        "{length} {place} {from}"
                    );
                    assert_eq!(
                        find_pair(
                            &bytes,
                            from,
                            [(sought(b'x'), 0), (sought(b'X'), 0)],
                            &mut |_| true
                        ),
                        expected
                    );
                }
            }
        }
    }

    #[test]
    fn a_pair_stands_as_far_apart_as_is_said() {
        let text = b"abcabdabcabdabdxx".repeat(3);
        let pair = [(sought(b'd'), 2), (sought(b'a'), 0)];
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
    fn counts_until_it_must_look_closer() {
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
