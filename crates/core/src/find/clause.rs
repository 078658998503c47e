//! A term of the query, prepared once for all lines: decides whether one line satisfies it.

use std::ops::Range;

use crate::find::needle::Needle;
use crate::find::query::Case;
use crate::find::terms::Term;
use logs_sse_wire::ansi::plain;
use logs_sse_wire::entry::Level;
use logs_sse_wire::locate::{Part, any_part, any_part_of, literals};
use logs_sse_wire::message::Line;

/// A term that is prepared for a search.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    is_excluded: bool,
    needle: Needle,
    field: Option<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    /// The text as typed, which may be the name of a level.
    text: String,
    value: Needle,
}

/// A line as a clause sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) text: &'a str,
    pub(super) is_json: bool,
    /// Whether the text may contain escape sequences.
    pub(super) has_escape: bool,
    pub(super) level: Level,
    /// The channel on which it was published, or an empty name.
    pub(super) channel: &'a str,
}

impl Clause {
    pub(super) fn new(term: &Term, case: Case) -> Option<Self> {
        let needle = |text: &str| Needle::new(text, !case.matches(text));
        Some(Self {
            is_excluded: term.is_excluded,
            needle: needle(&term.literal())?,
            field: match &term.field {
                Some(name) => Some(Field {
                    name: name.clone(),
                    text: term.text.clone(),
                    value: needle(&term.text)?,
                }),
                None => None,
            },
        })
    }

    /// Returns the text of a clause that is nothing but that.
    pub(super) fn plain_needle(&self) -> Option<&Needle> {
        (self.field.is_none() && !self.is_excluded).then_some(&self.needle)
    }

    /// Returns the needle of a clause that has one only; see [`plain_needle`](Self::plain_needle).
    pub(super) fn into_needle(self) -> Needle {
        self.needle
    }

    /// Returns whether a line satisfies the clause.
    pub(super) fn accepts(&self, line: Subject<'_>) -> bool {
        let is_found = self.needle.is_in_line(line.text, line.is_json, line.has_escape)
            || self.field.as_ref().is_some_and(|field| field.is_in(line));
        is_found != self.is_excluded
    }

    /// Does the same for a truncated line, which is no longer valid JSON: by what its row shows.
    pub(super) fn accepts_cut(&self, line: &Line) -> bool {
        let is_found = cut_texts(line).iter().any(|(name, text)| {
            let is_in = |needle: &Needle| needle.is_in_plain(text, false);
            is_in(&self.needle)
                || self.field.as_ref().is_some_and(|field| {
                    field.is_level(line.entry.level())
                        || field.is_channel(line.channel.as_deref().unwrap_or_default())
                        || field.has_name(name) && is_in(&field.value)
                })
        });
        is_found != self.is_excluded
    }

    /// Returns the ranges of a message that satisfy the clause.
    pub(super) fn marks(&self, message: &str) -> Vec<Range<usize>> {
        if self.is_excluded {
            return Vec::new();
        }
        let in_field = self.field.as_ref().filter(|field| field.has_name("message"));
        let of_field = in_field.into_iter().flat_map(|field| field.value.marks(message));
        self.needle.marks(message).chain(of_field).collect()
    }

    /// Returns whether the clause requires a value, as given by its field's name.
    pub(super) fn explains(&self, name: &str, value: &str) -> bool {
        !self.is_excluded
            && match &self.field {
                Some(field) => field.explains(name, value),
                None => self.needle.is_in_plain(value, false),
            }
    }
}

impl Field {
    fn is_in(&self, line: Subject<'_>) -> bool {
        if self.is_level(line.level) || self.is_channel(line.channel) {
            return true;
        }
        if !line.has_escape && !self.value.may_be_in(line.text) {
            return false;
        }
        if !line.is_json || !line.text.trim_start().starts_with('{') {
            return self.has_name("message") && self.value.is_in_plain(line.text, line.is_json);
        }
        any_part_of(
            line.text,
            |name| self.has_name(name),
            |part| match part {
                Part::String(text) => self.value.is_in_plain(&text, false),
                Part::Literal(text) => literals(text).any(|literal| self.value.is(literal)),
            },
        )
    }

    fn explains(&self, name: &str, value: &str) -> bool {
        let is_level = self.name.eq_ignore_ascii_case("level");
        self.has_name(name) && (is_level || self.value.is_in_plain(value, false))
    }

    fn is_level(&self, level: Level) -> bool {
        self.name.eq_ignore_ascii_case("level") && level.name().eq_ignore_ascii_case(&self.text)
    }

    /// Returns whether the channel is meant, and contains the text.
    fn is_channel(&self, channel: &str) -> bool {
        self.name.eq_ignore_ascii_case("channel") && self.value.is_in_plain(channel, false)
    }

    /// Returns whether a field of this name is meant. A message or pipeline may have other names.
    fn has_name(&self, name: &str) -> bool {
        let other_names: &[&str] = match () {
            () if self.name.eq_ignore_ascii_case("message") => &["description", "msg"],
            () if self.name.eq_ignore_ascii_case("pipeline") => &["stageName"],
            () => &[],
        };
        self.name.eq_ignore_ascii_case(name) || other_names.contains(&name)
    }
}

/// Returns whether `is_match` accepts any value of a line, of whose values at most `limit` bytes
/// each and four times as many together are read. An entry that is not JSON is a single value.
pub(super) fn any_value(
    text: &str,
    is_json: bool,
    limit: usize,
    mut is_match: impl FnMut(&str) -> bool,
) -> bool {
    if !is_json {
        return is_match(&plain(text));
    }
    let (mut left, mut is_found) = (4 * limit, false);
    any_part(text, |part| {
        let mut look = |value: &str| {
            left = left.saturating_sub(value.len().min(limit) + 1);
            is_found = is_match(value);
            is_found || left == 0
        };
        match part {
            Part::String(value) => look(&plain(&value)),
            Part::Literal(part) => literals(part).any(look),
        }
    });
    is_found
}

/// Returns what a truncated line has, with the names of the fields.
pub(super) fn cut_texts(line: &Line) -> [(&'static str, &str); 4] {
    let entry = &line.entry;
    [
        ("message", entry.message()),
        ("pipeline", entry.pipeline()),
        ("status", entry.status()),
        ("level", entry.level_text()),
    ]
}
