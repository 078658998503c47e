//! A prepared query, applied to a run of rows or to a single parsed one. Remembers no results.

use crate::find::needle::{Candidate, Needle};
use crate::find::query::{Levels, Query};
use crate::find::row_texts::{any_of_entry, any_of_raw};
use crate::store::{Limit, Row, Run, Slot, Store, UNNAMED};
use logs_linear_regex::{Cache, Error as RegexError, Regex};
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::locate::ScanState;
use logs_sse_wire::message::Line;

/// A query whose needle or regular expression is prepared once for all rows.
#[derive(Clone, Debug)]
pub(super) struct Search {
    levels: Levels,
    pipeline: Option<String>,
    matcher: Matcher,
}

/// Matches texts. Another kind of search is another variant here, handled in
/// [`Search::search_run`], [`Search::accepts_parsed`] and [`Search::limit`].
#[derive(Clone, Debug)]
enum Matcher {
    /// Every text matches, as there is no needle.
    Any,
    /// The text contains the needle.
    Text(Needle),
    /// The regular expression matches. It cannot match a line without the needle.
    Pattern(Box<Regex>, Option<Needle>),
    /// The regular expression is invalid, so nothing matches.
    Invalid(RegexError),
}

/// The number by which slots refer to the requested pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Number(u16),
    /// The pipeline has no number: if there are such rows, their pipeline name was not stored.
    Unnamed,
}

impl Search {
    pub(super) fn new(query: &Query) -> Self {
        let matcher = match query.pattern() {
            None => Needle::from_query(query).map_or(Matcher::Any, Matcher::Text),
            Some(Ok(pattern)) => {
                let literal = Query {
                    force_case: query.match_case(),
                    ..Query::default().text(pattern.required_literal())
                };
                Matcher::Pattern(
                    Box::new(pattern),
                    Needle::from_query(&literal).filter(Needle::has_literal_run),
                )
            }
            Some(Err(error)) => Matcher::Invalid(error),
        };
        Self { levels: query.levels, pipeline: query.pipeline.clone(), matcher }
    }

    /// Returns the error in the regular expression, if that is why nothing is found.
    pub(super) fn error(&self) -> Option<RegexError> {
        match self.matcher {
            Matcher::Invalid(error) => Some(error),
            _ => None,
        }
    }

    /// Appends the matching rows of `run` to `found`, in order, and returns the cost in bytes.
    pub(super) fn search_run(
        &self,
        store: &Store,
        run: &Run<'_>,
        cache: &mut Cache,
        found: &mut Vec<u64>,
    ) -> usize {
        let rows = (run.numbers().end - run.numbers().start) as usize;
        let wanted = self.wanted(store);
        let passes = |number: u64, slot: &Slot| {
            self.levels.has(slot.level) && self.has_pipeline(store, number, slot, wanted)
        };
        match &self.matcher {
            Matcher::Any => {
                let all = run.numbers().filter_map(|number| run.row(number));
                found.extend(all.filter(|row| passes(row.number, row.slot)).map(|row| row.number));
                rows * COST_PER_SLOT
            }
            Matcher::Text(needle) => {
                let parsed = search_text(needle, run, passes, found);
                run.bytes().len() + parsed * COST_PER_BYTE_PARSED + 1
            }
            Matcher::Pattern(pattern, needle) => {
                let before = cache.steps();
                let parsed = search_pattern(
                    |text| pattern.is_match(text, cache),
                    needle.as_ref(),
                    run,
                    passes,
                    found,
                );
                rows * COST_PER_SLOT
                    + run.bytes().len()
                    + parsed * COST_PER_BYTE_PARSED
                    + cost(cache, before)
            }
            Matcher::Invalid(_) => rows * COST_PER_SLOT,
        }
    }

    /// Returns whether a parsed row matches, and the cost in bytes. Notices always match: a filter
    /// must not hide that lines are missing.
    pub(super) fn accepts_parsed(
        &self,
        row: &Row,
        is_json: bool,
        cache: &mut Cache,
    ) -> (bool, usize) {
        let Row::Line(line) = row else { return (true, COST_PER_SLOT) };
        let passes = self.levels.has(line.entry.level())
            && self.pipeline.as_deref().is_none_or(|name| name == line.entry.pipeline());
        match &self.matcher {
            Matcher::Text(needle) if passes => {
                (is_in_line(needle, line, is_json), row.cost() * COST_PER_BYTE_PARSED)
            }
            Matcher::Pattern(pattern, _) if passes => {
                let before = cache.steps();
                (
                    any_of_entry(&line.entry, |text| pattern.is_match(text, cache)),
                    row.cost() + cost(cache, before),
                )
            }
            Matcher::Invalid(_) => (false, COST_PER_SLOT),
            _ => (passes, COST_PER_SLOT),
        }
    }

    /// Returns how many rows to search at once.
    pub(super) fn limit(&self) -> Limit {
        match &self.matcher {
            // The cost of a row is known only afterwards. So search a few at once, with no more
            // bytes together than a single text may cost.
            Matcher::Pattern(pattern, _) => Limit { rows: 64, bytes: pattern.search_limit() },
            _ => Limit::CHUNK,
        }
    }

    /// Returns the text that is searched for, if any.
    pub(super) fn needle(&self) -> Option<&Needle> {
        match &self.matcher {
            Matcher::Text(needle) => Some(needle),
            _ => None,
        }
    }

    /// Returns the regular expression that is searched for, if any.
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

/// Scans the bytes of all rows at once, and looks at a single row only where there is a candidate.
/// Returns how many bytes were parsed.
///
/// Rows with escape sequences are parsed, because these may be in the middle of the needle.
fn search_text(
    needle: &Needle,
    run: &Run<'_>,
    passes: impl Fn(u64, &Slot) -> bool,
    found: &mut Vec<u64>,
) -> usize {
    let bytes = run.bytes();
    let (mut at, mut number, mut scan) = (0, run.numbers().start, ScanState::default());
    let (mut escaped, mut parsed_bytes) = (run.escaped().peekable(), 0);
    let mut search_escaped_to = |number: Option<u64>, found: &mut Vec<u64>| {
        while let Some(row) =
            escaped.next_if(|row| number.is_none_or(|number| row.number <= number))
        {
            let text = &bytes[row.text.clone()];
            parsed_bytes += text.len();
            if passes(row.number, row.slot)
                && str::from_utf8(text).is_ok_and(|text| needle.is_in_plain(text, row.slot.is_json))
            {
                found.push(row.number);
            }
        }
    };
    while let Some(candidate) = needle.candidate(bytes, at) {
        let Some(row) = run.row_at(candidate, number) else { break };
        if number != row.number {
            number = row.number;
            scan = ScanState::default();
        }
        at = if row.slot.has_escape {
            row.text.end
        } else if candidate < row.text.start {
            // The candidate is in the row's id.
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
                    // Keep the matches in row order.
                    search_escaped_to(Some(number), found);
                    found.push(number);
                    row.text.end
                }
                Candidate::SkipTo(next) => row.text.start + next,
            }
        };
    }
    search_escaped_to(None, found);
    parsed_bytes
}

/// Parses each row that may match, and returns how many bytes were parsed.
fn search_pattern(
    mut is_hit: impl FnMut(&str) -> bool,
    needle: Option<&Needle>,
    run: &Run<'_>,
    passes: impl Fn(u64, &Slot) -> bool,
    found: &mut Vec<u64>,
) -> usize {
    let mut parsed = 0;
    for row in run
        .numbers()
        .filter_map(|number| run.row(number))
        .filter(|row| passes(row.number, row.slot))
    {
        let text = &run.bytes()[row.text.clone()];
        // An error row shows a level that its text need not contain, and an escape sequence may be
        // in the middle of the needle.
        let may_match = row.slot.is_error
            || row.slot.has_escape
            || needle.is_none_or(|needle| needle.candidate(text, 0).is_some());
        if !may_match {
            continue;
        }
        parsed += text.len();
        if run.raw(&row).is_some_and(|raw| any_of_raw(&raw, row.slot.is_json, &mut is_hit)) {
            found.push(row.number);
        }
    }
    parsed
}

fn cost(cache: &Cache, before: u64) -> usize {
    usize::try_from(cache.steps() - before).unwrap_or(usize::MAX).saturating_mul(COST_PER_STEP)
}

/// A truncated line is no longer valid JSON, so search what its row shows instead.
fn is_in_line(needle: &Needle, line: &Line, is_json: bool) -> bool {
    let entry = &line.entry;
    if line.cut_bytes == 0 {
        return needle.is_in_plain(entry.text(), is_json);
    }
    [entry.message(), entry.pipeline(), entry.status(), entry.level_text()]
        .iter()
        .any(|text| needle.is_in_plain(text, false))
}

/// The cost of checking a slot, in bytes of text that take as long to scan.
const COST_PER_SLOT: usize = 8;

/// The cost of parsing one byte of an entry, and of one instruction of a pattern.
const COST_PER_BYTE_PARSED: usize = 20;
const COST_PER_STEP: usize = 16;
