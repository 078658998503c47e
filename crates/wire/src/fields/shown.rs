//! What a view shows of an entry besides its level: pipeline, message and times.

use std::borrow::Cow;

use super::{Best, FieldSlices, Fields, Meaning, field_of};
use crate::entry::EntryTime;
use crate::json::display_text;
use crate::moment;

/// The fields that a view shows, as far as the index needs them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pipeline: Best<'a>,
    message: Best<'a>,
    /// Whether there is an empty message.
    is_blank: bool,
    time: Best<'a>,
    exact_time: Best<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn visit(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Pipeline(rank) => {
                self.pipeline.offer(rank, json);
            }
            Meaning::Message(rank) => {
                self.is_blank |= json == "\"\"";
                self.message.offer(rank, json);
            }
            Meaning::Time { shown, exact } => self.visit_time(shown, exact, json),
            Meaning::Meta => {
                if let Some(json) = field_of(json, "timestamp") {
                    self.visit_time(TIME_IN_META, TIME_IN_META, json);
                }
            }
            _ => {}
        }
    }

    fn visit_time(&mut self, shown: u8, exact: u8, json: &'a str) {
        let text = display_text(json);
        if moment::is_unset(&text) {
            return;
        }
        self.time.offer(shown, json);
        // A human-readable time is never the most exact one.
        if exact < HUMAN_READABLE || exact == TIME_IN_META || moment::read(&text).is_some() {
            self.exact_time.offer(exact, json);
        }
    }
}

impl<'a> FieldSlices<'a> {
    /// Returns the pipeline or stage, or an empty string if there is none.
    #[must_use]
    pub fn pipeline(&self) -> Cow<'a, str> {
        self.shown.pipeline.text()
    }

    /// Returns the message, or `None` if there is none.
    #[must_use]
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.shown.message.display_text()
    }

    /// Returns whether there is a message, and it is empty.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.shown.is_blank && self.shown.message.json.is_none()
    }

    /// Returns when the entry was written, in milliseconds since 1970 (UTC), as
    /// [`Entry::moment`](crate::entry::Entry::moment) does: `stamp` if its producer sent no time,
    /// and `None` if none that was sent can be read.
    #[must_use]
    pub fn moment(&self, stamp: Option<i64>) -> Option<i64> {
        let read = |best: Best<'a>| moment::read(&best.display_text()?);
        if self.shown.time.json.is_none() {
            return stamp;
        }
        read(self.shown.exact_time).or_else(|| read(self.shown.time))
    }
}

impl<'a> Fields<'a> {
    /// Returns the message, or `None` if there is none.
    #[must_use]
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.picks.message()
    }

    /// Returns the status or duration, or an empty string if there is none.
    #[must_use]
    pub fn status(&self) -> Cow<'a, str> {
        self.status.text()
    }

    /// Returns the most exact time, unchanged, or an empty string if there is none.
    #[must_use]
    pub fn exact_time(&self) -> Cow<'a, str> {
        self.picks.shown.exact_time.text()
    }

    /// Returns when the entry was written, for the time column.
    #[must_use]
    pub fn time(&self) -> Option<EntryTime> {
        self.picks.shown.time.display_text().map(|text| EntryTime::read(&text))
    }
}

/// The rank of `timestamp` inside `meta`, after all others.
const TIME_IN_META: u8 = u8::MAX;

/// From this rank on, a field usually holds human-readable text, and counts as an exact time only
/// if it parses as one.
const HUMAN_READABLE: u8 = 9;
