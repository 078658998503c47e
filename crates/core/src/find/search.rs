//! A prepared query, applied to a run of rows or to a single parsed one. Remembers no results.

use std::ops::Range;

use crate::find::clause::{Clause, Subject, any_value, cut_texts};
use crate::find::needle::{Candidate, Needle};
use crate::find::pipelines::Pipelines;
use crate::find::query::{Levels, Query};
use crate::sorted::sorted;
use crate::store::{Limit, Row, Run, RunRow, Slot, Store, UNNAMED};
use logs_linear_regex::{Cache, Error as RegexError, Regex};
use logs_sse_wire::ansi::plain;
use logs_sse_wire::indexed_fields::IndexedFields;
use logs_sse_wire::locate::ScanState;
use logs_sse_wire::message::Line;

/// A query whose needles or regular expression are prepared once for all rows.
#[derive(Clone, Debug)]
pub(super) struct Search {
    levels: Levels,
    pipelines: Pipelines,
    times: Option<Range<i64>>,
    channels: Pipelines,
    matcher: Matcher,
}

/// Matches texts. Another kind of search is another variant here, handled in
/// [`Search::search_run`], [`Search::accepts_parsed`] and [`Search::limit`].
#[derive(Clone, Debug)]
enum Matcher {
    /// Every text matches, as there is nothing to find.
    Any,
    /// The line contains the needle and satisfies all clauses.
    Text(Needle, Vec<Clause>),
    /// The line satisfies all clauses, none of which is only a text that it contains.
    Clauses(Vec<Clause>),
    /// The regular expression matches. It cannot match a line without the needle.
    Pattern(Box<Regex>, Option<Needle>),
    /// The regular expression is invalid, so nothing matches.
    Invalid(RegexError),
}

/// The numbers by which slots refer to the pipelines or channels of a query.
#[derive(Debug)]
struct Numbers {
    /// Whether only some are shown, which need not have numbers.
    has_only: bool,
    only: Vec<u16>,
    not: Vec<u16>,
}

impl Numbers {
    fn of(names: &Pipelines, store: &Store, number: fn(&Store, &str) -> Option<u16>) -> Self {
        let numbers =
            |names: &[String]| names.iter().filter_map(|name| number(store, name)).collect();
        Self {
            has_only: !names.wanted().is_empty(),
            only: numbers(names.wanted()),
            not: numbers(names.unwanted()),
        }
    }

    fn has(&self, number: u16) -> bool {
        (!self.has_only || self.only.contains(&number)) && !self.not.contains(&number)
    }
}

impl Matcher {
    fn of(query: &Query) -> Self {
        match query.pattern() {
            None => Self::of_clauses(
                query.terms().iter().filter_map(|term| Clause::new(term, query.case)).collect(),
            ),
            Some(Ok(pattern)) => {
                let needle = Needle::new(pattern.required_literal(), pattern.ignores_case());
                Self::Pattern(Box::new(pattern), needle.filter(Needle::has_literal_run))
            }
            Some(Err(error)) => Self::Invalid(error),
        }
    }

    /// Searches for the longest text first: the others are looked for only where it is.
    fn of_clauses(mut clauses: Vec<Clause>) -> Self {
        let longest = clauses
            .iter()
            .enumerate()
            .filter_map(|(index, clause)| Some((clause.plain_needle()?.literal_length(), index)))
            .max();
        match longest {
            Some((_, index)) => Self::Text(clauses.swap_remove(index).into_needle(), clauses),
            None if clauses.is_empty() => Self::Any,
            None => Self::Clauses(clauses),
        }
    }
}

impl Search {
    pub(super) fn new(query: &Query) -> Self {
        Self {
            levels: query.shown_levels(),
            pipelines: query.pipelines.clone(),
            times: query.times.clone(),
            channels: query.channels.clone(),
            matcher: Matcher::of(query),
        }
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
        let pipelines = Numbers::of(&self.pipelines, store, Store::pipeline_number);
        // A line whose channel has no number is stored parsed.
        let channels = Numbers::of(&self.channels, store, Store::channel_number);
        let timely = self.times.as_ref().map(|times| store.rows_among(&run.numbers(), times));
        if timely.as_ref().is_some_and(Vec::is_empty) {
            return rows * COST_PER_SLOT;
        }
        let passes = |number: u64, slot: &Slot| {
            self.levels.has(slot.level)
                && channels.has(slot.channel)
                && timely.as_ref().is_none_or(|rows| has_row(rows, number))
                && self.has_pipeline(store, number, slot, &pipelines)
        };
        match &self.matcher {
            Matcher::Any => {
                let all = run.numbers().filter_map(|number| run.row(number));
                found.extend(all.filter(|row| passes(row.number, row.slot)).map(|row| row.number));
                rows * COST_PER_SLOT
            }
            Matcher::Text(needle, clauses) => {
                let parsed = search_text(needle, clauses, store, run, passes, found);
                run.bytes().len() + parsed * COST_PER_BYTE_PARSED + 1
            }
            Matcher::Clauses(clauses) => {
                let all = run.numbers().filter_map(|number| run.row(number));
                let passing = all.filter(|row| passes(row.number, row.slot));
                let hits = passing.filter(|row| satisfies(clauses, store, run.bytes(), row));
                found.extend(hits.map(|row| row.number));
                rows * COST_PER_SLOT + run.bytes().len() * clauses.len()
            }
            Matcher::Pattern(pattern, needle) => {
                let before = cache.steps();
                let parsed = search_pattern(
                    |text, is_json| {
                        let is_match = |value: &str| pattern.is_match(value, cache);
                        any_value(text, is_json, pattern.search_limit(), is_match)
                    },
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
        store: &Store,
        number: u64,
        row: &Row,
        is_json: bool,
        cache: &mut Cache,
    ) -> (bool, usize) {
        let Row::Line(line) = row else { return (true, COST_PER_SLOT) };
        let is_timely = self
            .times
            .as_ref()
            .is_none_or(|times| !store.rows_among(&(number..number + 1), times).is_empty());
        let passes = self.levels.has(line.entry.level())
            && is_timely
            && self.pipelines.has(line.entry.pipeline())
            && self.channels.has(line.channel.as_deref().unwrap_or_default());
        match &self.matcher {
            Matcher::Text(needle, clauses) if passes => (
                is_in_line(needle, line, is_json) && line_satisfies(clauses, line, is_json),
                row.cost() * COST_PER_BYTE_PARSED,
            ),
            Matcher::Clauses(clauses) if passes => {
                (line_satisfies(clauses, line, is_json), row.cost() * COST_PER_BYTE_PARSED)
            }
            Matcher::Pattern(pattern, _) if passes => {
                let before = cache.steps();
                let mut is_match = |value: &str| pattern.is_match(value, cache);
                let is_hit = if line.cut_bytes == 0 {
                    any_value(line.entry.text(), is_json, pattern.search_limit(), is_match)
                } else {
                    cut_texts(line).iter().any(|(_, text)| is_match(&plain(text)))
                };
                (is_hit, row.cost() + cost(cache, before))
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

    /// Returns the ranges of a displayed message that satisfy the query, in order.
    pub(super) fn marks(&self, message: &str) -> Vec<Range<usize>> {
        let found: Vec<_> = match &self.matcher {
            Matcher::Text(needle, clauses) => {
                let others = clauses.iter().flat_map(|clause| clause.marks(message));
                needle.marks(message).chain(others).collect()
            }
            Matcher::Clauses(clauses) => {
                clauses.iter().flat_map(|clause| clause.marks(message)).collect()
            }
            Matcher::Pattern(pattern, _) => return pattern.find_iter(message).collect(),
            Matcher::Any | Matcher::Invalid(_) => return Vec::new(),
        };
        let found = sorted(found.into_iter().map(|mark| (mark.start, mark.end)).collect());
        // Several words may be found in one place.
        let mut marks: Vec<Range<usize>> = Vec::new();
        for (start, end) in found {
            match marks.last_mut() {
                Some(mark) if start < mark.end => mark.end = mark.end.max(end),
                _ => marks.push(start..end),
            }
        }
        marks
    }

    /// Returns whether a value is a reason why its line matches. `name` is that of its field.
    pub(super) fn explains(&self, name: &str, value: &str) -> bool {
        let by_clauses =
            |clauses: &[Clause]| clauses.iter().any(|clause| clause.explains(name, value));
        match &self.matcher {
            Matcher::Text(needle, clauses) => {
                needle.is_in_plain(value, false) || by_clauses(clauses)
            }
            Matcher::Clauses(clauses) => by_clauses(clauses),
            Matcher::Pattern(pattern, _) => pattern.is_match(&plain(value), &mut Cache::default()),
            Matcher::Any | Matcher::Invalid(_) => false,
        }
    }

    fn has_pipeline(&self, store: &Store, number: u64, slot: &Slot, numbers: &Numbers) -> bool {
        if slot.pipeline == UNNAMED && !self.pipelines.is_all() {
            let raw = store.raw_line(number);
            return raw.is_some_and(|raw| self.pipelines.has(&IndexedFields::of(&raw).pipeline));
        }
        numbers.has(slot.pipeline)
    }
}

/// Scans the bytes of all rows at once, and looks at a single row only where there is a candidate.
/// Returns how many bytes were parsed.
///
/// Rows with escape sequences are parsed, because these may be in the middle of the needle.
fn search_text(
    needle: &Needle,
    clauses: &[Clause],
    store: &Store,
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
                && satisfies(clauses, store, bytes, &row)
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
                    if satisfies(clauses, store, bytes, &row) {
                        found.push(number);
                    }
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
    mut is_hit: impl FnMut(&str, bool) -> bool,
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
        // An escape sequence may be in the middle of the needle.
        let may_match =
            row.slot.has_escape || needle.is_none_or(|needle| needle.candidate(text, 0).is_some());
        if !may_match {
            continue;
        }
        parsed += text.len();
        if str::from_utf8(text).is_ok_and(|text| is_hit(text, row.slot.is_json)) {
            found.push(row.number);
        }
    }
    parsed
}

/// Returns whether ascending ranges have this row.
fn has_row(ranges: &[Range<u64>], number: u64) -> bool {
    let next = ranges.partition_point(|rows| rows.end <= number);
    ranges.get(next).is_some_and(|rows| rows.contains(&number))
}

fn satisfies(clauses: &[Clause], store: &Store, bytes: &[u8], row: &RunRow<'_>) -> bool {
    if clauses.is_empty() {
        return true;
    }
    let slot = row.slot;
    str::from_utf8(&bytes[row.text.clone()]).is_ok_and(|text| {
        let line = Subject {
            text,
            is_json: slot.is_json,
            has_escape: slot.has_escape,
            level: slot.level,
            channel: store.channel_of(slot),
        };
        clauses.iter().all(|clause| clause.accepts(line))
    })
}

fn line_satisfies(clauses: &[Clause], line: &Line, is_json: bool) -> bool {
    let level = line.entry.level();
    let channel = line.channel.as_deref().unwrap_or_default();
    let subject = Subject { text: line.entry.text(), is_json, has_escape: true, level, channel };
    clauses.iter().all(|clause| {
        if line.cut_bytes == 0 { clause.accepts(subject) } else { clause.accepts_cut(line) }
    })
}

fn cost(cache: &Cache, before: u64) -> usize {
    usize::try_from(cache.steps() - before).unwrap_or(usize::MAX).saturating_mul(COST_PER_STEP)
}

/// A truncated line is no longer valid JSON, so search what its row shows instead.
fn is_in_line(needle: &Needle, line: &Line, is_json: bool) -> bool {
    if line.cut_bytes == 0 {
        return needle.is_in_plain(line.entry.text(), is_json);
    }
    cut_texts(line).iter().any(|(_, text)| needle.is_in_plain(text, false))
}

/// The cost of checking a slot, in bytes of text that take as long to scan.
const COST_PER_SLOT: usize = 8;

/// The cost of parsing one byte of an entry, and of one instruction of a pattern.
const COST_PER_BYTE_PARSED: usize = 20;
const COST_PER_STEP: usize = 16;
