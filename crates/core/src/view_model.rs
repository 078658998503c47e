//! Everything the page shows at one moment, so that its views depend on one value. Draws nothing.

use std::borrow::Cow;

use crate::facets::Facet;
use crate::fold::Folding;
use crate::session::{EarlierLines, Session};
use crate::status::Status;
use crate::summary;
use crate::tally::Count;
use crate::time::Instant;
use crate::viewport::{Order, Viewport, Window};
use crate::visible::visible;
use crate::words::Word;
use logs_linear_regex::ErrorKind;

/// The status, and the log as seen through a viewport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewModel {
    /// The status of the connection as text.
    pub status: Status,
    /// Its state in one word.
    pub badge: String,
    /// The label of the main button.
    pub main_action: String,
    /// Whether to show the log at all: it has lines, or is expected to.
    pub is_shown: bool,
    /// The rows to draw, by the ordinals of [`Session::shown_range`], and their position.
    pub window: Window,
    /// What the drawn rows depend on besides the window; see [`Session::rows_version`].
    pub rows_version: u64,
    /// Lines below this number belong to a cleared log, or to another workflow's.
    pub cleared_at: u64,
    /// Changes whenever the counts of [`Facet::values`] do.
    pub counts_version: u64,
    /// What is chosen of the levels, and of the pipelines.
    pub facets: [String; 2],
    /// How many lines are stored or found, dropped and missing, as text.
    pub held: String,
    /// The placeholder shown instead of lines, or an empty string if there are lines.
    pub empty: String,
    /// Which lines are folded into one row.
    pub folding: Folding,
    /// Whether only some of the lines are shown.
    pub is_filtered: bool,
    /// Whether the search text is a regular expression.
    pub is_regex: bool,
    /// Whether lines without the text are shown too.
    pub highlights: bool,
    /// The row of the match that the reader is at.
    pub current_match: Option<u64>,
    /// Which match that is, and how many there are, or an empty string without a text.
    pub matches: String,
    /// The label of the button that ignores case, or an empty string if that finds no more.
    pub ignore_case: String,
    /// The error in the regular expression, or an empty string.
    pub regex_error: String,
    /// What is shown at the end of the list about the lines before it.
    pub earlier: EarlierLines,
    /// Whether to load them now, because the reader is about to reach the end.
    pub wants_earlier: bool,
    /// Whether the view does not follow the log, because the reader scrolled away or paused it.
    pub is_held: bool,
    /// The label of the button that pauses the view, or lets it follow the log again.
    pub pause: String,
    /// The name of the list, which says in which order its lines are.
    pub list_name: String,
    /// The same for the status bar, with the number of new lines, or an empty string.
    pub held_view: String,
    /// The label of the button that returns to the newest line, or an empty string while following.
    pub newest: String,
    /// The label of the button that leads to the first new error, or an empty string if there is
    /// none.
    pub new_errors: String,
    /// The label of the button that lists the pins, or an empty string if there are none.
    pub pins: String,
    /// Changes whenever the pins do.
    pub pins_version: u32,
    /// The label of the button that undoes the last clear, or an empty string.
    pub undo: String,
    /// The row after the oldest line: how many were dropped while the view was held.
    pub dropped: String,
}

impl ViewModel {
    /// Creates the view model of `session` seen through `viewport` at `now`.
    #[must_use]
    pub fn new(session: &Session, viewport: &Viewport, now: Instant) -> Self {
        let (store, words) = (session.store(), session.words());
        let shown = session.shown_range();
        let mut model = Self {
            counts_version: store.counts_version(),
            folding: store.folding(),
            earlier: if viewport.shows_end(&shown) {
                session.earlier()
            } else {
                EarlierLines::default()
            },
            wants_earlier: viewport.nears_end(&shown) && session.loads_earlier_by_itself(),
            pins: session.pins().summary(words),
            pins_version: session.pins().version(),
            undo: summary::undo(store.lines_aside(), words),
            ..Self::first(session, viewport, now)
        };
        if model.window.has_footer {
            model.dropped = summary::dropped(viewport.dropped(session), words);
        }
        model.describe_search(session);
        model
    }

    /// Does the same without what is shown around the lines: the search, menus, pins and earlier
    /// lines.
    #[must_use]
    pub fn first(session: &Session, viewport: &Viewport, now: Instant) -> Self {
        let (store, words) = (session.store(), session.words());
        let is_held = !viewport.is_following();
        let new = if is_held { session.count_from(viewport.seen()) } else { Count::default() };
        let status = status_of(session, now);
        let (order, pause) = (viewport.order(), if is_held { Word::Resume } else { Word::Pause });
        let list_name = match order {
            Order::NewestFirst => Word::ListNewestFirst,
            Order::OldestFirst => Word::ListOldestFirst,
        };
        Self {
            badge: words.text(status.badge.word()).to_owned(),
            main_action: words.text(status.main_action.label()).to_owned(),
            status,
            is_shown: session.is_worth_showing(),
            window: viewport.window(&session.shown_range()),
            rows_version: session.rows_version(),
            cleared_at: store.cleared_at(),
            counts_version: 0,
            facets: Default::default(),
            held: summary::held(store, words) + &summary::losses(session.counters(), words),
            empty: if store.is_empty() {
                words.text(summary::empty(session.state(), session.is_cleared())).to_owned()
            } else {
                String::new()
            },
            folding: Folding::default(),
            is_filtered: false,
            is_regex: false,
            highlights: false,
            current_match: None,
            matches: String::new(),
            ignore_case: String::new(),
            regex_error: String::new(),
            earlier: EarlierLines::default(),
            wants_earlier: false,
            is_held,
            pause: words.text(pause).to_owned(),
            list_name: words.text(list_name).to_owned(),
            held_view: if is_held { summary::held_view(new.lines, words) } else { String::new() },
            newest: if is_held { summary::newest(new.lines, order, words) } else { String::new() },
            new_errors: summary::new_errors(new.errors, words),
            pins: String::new(),
            pins_version: 0,
            undo: String::new(),
            dropped: String::new(),
        }
    }

    fn describe_search(&mut self, session: &Session) {
        let (store, query, words) = (session.store(), session.query(), session.words());
        self.facets = [Facet::Levels, Facet::Pipelines].map(|facet| facet.summary(query, words));
        if let Some(find) = session.find() {
            self.held =
                summary::found(find, store, words) + &summary::losses(session.counters(), words);
            self.is_filtered = true;
            if !store.is_empty() && session.shown_range().is_empty() {
                words.text(summary::no_match(find, store)).clone_into(&mut self.empty);
            }
        }
        (self.is_regex, self.highlights) = (query.is_regex, query.highlights);
        self.current_match = session.current_match().and_then(|number| {
            // It may be folded into another line.
            session.ordinal_of(number).and_then(|row| session.row_number(row))
        });
        self.matches = session.match_position();
        self.ignore_case = summary::ignore_case(session.matches_ignoring_case(), words);
        self.regex_error = pattern_error(session);
    }
}

/// Returns the status in sentences, with every character that a server may have put into it made
/// visible. Elsewhere the same words follow a colon.
fn status_of(session: &Session, now: Instant) -> Status {
    let mut status = session.status_in(now, session.words());
    for text in [&mut status.progress, &mut status.reason] {
        if let Cow::Owned(shown) = visible(text) {
            *text = shown;
        }
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    status
}

/// Returns what is wrong with the regular expression, or an empty string.
fn pattern_error(session: &Session) -> String {
    let Some(error) = session.pattern_error() else { return String::new() };
    let (word, letter) = match error.kind() {
        ErrorKind::TooManyBytes => (Word::PatternTooManyBytes, None),
        ErrorKind::TooLong => (Word::PatternTooLong, None),
        ErrorKind::NestLimitExceeded => (Word::PatternNestLimit, None),
        ErrorKind::GroupUnclosed => (Word::PatternGroupUnclosed, None),
        ErrorKind::ClassUnclosed => (Word::PatternClassUnclosed, None),
        ErrorKind::GroupUnopened => (Word::PatternGroupUnopened, None),
        ErrorKind::EmptyClass => (Word::PatternEmptyClass, None),
        ErrorKind::RepetitionMissing => (Word::PatternRepetitionMissing, None),
        ErrorKind::RepetitionCountInvalid => (Word::PatternRepetitionCount, None),
        ErrorKind::ClassRangeInvalid => (Word::PatternClassRange, None),
        ErrorKind::ClassRangeLiteral => (Word::PatternClassRangeLiteral, None),
        ErrorKind::EscapeUnexpectedEof => (Word::PatternEscapeEnd, None),
        ErrorKind::Lookaround => (Word::PatternLookaround, None),
        ErrorKind::NamedGroup => (Word::PatternNamedGroup, None),
        ErrorKind::Flags => (Word::PatternFlags, None),
        ErrorKind::Backreference => (Word::PatternBackreference, None),
        ErrorKind::UnicodePropertyNotFound => (Word::PatternUnicodeProperty, None),
        ErrorKind::EscapeUnrecognized(letter) => (Word::PatternEscapeUnknown, Some(letter)),
    };
    let words = session.words();
    let letter = letter.map(String::from).unwrap_or_default();
    let reason = words.fill(word, &[("letter", &letter)]);
    let position = error.at().to_string();
    words.fill(Word::PatternError, &[("position", &position), ("reason", &reason)])
}
