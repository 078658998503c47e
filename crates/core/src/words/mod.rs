//! Every text that people read in the viewer, and how numbers are inserted into it.
//!
//! English is compiled in. Another language is a [`Language`] from outside, which only the viewers
//! that use it load. What goes to the console, to files or to a program is always English.

#[cfg(feature = "view")]
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use self::english::ENGLISH;
#[cfg(feature = "view")]
use self::english::TOOLS;
pub use self::english::Word;
use crate::format::grouped;

/// Defines [`Word`] and its English texts. Those of a view are left out without one; the tools around
/// the lines have a table of their own, see [`load_tools`].
macro_rules! words {
    (
        everywhere { $($name:ident $text:literal $(| $plural:literal)?,)* }
        view { $($shown:ident $shown_text:literal $(| $shown_plural:literal)?,)* }
        tools { $($tool:ident $tool_text:literal $(| $tool_plural:literal)?,)* }
    ) => {
        /// A text of the viewer. `english.rs` lists the texts.
        #[expect(missing_docs, reason = "its text says what it is")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Word {
            $($name,)*
            $(#[cfg(feature = "view")] $shown,)*
            $(#[cfg(feature = "view")] $tool,)*
        }

        impl Word {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[
                $(Self::$name,)*
                $(#[cfg(feature = "view")] Self::$shown,)*
                $(#[cfg(feature = "view")] Self::$tool,)*
            ];

            /// Their names in Rust. Tables of other languages begin them in lower case.
            pub const NAMES: &'static [&'static str] = &[
                $(stringify!($name),)*
                $(#[cfg(feature = "view")] stringify!($shown),)*
                $(#[cfg(feature = "view")] stringify!($tool),)*
            ];
        }

        /// Singular and plural are separated by a line break.
        pub(super) static ENGLISH: &[&str] = &[
            $(concat!($text $(, "\n", $plural)?),)*
            $(#[cfg(feature = "view")] concat!($shown_text $(, "\n", $shown_plural)?),)*
        ];

        /// The words after those.
        #[cfg(feature = "view")]
        pub(super) static TOOLS: &[&str] =
            &[$(concat!($tool_text $(, "\n", $tool_plural)?),)*];
    };
}

mod english;
mod numbers;

impl Word {
    /// Returns the English text; a singular and a plural are separated by a line break.
    #[must_use]
    pub fn english(self) -> &'static str {
        let index = self as usize;
        ENGLISH.get(index).copied().unwrap_or_else(|| tool(index - ENGLISH.len()))
    }
}

#[cfg(feature = "view")]
thread_local! {
    static LOADED: Cell<&'static [&'static str]> = const { Cell::new(&[]) };
}

/// Makes the words of the tools around the lines available. In a browser they may be in a file that
/// is loaded later, with the tools themselves: only this function refers to them.
#[cfg(feature = "view")]
#[inline(never)]
pub fn load_tools() {
    LOADED.set(TOOLS);
}

#[cfg(feature = "view")]
fn tool(index: usize) -> &'static str {
    if cfg!(not(target_arch = "wasm32")) {
        load_tools();
    }
    LOADED.get().get(index).copied().unwrap_or_default()
}

/// Without a view there are none.
#[cfg(not(feature = "view"))]
fn tool(_: usize) -> &'static str {
    ""
}

/// A language from outside the program.
pub trait Language {
    /// Returns the text of `word`, or `None` to use the English one. A text may have several forms
    /// for a number `{count}`, separated by line breaks: the second is that for all other numbers.
    fn text(&self, word: Word) -> Option<&str>;

    /// Writes a number with this many decimals.
    fn number(&self, number: f64, decimals: usize) -> String;

    /// Returns the index of the form for this number.
    fn form(&self, number: u64) -> usize;

    /// Returns the tag of the language, such as `de`.
    fn tag(&self) -> &str;
}

/// The words of one viewer.
#[derive(Clone, Default)]
pub struct Words(Option<Rc<dyn Language>>);

impl Words {
    /// The texts that are compiled in.
    pub const ENGLISH: Self = Self(None);

    /// Creates the words of another language.
    #[must_use]
    pub fn new(language: Rc<dyn Language>) -> Self {
        Self(Some(language))
    }

    /// Returns the text of `word`, which has neither values nor forms.
    #[must_use]
    pub fn text(&self, word: Word) -> &str {
        self.find(word).0
    }

    /// Returns the text of `word` with values, each by the name in its place: `{name}`.
    #[must_use]
    pub fn fill(&self, word: Word, values: &[(&str, &str)]) -> String {
        fill(self.text(word), values)
    }

    /// Returns the text of `word` for a number, which is its value `{count}`.
    #[must_use]
    pub fn count(&self, word: Word, number: u64) -> String {
        self.count_with(word, number, &self.number(number), ("", ""))
    }

    /// The same with the number already written, and another value.
    #[must_use]
    pub fn count_with(
        &self,
        word: Word,
        number: u64,
        written: &str,
        value: (&str, &str),
    ) -> String {
        let (text, language) = self.find(word);
        let form = language.map_or(usize::from(number != 1), |language| language.form(number));
        let mut forms = text.split('\n');
        let first = forms.next().unwrap_or_default();
        let other = forms.clone().next().unwrap_or(first);
        let text = match form {
            0 => first,
            form => forms.nth(form - 1).filter(|form| !form.is_empty()).unwrap_or(other),
        };
        fill(text, &[("count", written), value])
    }

    /// Writes a number with grouped digits.
    #[must_use]
    pub fn number(&self, number: u64) -> String {
        match &self.0 {
            None => grouped(number),
            Some(language) => language.number(number as f64, 0),
        }
    }

    /// Returns the tag of the language, or an empty string for that of the page.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.0.as_ref().map_or("", |language| language.tag())
    }

    /// Returns the text of a word, and the language that decides which of its forms to use, unless
    /// that is English.
    fn find(&self, word: Word) -> (&str, Option<&dyn Language>) {
        let own = self.0.as_deref();
        let text = own.and_then(|language| language.text(word));
        text.map_or((word.english(), None), |text| (text, own))
    }
}

/// Returns whether both have the same table, not only equal ones.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(other, _)| *other == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_selects_the_form_and_is_grouped() {
        let lines = |count| Words::ENGLISH.count(Word::Lines, count);
        assert_eq!([lines(0), lines(1), lines(1_204)], ["0 lines", "1 line", "1,204 lines"]);
        assert_eq!(Words::ENGLISH.count(Word::New, 1), "1 new", "one form for all");
    }

    #[test]
    fn a_value_that_looks_like_a_place_stays_as_it_is() {
        let text = Words::ENGLISH.fill(Word::FailureExplained, &[("error", "{error} {count}")]);
        assert_eq!(text, "the server sent an error instead of a stream: {error} {count}");
        assert_eq!(fill("a {b", &[("b", "c")]), "a c");
        assert_eq!(fill("} {x} {}", &[]), "}  ");
    }

    #[test]
    fn every_english_text_is_there_and_every_place_has_a_name() {
        for (word, name) in Word::ALL.iter().zip(Word::NAMES) {
            let text = word.english();
            assert!(!text.is_empty() && text.trim() == text, "{name}");
            let places: Vec<_> = text.split('{').skip(1).collect();
            assert!(
                places.iter().all(|place| place.find('}').is_some_and(|end| end > 0)),
                "{name}: {text}"
            );
        }
    }
}
