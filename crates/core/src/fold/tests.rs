//! Folded rows of a session against a naive model: a list of lines, and which of them join.

use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;

use crate::connection::Config;
use crate::find::{Levels, Query};
use crate::fold::{Folding, Join};
use crate::notice::Notice;
use crate::session::Session;
use crate::store::{Capacity, Row};
use logs_sse_wire::entry::Level;
use logs_sse_wire::message::Raw;

/// An error or not; a head, one of a few equal messages, or a continuation.
#[derive(Clone, Copy, Debug)]
struct Sent {
    is_error: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Head(u8),
    Continuation(u8),
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Sent>),
    Notice,
    Prepend(Vec<Sent>),
    Resize(usize),
    Fold(Folding),
    Query(u8),
    Search(usize),
    Clear,
    Undo,
}

fn sent() -> impl Strategy<Value = Sent> {
    let kind = prop_oneof![(0..3_u8).prop_map(Kind::Head), (0..2_u8).prop_map(Kind::Continuation),];
    (any::<bool>(), kind).prop_map(|(is_error, kind)| Sent { is_error, kind })
}

fn step() -> impl Strategy<Value = Step> {
    let lines = || prop::collection::vec(sent(), 1..8);
    let folding = any::<[bool; 3]>()
        .prop_map(|[traces, repeats, similar]| Step::Fold(Folding { traces, repeats, similar }));
    prop_oneof![
        12 => lines().prop_map(Step::Append),
        1 => Just(Step::Notice),
        2 => lines().prop_map(Step::Prepend),
        2 => (1..40_usize).prop_map(Step::Resize),
        2 => folding,
        3 => (0..4_u8).prop_map(Step::Query),
        6 => (0..3_000_usize).prop_map(Step::Search),
        1 => Just(Step::Clear),
        1 => Just(Step::Undo),
    ]
}

fn text(sent: Sent) -> String {
    let level = if sent.is_error { "ERROR" } else { "INFO" };
    let message = match sent.kind {
        Kind::Head(number) => format!("head {number}"),
        Kind::Continuation(number) => format!("  line {number}"),
    };
    format!(r#"{{"level":"{level}","message":"{message}"}}"#)
}

/// A stored row of the model.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// `None` for a notice.
    sent: Option<Sent>,
    join: Join,
    is_error: bool,
}

impl Held {
    fn after(last: Option<&Self>, sent: Sent) -> Self {
        let last = last.and_then(|last| Some((last, last.sent?)));
        let head = Self { sent: Some(sent), join: Join::Head, is_error: sent.is_error };
        let Some((last, last_sent)) = last else { return head };
        let is_continuation = matches!(sent.kind, Kind::Continuation(_));
        if is_continuation && (last.is_error || !sent.is_error) && last.join != Join::Repeats {
            return Self { join: Join::Continues, is_error: last.is_error, ..head };
        }
        let is_equal = (last_sent.kind, last_sent.is_error) == (sent.kind, sent.is_error);
        let is_similar = matches!(last_sent.kind, Kind::Continuation(_)) == is_continuation
            && last_sent.is_error == sent.is_error;
        let join = match last.join {
            Join::Continues => Join::Head,
            _ if is_equal => Join::Repeats,
            _ if is_similar => Join::Similar,
            _ => Join::Head,
        };
        Self { join, ..head }
    }
}

struct Harness {
    session: Session,
    held: Vec<Held>,
    /// The row before the next one, even if it was evicted.
    last: Option<Held>,
    folding: Folding,
    query: u8,
}

impl Harness {
    fn new() -> Self {
        let capacity = Capacity { lines: 30, bytes: usize::MAX };
        Self {
            session: Session::new(Config::default(), capacity, 1),
            held: Vec::new(),
            last: None,
            folding: Folding::default(),
            query: 0,
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Append(lines) => {
                for sent in lines {
                    self.session.store_mut().append(&Raw::bare(text(sent)));
                    self.last = Some(Held::after(self.last.as_ref(), sent));
                    self.held.extend(self.last);
                }
            }
            Step::Notice => {
                self.session.store_mut().note(Notice::NotReplayed { away: Duration::ZERO });
                self.last = Some(Held { sent: None, join: Join::Head, is_error: false });
                self.held.extend(self.last);
            }
            Step::Prepend(lines) => {
                // The page searches in each frame, and so before the response arrives.
                self.session.search(0);
                let texts: Vec<_> = lines.iter().map(|sent| text(*sent)).collect();
                let raws: Vec<_> = texts.iter().map(|text| Raw::bare(text.as_str())).collect();
                self.session.store_mut().prepend(&raws);
                let mut page: Vec<Held> = Vec::new();
                for sent in lines {
                    page.push(Held::after(page.last(), sent));
                }
                self.held.splice(0..0, page);
            }
            Step::Resize(lines) => {
                self.session.resize(Capacity { lines, bytes: usize::MAX });
            }
            Step::Fold(folding) => {
                self.folding = folding;
                self.session.set_folding(folding, None);
            }
            Step::Query(query) => {
                self.query = query;
                self.session.set_query(match query {
                    0 => Query::default(),
                    1 => Query { levels: Levels::of(&[Level::Error]), ..Query::default() },
                    2 => Query::default().text("line"),
                    _ => Query::default().text("0"),
                });
            }
            Step::Search(bytes) => {
                self.session.search(bytes);
            }
            Step::Clear => {
                self.session.clear();
                self.held.clear();
                self.last = None;
            }
            // Nothing has arrived in between: everything is as it was.
            Step::Undo => {
                self.session.clear_with_undo();
                self.session.undo_clear(None);
            }
        }
        let evicted = self.held.len() - self.session.store().len();
        self.held.drain(..evicted);
    }

    fn is_shown(&self, held: &Held) -> bool {
        let Some(sent) = held.sent else { return true };
        match self.query {
            0 => true,
            1 => held.is_error,
            2 => matches!(sent.kind, Kind::Continuation(_)),
            _ => matches!(sent.kind, Kind::Head(0) | Kind::Continuation(0)),
        }
    }

    /// Returns the rows of all stored lines.
    fn groups(&self) -> Vec<Range<u64>> {
        // A search by text shows similar lines one by one.
        let folding = Folding { similar: self.folding.similar && self.query < 2, ..self.folding };
        let first = self.session.store().range().start;
        let mut groups: Vec<Range<u64>> = Vec::new();
        let mut before: Option<&Held> = None;
        for (number, held) in (first..).zip(&self.held) {
            let follows = before.is_some_and(|before| before.sent.is_some());
            match groups.last_mut() {
                Some(last)
                    if follows
                        && folding
                            .joins(held.join, before.map_or(Join::Head, |before| before.join)) =>
                {
                    last.end = number + 1;
                }
                _ => groups.push(number..number + 1),
            }
            before = Some(held);
        }
        groups
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (session, store) = (&self.session, self.session.store());
        let first = store.range().start;
        let groups = self.groups();
        for group in &groups {
            let joins = group.clone().map(|number| self.held[(number - first) as usize].join);
            let lines = joins.skip(1).filter(|join| *join != Join::Continues).count() as u64 + 1;
            for number in group.clone() {
                prop_assert_eq!(store.group(number), group.clone());
                prop_assert_eq!(store.repeats(number), lines);
                let newest = if store.folding().similar { lines - 1 } else { 0 };
                prop_assert_eq!(store.shown_line(number), group.start + newest);
                let is_error = self.held[(number - first) as usize].is_error;
                prop_assert_eq!(store.level(number) == Level::Error, is_error);
            }
        }
        if !session.is_searched() {
            return Ok(());
        }
        let shown = |number: &u64| self.is_shown(&self.held[(*number - first) as usize]);
        let rows: Vec<Vec<u64>> = groups
            .iter()
            .map(|group| group.clone().filter(shown).collect::<Vec<_>>())
            .filter(|lines| !lines.is_empty())
            .collect();
        prop_assert_eq!(session.shown_numbers(), rows.concat());
        let ordinals = session.shown_range();
        prop_assert_eq!(ordinals.end - ordinals.start, rows.len() as u64);
        for (ordinal, lines) in ordinals.zip(&rows) {
            prop_assert_eq!(session.row_number(ordinal), lines.first().copied());
            for number in lines {
                prop_assert_eq!(session.ordinal_of(*number), Some(ordinal));
            }
        }
        let is_line = |number: &&u64| self.held[(**number - first) as usize].sent.is_some();
        let lines = rows.iter().flatten().filter(is_line).count() as u64;
        prop_assert_eq!(session.count_from(first).lines, lines);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_shown_line_is_in_exactly_one_row(steps in prop::collection::vec(step(), 1..60)) {
        let mut harness = Harness::new();
        for step in steps {
            harness.apply(step);
            harness.check()?;
        }
        harness.session.search(usize::MAX);
        harness.check()?;
    }
}

fn session(lines: &[(&str, &str)]) -> Session {
    let mut session = Session::new(Config::default(), Capacity::default(), 1);
    for (level, message) in lines {
        let text = entry(level, message);
        session.store_mut().append(&Raw::bare(text));
    }
    session
}

fn entry(level: &str, message: &str) -> String {
    let message = message.replace('"', "\\\"");
    format!(r#"{{"level":"{level}","message":"{message}"}}"#)
}

const TRACE: [(&str, &str); 4] = [
    ("ERROR", "Traceback (most recent call last):"),
    ("INFO", "  File \"load.py\", line 8, in load"),
    ("INFO", "    write(table)"),
    ("INFO", "ValueError: locked"),
];

#[test]
fn a_folded_row_reads_as_it_was_sent() {
    let session = session(&TRACE);
    let rows = session.shown_range();
    assert_eq!(rows.end - rows.start, 1);
    let number = session.row_number(rows.start).expect("a row");
    let whole = TRACE.map(|(_, message)| message).join("\n");
    let Some(Row::Line(line)) = session.store().folded(number) else { panic!("expected a line") };
    assert_eq!(line.entry.message(), whole);
    let (text, _) = session.row_text(number).expect("a row");
    assert_eq!((text.message, &*text.more, text.has_lines), (whole, "+3 lines", true));
}

#[test]
fn the_level_of_the_head_decides_which_lines_are_shown_and_how_they_count() {
    let mut session = session(&TRACE);
    session.set_query(Query { levels: Levels::of(&[Level::Error]), ..Query::default() });
    session.search(usize::MAX);
    assert_eq!(session.shown_numbers().len(), 4);
    let count = session.count_from(0);
    assert_eq!((count.lines, count.errors), (4, 1));
}

#[test]
fn a_match_in_a_folded_line_shows_the_head_and_the_match() {
    let mut session = session(&TRACE);
    for highlights in [false, true] {
        session.set_query(Query { highlights, ..Query::default().text("locked") });
        session.search(usize::MAX);
        let rows = session.shown_range();
        let number = session.row_number(rows.start).expect("a row");
        let (text, _) = session.row_text(number).expect("a row");
        assert!(text.message.starts_with("Traceback"), "{}", text.message);
        assert_eq!(text.more, "ValueError: locked +3 lines");
    }
}

#[test]
fn five_hundred_equal_lines_are_one_row_and_come_back() {
    let mut session = session(&[("INFO", "retrying"); 500]);
    let rows = |session: &Session| session.shown_range().count();
    assert_eq!(rows(&session), 500);
    session.set_folding(Folding { traces: true, repeats: true, similar: false }, None);
    assert_eq!(rows(&session), 1);
    let number = session.row_number(session.shown_range().start).expect("a row");
    let (text, _) = session.row_text(number).expect("a row");
    assert_eq!((&*text.message, &*text.more, text.has_lines), ("retrying", "×500", true));
    let (mut all, _) = session.unfolded_text(number).expect("a row");
    all.unfold();
    assert_eq!(all.more, "×500");
    assert_eq!(all.message.lines().count(), 500);
    session.set_folding(Folding::default(), None);
    assert_eq!(rows(&session), 500);
}

#[test]
fn similar_lines_are_one_row_with_the_newest_text_unless_a_search_needs_them() {
    let parts: Vec<_> = (1..=500).map(|part| format!("Reading part {part} of 500")).collect();
    let lines: Vec<_> = parts.iter().map(|part| ("INFO", part.as_str())).collect();
    let mut session = session(&lines);
    let rows = |session: &Session| session.shown_range().count();
    session.set_folding(Folding { similar: true, ..Folding::default() }, None);
    assert_eq!(rows(&session), 1);
    let number = session.row_number(session.shown_range().start).expect("a row");
    let (text, _) = session.row_text(number).expect("a row");
    assert_eq!((&*text.message, &*text.more), ("Reading part 500 of 500", "×500"));
    let (all, _) = session.unfolded_text(number).expect("a row");
    let listed: Vec<_> = all.message.lines().map(str::trim).collect();
    assert_eq!((listed.len(), listed[0], listed[499]), (500, &*parts[0], &*parts[499]));
    assert!(session.set_query_around(Query::default().text("17"), None));
    session.search(usize::MAX);
    assert_eq!((rows(&session), session.folding().similar), (15, true));
    assert!(session.set_query_around(Query::default(), None));
    assert_eq!(rows(&session), 1);
    session.set_folding(Folding::default(), None);
    assert_eq!(rows(&session), 500);
}

#[test]
fn a_trace_belongs_to_the_newest_of_similar_lines() {
    let mut lines = vec![("ERROR", "job 1 failed"), ("ERROR", "job 2 failed")];
    lines.extend([("ERROR", "\\tat one"), ("ERROR", "job 3 failed")]);
    let mut session = session(&lines);
    session.set_folding(Folding { similar: true, ..Folding::default() }, None);
    let rows = session.shown_range();
    assert_eq!(rows.end - rows.start, 2);
    let number = session.row_number(rows.start).expect("a row");
    let (text, _) = session.row_text(number).expect("a row");
    assert_eq!((&*text.message, &*text.more), ("job 2 failed\n\tat one", "×2 +1 line"));
    session.toggle_pin(number);
    assert!(session.is_pinned(number));
    assert_eq!(
        session.pins().all()[0].label(&crate::line_time::iso, None, &crate::words::Words::ENGLISH),
        "ERROR job 2 failed"
    );
}
