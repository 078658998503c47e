//! A query made ready, put to a stretch of rows or to a single odd one. Remembers no answer.

use crate::find::needle::{Candidate, Needle};
use crate::find::query::{Levels, Query};
use crate::find::row_texts::{any_of_entry, any_of_raw};
use crate::store::{Limit, Row, Run, Slot, Store, UNNAMED};
use logs_linear_regex::{Cache, Error as RegexError, Regex};
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::locate::ScanState;
use logs_sse_wire::message::Line;

/// A query made ready.
#[derive(Clone, Debug)]
pub(super) struct Search {
    levels: Levels,
    pipeline: Option<String>,
    matcher: Matcher,
}

/// What looks at texts. A further kind of search is a further case here, and a question to it in
/// [`Search::take`], [`Search::accepts_parsed`] and [`Search::bound`].
#[derive(Clone, Debug)]
enum Matcher {
    /// Any text will do.
    Any,
    /// The text is there.
    Text(Needle),
    /// The regular expression matches; in a line without the text it cannot.
    Pattern(Box<Regex>, Option<Needle>),
    /// The regular expression is wrong, so no text will do.
    Wrong(RegexError),
}

/// The numbers by which slots name the pipeline that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Number(u16),
    /// It has no number: if there are such rows, their pipeline is not kept.
    Unnamed,
}

impl Search {
    pub(super) fn new(query: &Query) -> Self {
        let matcher = match query.pattern() {
            None => Needle::of(query).map_or(Matcher::Any, Matcher::Text),
            Some(Ok(pattern)) => {
                let literal = Query {
                    force_case: query.match_case(),
                    ..Query::default().text(pattern.required_literal())
                };
                Matcher::Pattern(
                    Box::new(pattern),
                    Needle::of(&literal).filter(Needle::has_literal_run),
                )
            }
            Some(Err(error)) => Matcher::Wrong(error),
        };
        Self { levels: query.levels, pipeline: query.pipeline.clone(), matcher }
    }

    /// What is wrong with the regular expression, if that is why nothing is found.
    pub(super) fn error(&self) -> Option<RegexError> {
        match self.matcher {
            Matcher::Wrong(error) => Some(error),
            _ => None,
        }
    }

    /// Adds the rows of `stretch` that match to `found`, in their order, and gives how many bytes
    /// were looked at.
    pub(super) fn take(
        &self,
        store: &Store,
        stretch: &Run<'_>,
        cache: &mut Cache,
        found: &mut Vec<u64>,
    ) -> usize {
        let rows = (stretch.numbers().end - stretch.numbers().start) as usize;
        let wanted = self.wanted(store);
        let passes = |number: u64, slot: &Slot| {
            self.levels.has(slot.level) && self.has_pipeline(store, number, slot, wanted)
        };
        match &self.matcher {
            Matcher::Any => {
                let all = stretch.numbers().filter_map(|number| stretch.row(number));
                found.extend(all.filter(|row| passes(row.number, row.slot)).map(|row| row.number));
                rows * BYTES_A_SLOT
            }
            Matcher::Text(needle) => {
                let read = look_for(needle, stretch, passes, found);
                stretch.bytes().len() + read * BYTES_A_BYTE_READ + 1
            }
            Matcher::Pattern(pattern, needed) => {
                let before = cache.steps();
                let read = look_at_each(
                    |text| pattern.is_match(text, cache),
                    needed.as_ref(),
                    stretch,
                    passes,
                    found,
                );
                rows * BYTES_A_SLOT
                    + stretch.bytes().len()
                    + read * BYTES_A_BYTE_READ
                    + cost(cache, before)
            }
            Matcher::Wrong(_) => rows * BYTES_A_SLOT,
        }
    }

    /// Whether a row matches that rests read, and how many bytes were looked at. Notices always do:
    /// a filtered log must not hide that lines are missing.
    pub(super) fn accepts_parsed(
        &self,
        row: &Row,
        is_json: bool,
        cache: &mut Cache,
    ) -> (bool, usize) {
        let Row::Line(line) = row else { return (true, BYTES_A_SLOT) };
        let passes = self.levels.has(line.entry.level())
            && self.pipeline.as_deref().is_none_or(|name| name == line.entry.pipeline());
        match &self.matcher {
            Matcher::Text(needle) if passes => {
                (is_in_line(needle, line, is_json), row.cost() * BYTES_A_BYTE_READ)
            }
            Matcher::Pattern(pattern, _) if passes => {
                let before = cache.steps();
                (
                    any_of_entry(&line.entry, |text| pattern.is_match(text, cache)),
                    row.cost() + cost(cache, before),
                )
            }
            Matcher::Wrong(_) => (false, BYTES_A_SLOT),
            _ => (passes, BYTES_A_SLOT),
        }
    }

    /// How many rows are to be taken at once.
    pub(super) fn bound(&self) -> Limit {
        match &self.matcher {
            // What each row costs is seen only afterwards: so a few at once, of as many bytes
            // together as one text may ask for.
            Matcher::Pattern(pattern, _) => Limit { rows: 64, bytes: pattern.search_limit() },
            _ => Limit::CHUNK,
        }
    }

    /// The text that is looked for, if it is one.
    pub(super) fn needle(&self) -> Option<&Needle> {
        match &self.matcher {
            Matcher::Text(needle) => Some(needle),
            _ => None,
        }
    }

    /// The regular expression that is looked for, if it is one.
    pub(super) fn pattern(&self) -> Option<&Regex> {
        match &self.matcher {
            Matcher::Pattern(pattern, _) => Some(pattern),
            _ => None,
        }
    }

    fn wanted(&self, store: &Store) -> Wanted {
        match &self.pipeline {
            None => Wanted::Any,
            Some(name) => store.pipeline_number(name).map_or(Wanted::Unnamed, Wanted::Number),
        }
    }

    fn has_pipeline(&self, store: &Store, number: u64, slot: &Slot, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Any => true,
            Wanted::Number(wanted) => slot.pipeline == wanted,
            Wanted::Unnamed if slot.pipeline == UNNAMED => {
                store.raw_line(number).is_some_and(|raw| {
                    self.pipeline.as_deref() == Some(&*IndexedFields::of(&raw).pipeline)
                })
            }
            Wanted::Unnamed => false,
        }
    }
}

/// Looks through the bytes of all rows at once, and at a row only where something was found. A row
/// with escape sequences is read, since they may stand in the midst of what is looked for. Returns
/// how many bytes were read.
fn look_for(
    needle: &Needle,
    stretch: &Run<'_>,
    passes: impl Fn(u64, &Slot) -> bool,
    found: &mut Vec<u64>,
) -> usize {
    let bytes = stretch.bytes();
    let (mut at, mut number, mut scan) = (0, stretch.numbers().start, ScanState::default());
    let (mut escaped, mut bytes_read) = (stretch.escaped().peekable(), 0);
    let mut read_to = |number: Option<u64>, found: &mut Vec<u64>| {
        while let Some(row) =
            escaped.next_if(|row| number.is_none_or(|number| row.number <= number))
        {
            let text = &bytes[row.text.clone()];
            bytes_read += text.len();
            if passes(row.number, row.slot)
                && str::from_utf8(text).is_ok_and(|text| needle.is_in_plain(text, row.slot.is_json))
            {
                found.push(row.number);
            }
        }
    };
    while let Some(candidate) = needle.candidate(bytes, at) {
        let Some(row) = stretch.row_at(candidate, number) else { break };
        if number != row.number {
            number = row.number;
            scan = ScanState::default();
        }
        at = if row.slot.has_escape {
            row.text.end
        } else if candidate < row.text.start {
            // In the row's id.
            row.text.start
        } else if !passes(number, row.slot) {
            row.text.end
        } else {
            match needle.verdict(
                &bytes[row.text.clone()],
                candidate - row.text.start,
                row.slot.is_json,
                &mut scan,
            ) {
                Candidate::Hit => {
                    // What is found stays in the order of the rows.
                    read_to(Some(number), found);
                    found.push(number);
                    row.text.end
                }
                Candidate::SkipTo(next) => row.text.start + next,
            }
        };
    }
    read_to(None, found);
    bytes_read
}

/// Reads what each row shows that may match, and gives how many bytes were read.
fn look_at_each(
    mut is_hit: impl FnMut(&str) -> bool,
    needed: Option<&Needle>,
    stretch: &Run<'_>,
    passes: impl Fn(u64, &Slot) -> bool,
    found: &mut Vec<u64>,
) -> usize {
    let mut read = 0;
    for row in stretch
        .numbers()
        .filter_map(|number| stretch.row(number))
        .filter(|row| passes(row.number, row.slot))
    {
        let text = &stretch.bytes()[row.text.clone()];
        // A failure shows a level that its text need not hold, and an escape sequence may stand in
        // the midst of what is needed.
        let may_match = row.slot.is_error
            || row.slot.has_escape
            || needed.is_none_or(|needed| needed.candidate(text, 0).is_some());
        if !may_match {
            continue;
        }
        read += text.len();
        if stretch.raw(&row).is_some_and(|raw| any_of_raw(&raw, row.slot.is_json, &mut is_hit)) {
            found.push(row.number);
        }
    }
    read
}

fn cost(cache: &Cache, before: u64) -> usize {
    usize::try_from(cache.steps() - before).unwrap_or(usize::MAX).saturating_mul(BYTES_A_STEP)
}

/// What was cut is no JSON any more; then what a row shows of it is searched.
fn is_in_line(needle: &Needle, line: &Line, is_json: bool) -> bool {
    let entry = &line.entry;
    if line.cut_bytes == 0 {
        return needle.is_in_plain(entry.text(), is_json);
    }
    [entry.message(), entry.pipeline(), entry.status(), entry.level_text()]
        .iter()
        .any(|text| needle.is_in_plain(text, false))
}

/// What a look at a slot counts against the bound on work, in bytes of text that take as long.
const BYTES_A_SLOT: usize = 8;

/// What reading a byte of an entry counts, and running a pattern's instruction.
const BYTES_A_BYTE_READ: usize = 20;
const BYTES_A_STEP: usize = 16;
