//! Whether two messages differ only in numbers, ids and quoted texts. Stores no text.

/// Returns a hash of a message in which numbers, hexadecimal numbers, UUIDs and quoted texts are
/// replaced. Messages with the same hash are similar.
pub(super) fn template(message: &str) -> u64 {
    let (mut hash, mut rest) = (Hash::default(), message.as_bytes());
    while let Some(first) = rest.first() {
        let length = match first {
            b'"' | b'\'' => quoted(rest, hash.follows_word),
            first if is_word(*first) => {
                let length = rest.iter().take_while(|byte| is_word(**byte)).count();
                match uuid(rest) {
                    Some(length) => length,
                    None => {
                        hash.add_word(&rest[..length]);
                        rest = &rest[length..];
                        continue;
                    }
                }
            }
            _ => 0,
        };
        if length > 0 {
            hash.add_variable();
        } else {
            hash.add(*first);
        }
        rest = &rest[length.max(1)..];
    }
    hash.finish()
}

/// FNV-1a. What it decides is reversible, so that no one gains from a collision.
struct Hash {
    value: u64,
    /// Whether the last byte was part of a word.
    follows_word: bool,
    /// What the text ends with: a variable, or a variable and what may be inside a number.
    tail: Tail,
}

enum Tail {
    Text,
    Variable,
    Separator(u8),
}

impl Default for Hash {
    fn default() -> Self {
        Self { value: 0xcbf2_9ce4_8422_2325, follows_word: false, tail: Tail::Text }
    }
}

impl Hash {
    fn add(&mut self, byte: u8) {
        self.flush();
        self.follows_word = is_word(byte);
        self.tail = match self.tail {
            Tail::Variable if matches!(byte, b'.' | b',') => {
                return self.tail = Tail::Separator(byte);
            }
            _ => Tail::Text,
        };
        self.mix(byte);
    }

    /// Adds a run of letters and digits: as one variable if it is a hexadecimal number, otherwise
    /// each of its runs of digits is one.
    fn add_word(&mut self, word: &[u8]) {
        let has_digit = word.iter().any(u8::is_ascii_digit);
        let digits = word.strip_prefix(b"0x").unwrap_or(word);
        let is_long = digits.len() < word.len() || word.len() >= FEWEST_HEX;
        if has_digit && is_long && digits.iter().all(u8::is_ascii_hexdigit) {
            return self.add_variable();
        }
        for byte in word {
            if byte.is_ascii_digit() {
                self.add_variable();
            } else {
                self.add(*byte);
            }
        }
    }

    /// Adds a variable. Several in a row are one, and so is a number with separators.
    fn add_variable(&mut self) {
        if matches!(self.tail, Tail::Text) {
            self.mix(VARIABLE);
        }
        (self.tail, self.follows_word) = (Tail::Variable, true);
    }

    fn finish(mut self) -> u64 {
        self.flush();
        self.value
    }

    /// Adds a separator after a number that turned out to be its end.
    fn flush(&mut self) {
        if let Tail::Separator(byte) = self.tail {
            self.mix(byte);
            self.tail = Tail::Text;
        }
    }

    fn mix(&mut self, byte: u8) {
        self.value = (self.value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Returns the length of the quoted text that `text` begins with, otherwise 0. An apostrophe in a
/// word begins none.
fn quoted(text: &[u8], follows_word: bool) -> usize {
    let quote = text[0];
    let end = text[1..].iter().position(|byte| *byte == quote || *byte == b'\n');
    match end.map(|end| end + 1) {
        Some(end) if text[end] == quote && !(follows_word && quote == b'\'') => end + 1,
        _ => 0,
    }
}

/// Returns the length of the UUID that `text` begins with.
fn uuid(text: &[u8]) -> Option<usize> {
    let uuid = text.get(..36)?;
    let is_end = text.get(36).is_none_or(|next| !is_word(*next));
    let is_valid = (0..36).all(|at| match at {
        8 | 13 | 18 | 23 => uuid[at] == b'-',
        _ => uuid[at].is_ascii_hexdigit(),
    });
    (is_valid && is_end).then_some(36)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// No byte of UTF-8.
const VARIABLE: u8 = 0xff;

/// A shorter word of hexadecimal digits is more likely a name, such as `e2e`.
const FEWEST_HEX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_similar(one: &str, other: &str) -> bool {
        template(one) == template(other)
    }

    #[test]
    fn messages_that_differ_in_numbers_ids_and_quoted_texts_are_similar() {
        for (one, other) in [
            ("Reading part 7 of 128", "Reading part 63 of 128"),
            ("took 1.5 s", "took 12 s"),
            ("1,204 rows", "7 rows"),
            ("s3://lake/part-00014.snappy", "s3://lake/part-00315.snappy"),
            ("run8801 done", "run17 done"),
            ("commit a3f9c27", "commit 99e1b04"),
            ("at 0xff", "at 0x7fff0a"),
            (
                "job 2f1c5f3e-aaaa-bbbb-cccc-deadbeefdead",
                "job 00000000-0000-4000-8000-000000000000",
            ),
            (r#"table "sales" is locked"#, r#"table "customers of 2026" is locked"#),
            ("no such key 'a'", "no such key 'b c'"),
        ] {
            assert!(is_similar(one, other), "{one} | {other}");
        }
    }

    #[test]
    fn messages_that_differ_in_words_are_not() {
        for (one, other) in [
            ("Reading part 7", "Writing part 7"),
            ("e2e passed", "a2a passed"),
            ("3 rows", "rows 3"),
            ("took 7.", "took 7"),
            ("can't load table of bob's", "can't drop index of bob's"),
            (r#"open ""#, r#"open "a"#),
            ("a", ""),
            ("Zeile ä", "Zeile ö"),
        ] {
            assert!(!is_similar(one, other), "{one} | {other}");
        }
    }

    #[derive(Clone, Debug)]
    enum Part {
        Word(String),
        Variable(String, String),
    }

    fn part() -> impl Strategy<Value = Part> {
        let kinds = [
            "[0-9]{1,9}",
            "[0-9]{1,3}\\.[0-9]{1,4}",
            "0x[0-9a-f]{1,8}",
            "[0-9][0-9a-f]{6,20}",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "\"[^\"\n]{0,9}\"",
            "'[^'\n]{0,9}'",
        ];
        prop_oneof![
            "[g-z]{1,6}".prop_map(Part::Word),
            prop::sample::select(kinds.to_vec())
                .prop_flat_map(|kind| (kind, kind))
                .prop_map(|(one, other)| Part::Variable(one, other)),
        ]
    }

    fn text(parts: &[Part], is_other: bool) -> String {
        let texts = parts.iter().map(|part| match part {
            Part::Word(word) => word.as_str(),
            Part::Variable(_, other) if is_other => other,
            Part::Variable(one, _) => one,
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn variables_do_not_count_and_words_do(parts in prop::collection::vec(part(), 0..9)) {
            prop_assert!(is_similar(&text(&parts, false), &text(&parts, true)));
            for at in 0..parts.len() {
                let mut changed = parts.clone();
                changed[at] = Part::Word("zzzzzzz".into());
                prop_assert!(!is_similar(&text(&parts, false), &text(&changed, false)));
            }
        }

        #[test]
        fn any_text_has_a_template(text in "\\PC{0,40}") {
            prop_assert!(is_similar(&text, &text));
        }
    }
}
