//! The page shows the rows that the query selects: after any sequence of queries, filters, lines,
//! evictions, clears and breaks, the drawn rows equal a naive recomputation, although the page
//! draws only when its view model changes and rewrites only rows that show another line.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use logs_sse_core::connection::Input;
use logs_sse_core::find::{Choice, Query};
use logs_sse_core::session::SourceEvent;
use logs_sse_core::store::{Capacity, Row};
use logs_sse_core::summary::RowText;
use logs_sse_core::view_model::ViewModel;
use logs_sse_core::viewport::Viewport;
use logs_sse_wire::entry::Level;
use proptest::prelude::*;
use support::sim::Sim;

const LEVELS: [Level; 3] = [Level::Error, Level::Warn, Level::Info];
const PIPELINES: [&str; 3] = ["P", "Q", ""];
const WORDS: [&str; 4] = ["alpha one", "beta two", "alpha beta", "gamma"];

#[derive(Clone, Debug)]
enum Step {
    Append {
        level: usize,
        pipeline: usize,
        word: usize,
        lines: usize,
    },
    Text(&'static str),
    Regex,
    Highlight,
    Level(Level, Choice),
    Pipeline(usize, Choice),
    Resize(usize),
    Clear,
    /// The link breaks and recovers.
    Break,
    /// The page subscribes to this number of channels, always including the first.
    Channels(usize),
    Disconnect,
    Scroll(u32),
    Follow,
    Wrap,
    /// A listener has received all but this number of rows.
    Deliver(Option<u64>),
    /// The search continues for this many bytes and is drawn before it is complete.
    Search(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let some = (0..3_usize, 0..3_usize, 0..4_usize, 1..40_usize);
    prop_oneof![
        6 => some.prop_map(|(level, pipeline, word, lines)| Step::Append { level, pipeline, word, lines }),
        6 => prop::sample::select(vec!["", "alpha", "beta", "a", "one|two", "ALPHA"]).prop_map(Step::Text),
        1 => Just(Step::Regex),
        2 => (prop::sample::select(LEVELS.to_vec()), choice()).prop_map(|(level, choice)| Step::Level(level, choice)),
        2 => (0..3_usize, choice()).prop_map(|(name, choice)| Step::Pipeline(name, choice)),
        1 => Just(Step::Highlight),
        2 => (1..60_usize).prop_map(Step::Resize),
        1 => Just(Step::Clear),
        1 => Just(Step::Break),
        1 => (1..3_usize).prop_map(Step::Channels),
        1 => Just(Step::Disconnect),
        3 => (0..2_000_u32).prop_map(Step::Scroll),
        1 => Just(Step::Follow),
        1 => Just(Step::Wrap),
        2 => prop::option::of(0..50_u64).prop_map(Step::Deliver),
        2 => (0..2_000_usize).prop_map(Step::Search),
    ]
}

fn choice() -> impl Strategy<Value = Choice> {
    prop::sample::select(vec![Choice::Open, Choice::Only, Choice::Not])
}

/// A row on the page: its texts, and the marked parts of its message.
type Drawn = (RowText, Vec<std::ops::Range<usize>>);

/// The page: it keeps the last view model, and the rows that it wrote by the number of the line
/// that each shows.
struct Page {
    sim: Sim,
    viewport: Viewport,
    query: Query,
    seq: u64,
    last: Option<ViewModel>,
    written: HashMap<u64, Drawn>,
    rows: Vec<Drawn>,
}

impl Page {
    fn new() -> Self {
        let mut page = Self {
            sim: Sim::new(),
            viewport: Viewport::default(),
            query: Query::default(),
            seq: 0,
            last: None,
            written: HashMap::new(),
            rows: Vec::new(),
        };
        page.sim.follow(&channels(1));
        page.sim.input(Input::Connect);
        page.sim.accept();
        page
    }

    fn apply(&mut self, step: &Step) {
        match step {
            &Step::Append { level, pipeline, word, lines } => {
                (0..lines).for_each(|_| self.append(level, pipeline, word));
            }
            Step::Text(text) => self.query(|query| query.text = (*text).to_owned()),
            Step::Regex => self.query(|query| query.is_regex = !query.is_regex),
            Step::Level(level, choice) => self.query(|query| query.choose_level(*level, *choice)),
            Step::Pipeline(name, choice) => {
                self.query(|query| query.pipelines.choose(PIPELINES[*name], *choice));
            }
            Step::Highlight => self.query(|query| query.highlights = !query.highlights),
            Step::Resize(lines) => self.sim.session.resize(Capacity::from_lines(*lines)),
            Step::Clear => self.sim.session.clear(),
            Step::Break => self.reconnect(),
            Step::Channels(count) => {
                self.sim.follow(&channels(*count));
                self.accept();
            }
            Step::Disconnect => {
                self.sim.input(Input::Disconnect);
                self.sim.input(Input::Connect);
                self.accept();
            }
            Step::Scroll(top) => {
                let (start, end) = self.last.as_ref().map_or((0, 0), |model| model.window.held);
                self.viewport.scrolled(f64::from(*top), &(start..end));
            }
            Step::Follow => self.viewport.follow(),
            Step::Wrap => self.viewport.wrap(!self.viewport.is_wrapping()),
            Step::Deliver(rest) => {
                let end = self.sim.session.store().range().end;
                self.sim.session.retain_from(rest.map(|rest| end.saturating_sub(rest)));
            }
            Step::Search(bytes) => drop(self.sim.session.search(*bytes)),
        }
    }

    fn append(&mut self, level: usize, pipeline: usize, word: usize) {
        self.seq += 1;
        let Self { seq, .. } = *self;
        let data = format!(
            r#"{{"channel":"{}","data":{{"level":"{}","pipeline":"{}","message":"{} {seq}"}},"timestamp":1,"id":"i{seq}","seq":{seq}}}"#,
            channels(1)[0],
            LEVELS[level].name(),
            PIPELINES[pipeline],
            WORDS[word]
        );
        if self.sim.url().is_some() {
            self.sim.event(
                self.sim.source(),
                SourceEvent::Message { event: "message", id: "", data: &data },
            );
        }
    }

    fn query(&mut self, change: impl FnOnce(&mut Query)) {
        change(&mut self.query);
        let place = self.viewport.place(&self.sim.session, &[]);
        let near = place.map(|place| place.number);
        if self.sim.session.set_query_around(self.query.clone(), near) {
            self.viewport.renumber(&self.sim.session, place);
        }
    }

    fn reconnect(&mut self) {
        if self.sim.url().is_some() {
            self.sim.drop_link();
            self.sim.pass(Duration::from_secs(40));
            self.accept();
        }
    }

    fn accept(&mut self) {
        if self.sim.url().is_some() {
            self.sim.accept();
        }
    }

    /// Draws as the view does: nothing if the view model is unchanged, and no row that already
    /// shows its line.
    fn draw(&mut self) {
        self.viewport.settle(&self.sim.session);
        let model = ViewModel::new(&self.sim.session, &self.viewport, self.sim.now());
        if self.last.as_ref() == Some(&model) {
            return;
        }
        let session = &self.sim.session;
        if self.last.as_ref().is_none_or(|last| last.rows_version != model.rows_version) {
            self.written.clear();
        }
        let numbers = (model.window.start..model.window.end)
            .rev()
            .filter_map(|ordinal| session.row_number(ordinal));
        let draw = |number: u64| {
            let (text, _) = session.row_text(number).unwrap_or_default();
            let marks = session.marks(&text.message);
            (text, marks)
        };
        let written: Vec<_> = numbers
            .map(|number| {
                (number, self.written.get(&number).cloned().unwrap_or_else(|| draw(number)))
            })
            .collect();
        self.rows = written.iter().map(|(_, drawn)| drawn.clone()).collect();
        self.written = written.into_iter().collect();
        self.last = Some(model);
    }

    /// Returns the rows that the window must show, computed from the store and the query alone.
    fn naive(&self) -> Vec<Drawn> {
        let session = &self.sim.session;
        let store = session.store();
        let shown: Vec<_> = store
            .range()
            .rev()
            .filter_map(|number| store.row(number))
            .filter(|row| self.is_match(row))
            .collect();
        let held = session.shown_range();
        let window = self.viewport.window(&held);
        assert_eq!(held.end - held.start, shown.len() as u64, "number of matching rows");
        let rows = shown
            .iter()
            .skip((held.end - window.end) as usize)
            .take((window.end - window.start) as usize);
        rows.map(|row| RowText::from_row(row, session.target()))
            .map(|text| (self.marks(&text.message), text))
            .map(|(marks, text)| (text, marks))
            .collect()
    }

    fn is_match(&self, row: &Row) -> bool {
        let Some(line) = row.line() else { return true };
        let is_wanted = self.query.shown_levels().has(line.entry.level())
            && self.query.pipelines.has(line.entry.pipeline())
            && self.query.channels.has(line.channel.as_deref().unwrap_or_default());
        let texts = [line.entry.message(), line.entry.pipeline(), line.entry.level_text()];
        is_wanted
            && (self.query.text.is_empty()
                || self.query.highlights
                || texts.iter().any(|text| !self.matches(text).is_empty()))
    }

    fn marks(&self, message: &str) -> Vec<std::ops::Range<usize>> {
        if self.query.text.is_empty() { Vec::new() } else { self.matches(message) }
    }

    /// Returns where the query matches. As a regular expression, "one|two" is either word;
    /// otherwise it is one word.
    fn matches(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let text =
            if self.query.match_case() { text.to_owned() } else { text.to_ascii_lowercase() };
        let words: Vec<_> = if self.query.is_regex {
            self.query.text.split('|').collect()
        } else {
            vec![self.query.text.as_str()]
        };
        let mut places: Vec<_> = words
            .iter()
            .flat_map(|word| text.match_indices(word).map(|(at, word)| at..at + word.len()))
            .collect();
        places.sort_by_key(|place| place.start);
        places
    }
}

fn channels(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("logs:etl:w:{index}")).collect()
}

#[test]
fn a_query_with_equally_many_matches_is_drawn() {
    let mut page = Page::new();
    page.append(0, 0, 0);
    page.append(0, 0, 1);
    page.sim.input(Input::Disconnect);
    for (text, message) in
        [("alpha", "alpha one 1"), ("beta", "beta two 2"), ("alpha", "alpha one 1")]
    {
        page.apply(&Step::Text(text));
        page.sim.session.search(usize::MAX);
        page.draw();
        let messages: Vec<_> = page
            .rows
            .iter()
            .map(|(text, _)| text.message.as_str())
            .filter(|message| !message.contains("disconnected"))
            .collect();
        assert_eq!(messages, [message], "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn drawn_rows_equal_a_naive_recomputation(steps in prop::collection::vec(step(), 1..40)) {
        let mut page = Page::new();
        page.draw();
        for step in &steps {
            page.apply(step);
            // The view also draws an incomplete search.
            page.draw();
            page.sim.session.search(usize::MAX);
            page.draw();
            prop_assert_eq!(&page.rows, &page.naive(), "{:?} of {:?}", step, steps);
        }
    }
}
