//! A set of characters. Knows no syntax.

/// A set of characters: a bit for each ASCII character, ranges for the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Class {
    ascii: u128,
    others: Vec<(char, char)>,
    /// Properties whose characters are in the set, or all others if `true`.
    properties: Vec<(Property, bool)>,
    /// Whether the non-ASCII part is every character outside of `others` and `properties`.
    is_negated: bool,
}

/// A property of characters that `\p` names, as the standard library knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    Letter,
    Uppercase,
    Lowercase,
    Number,
}

impl Property {
    /// Returns the property with this name, if it is known.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "L" | "Letter" | "Alphabetic" => Self::Letter,
            "Lu" | "Uppercase" => Self::Uppercase,
            "Ll" | "Lowercase" => Self::Lowercase,
            "N" | "Number" => Self::Number,
            _ => return None,
        })
    }

    fn has(self, character: char) -> bool {
        match self {
            Self::Letter => character.is_alphabetic(),
            Self::Uppercase => character.is_uppercase(),
            Self::Lowercase => character.is_lowercase(),
            Self::Number => character.is_numeric(),
        }
    }
}

impl Class {
    /// Returns what a dot matches: any character except a line feed.
    pub(crate) fn dot() -> Self {
        let mut class = Self::default();
        class.add('\n', '\n');
        class.negated()
    }

    /// Returns what a class escape such as `\d` matches, or `None` if the letter names no class.
    /// Classes cover ASCII; a capital letter negates them.
    pub(crate) fn of_escape(letter: char) -> Option<Self> {
        let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
            'd' => &[('0', '9')],
            'w' => &[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')],
            's' => &[('\t', '\r'), (' ', ' ')],
            _ => return None,
        };
        let mut class = Self::default();
        ranges.iter().for_each(|(first, last)| class.add(*first, *last));
        Some(if letter.is_ascii_uppercase() { class.negated() } else { class })
    }

    /// Returns the characters with a property, or those without it.
    pub(crate) fn of_property(property: Property, is_negated: bool) -> Self {
        let ascii = (0..128_u8)
            .filter(|byte| property.has(char::from(*byte)) != is_negated)
            .fold(0, |ascii, byte| ascii | 1 << byte);
        Self { ascii, properties: vec![(property, is_negated)], ..Self::default() }
    }

    /// Adds the characters from `first` to `last`, both included.
    pub(crate) fn add(&mut self, first: char, last: char) {
        for byte in 0..128_u8 {
            if (first..=last).contains(&char::from(byte)) {
                self.ascii |= 1 << byte;
            }
        }
        if !last.is_ascii() {
            self.others.push((first, last));
        }
    }

    /// Adds the class of an escape, which covers none of the non-ASCII characters, all, or those of
    /// a property.
    pub(crate) fn add_escape(&mut self, class: &Self) {
        self.ascii |= class.ascii;
        self.properties.extend(&class.properties);
        if class.is_negated {
            self.others.push(('\u{80}', char::MAX));
        }
    }

    /// Adds the other case of each ASCII letter in the set.
    pub(crate) fn fold(&mut self) {
        for letter in b'a'..=b'z' {
            let both = 1 << letter | 1 << letter.to_ascii_uppercase();
            if self.ascii & both != 0 {
                self.ascii |= both;
            }
        }
    }

    #[must_use]
    pub(crate) fn negated(self) -> Self {
        Self { ascii: !self.ascii, is_negated: !self.is_negated, ..self }
    }

    /// Returns whether the set contains `character`.
    pub(crate) fn has(&self, character: char) -> bool {
        match u8::try_from(character) {
            Ok(byte) if byte < 128 => self.ascii >> byte & 1 == 1,
            _ => {
                let is_listed =
                    self.others.iter().any(|(first, last)| (*first..=*last).contains(&character));
                let has_property = || {
                    self.properties
                        .iter()
                        .any(|(property, is_negated)| property.has(character) != *is_negated)
                };
                (is_listed || has_property()) != self.is_negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_added_and_its_opposite_the_rest() {
        let mut class = Class::default();
        class.add('b', 'c');
        class.add('y', 'é');
        let all = ['a', 'b', 'c', 'y', '~', 'è', 'ê', '😀'];
        assert_eq!(
            all.map(|character| class.has(character)),
            [false, true, true, true, true, true, false, false]
        );
        let negated = class.negated();
        assert_eq!(
            all.map(|character| negated.has(character)),
            [true, false, false, false, false, false, true, true]
        );
    }

    #[test]
    fn a_property_covers_what_the_standard_library_says() {
        for character in ('\0'..='\u{2fff}').chain(['😀', '漢']) {
            let has = |name, is_negated| {
                let property = Property::named(name).expect("a property");
                Class::of_property(property, is_negated).has(character)
            };
            assert_eq!(
                [has("L", false), has("Lu", false), has("Ll", true), has("N", false)],
                [
                    character.is_alphabetic(),
                    character.is_uppercase(),
                    !character.is_lowercase(),
                    character.is_numeric()
                ]
            );
        }
        assert_eq!(Property::named("Greek"), None);
    }

    #[test]
    fn escapes_are_about_ascii() {
        let has = |letter, character| Class::of_escape(letter).expect("a class").has(character);
        assert!(
            has('d', '7')
                && !has('d', '٣')
                && has('D', '٣')
                && has('w', '_')
                && !has('w', 'é')
                && has('s', '\u{b}')
                && !has('S', ' ')
        );
        assert_eq!(Class::of_escape('b'), None);
        let mut class = Class::default();
        class.add_escape(&Class::of_escape('W').expect("a class"));
        assert!(class.has('é') && class.has('-') && !class.has('x'));
    }
}
