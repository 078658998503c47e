//! Bytes looked for eight at a time in plain 64-bit words. Knows no lines and no JSON.
//!
//! WebAssembly has wide registers only where a page may ask for them; these words are everywhere.

/// A byte to look for, or a letter in both its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    byte: u8,
    fold: u8,
}

impl Sought {
    /// `byte`; a letter in either case when `folds`.
    pub const fn new(byte: u8, folds: bool) -> Self {
        let fold = if folds && byte.is_ascii_alphabetic() { CASE } else { 0 };
        Self { byte: byte | fold, fold }
    }

    /// Whether `byte` is it.
    pub fn is(self, byte: u8) -> bool {
        byte | self.fold == self.byte
    }

    /// A word with a zero byte where `word` holds it.
    fn differences(self, word: u64) -> u64 {
        (word | (u64::from(self.fold) * ONES)) ^ (u64::from(self.byte) * ONES)
    }
}

/// The first index from `from` on where both bytes are, each so far behind the index as is said, and where `is_it` agrees.
///
/// Two bytes at once, since in a log each letter alone is in every line.
pub fn find_pair(bytes: &[u8], from: usize, pair: [(Sought, usize); 2], is_it: &mut dyn FnMut(usize) -> bool) -> Option<usize> {
    let [(one, one_at), (other, other_at)] = pair;
    let count = bytes.len().checked_sub(one_at.max(other_at)).filter(|count| from < *count)?;
    let (ones, others) = (&bytes[one_at + from..one_at + count], &bytes[other_at + from..other_at + count]);
    let words = ones.chunks_exact(8).zip(others.chunks_exact(8));
    let mut at = from;
    for (left, right) in words {
        let mut marks = zeros(one.differences(word(left)) | other.differences(word(right)));
        while marks != 0 {
            let index = at + marks.trailing_zeros() as usize / 8;
            if is_it(index) {
                return Some(index);
            }
            marks &= marks - 1;
        }
        at += 8;
    }
    (at..count).find(|&index| one.is(bytes[index + one_at]) && other.is(bytes[index + other_at]) && is_it(index))
}

/// The first index from `from` on of either byte.
pub fn find_either(bytes: &[u8], from: usize, [one, other]: [Sought; 2]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut at = from;
    for chunk in rest.chunks_exact(8) {
        let word = word(chunk);
        let marks = zeros(one.differences(word)) | zeros(other.differences(word));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    (at..bytes.len()).find(|&index| one.is(bytes[index]) || other.is(bytes[index]))
}

/// How often `byte` is in `bytes`; `None` when `stop` is there too.
pub fn count_without(bytes: &[u8], byte: u8, stop: u8) -> Option<usize> {
    let (byte, stop) = (Sought::new(byte, false), Sought::new(stop, false));
    let mut count = 0;
    let chunks = bytes.chunks_exact(8);
    for &rest in chunks.remainder() {
        if stop.is(rest) {
            return None;
        }
        count += usize::from(byte.is(rest));
    }
    for chunk in chunks {
        let word = word(chunk);
        if zeros(stop.differences(word)) != 0 {
            return None;
        }
        count += exact_zeros(byte.differences(word)).count_ones() as usize;
    }
    Some(count)
}

fn word(chunk: &[u8]) -> u64 {
    chunk.try_into().map_or(0, u64::from_le_bytes)
}

/// The high bit of each byte that is zero. Above the first there may be a few too many: who asks for more than that looks again.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The high bit of each byte that is zero, and no other.
fn exact_zeros(word: u64) -> u64 {
    const LOW: u64 = ONES * 0x7f;
    !(((word & LOW) + LOW) | word | LOW)
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The bit by which a small letter differs from its capital.
const CASE: u8 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(byte: u8) -> Sought {
        Sought::new(byte, true)
    }

    #[test]
    fn finds_a_byte_wherever_it_stands() {
        for length in 0..40 {
            for place in 0..length {
                let mut bytes = vec![b'.'; length];
                bytes[place] = b'X';
                for from in 0..length {
                    let expected = (from <= place).then_some(place);
                    assert_eq!(find_either(&bytes, from, [sought(b'x'), sought(b'x')]), expected, "{length} {place} {from}");
                    assert_eq!(find_pair(&bytes, from, [(sought(b'x'), 0), (sought(b'X'), 0)], &mut |_| true), expected);
                }
            }
        }
    }

    #[test]
    fn a_pair_stands_as_far_apart_as_is_said() {
        let text = b"abcabdabcabdabdxx".repeat(3);
        let pair = [(sought(b'd'), 2), (sought(b'a'), 0)];
        let found: Vec<_> =
            std::iter::successors(find_pair(&text, 0, pair, &mut |_| true), |at| find_pair(&text, at + 1, pair, &mut |_| true)).collect();
        let expected: Vec<_> = (0..text.len() - 2).filter(|&at| text[at] == b'a' && text[at + 2] == b'd').collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_letters_have_two_cases() {
        assert!(Sought::new(b'e', true).is(b'E') && !Sought::new(b'e', false).is(b'E'));
        assert!(!Sought::new(b'@', true).is(b'`') && !Sought::new(b'\x1b', true).is(b';'));
    }

    #[test]
    fn counts_until_it_must_look_closer() {
        let text = "a\"b!\"!\"\"c\"d\"e".repeat(5);
        assert_eq!(count_without(text.as_bytes(), b'"', b'\\'), Some(30));
        assert_eq!((0..20).map(|at| count_without(&[&b"x".repeat(at), &b"\\y"[..]].concat(), b'"', b'\\')).find(Option::is_some), None);
    }
}
