//! What a view shows of an entry besides its level.

use std::borrow::Cow;

use super::{Entry, head};
use crate::fields::Fields;
use crate::moment;
use crate::pretty;

/// The fields that were extracted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pipeline: Box<str>,
    status: Box<str>,
    message: Box<str>,
    time: Option<EntryTime>,
    exact_time: Box<str>,
}

impl Shown {
    pub(super) fn plain(message: &str) -> Self {
        Self {
            pipeline: "".into(),
            status: "".into(),
            message: message.into(),
            time: None,
            exact_time: "".into(),
        }
    }

    pub(super) fn of(fields: &Fields<'_>, text: &str) -> Self {
        Self {
            pipeline: fields.picks().pipeline().into(),
            status: fields.status().into(),
            message: fields.message().unwrap_or(Cow::Borrowed(text)).into(),
            time: fields.time(),
            exact_time: fields.exact_time().into(),
        }
    }

    pub(super) fn cut_to(&mut self, bytes: usize) {
        self.message = head(&self.message, bytes).into();
    }
}

impl Entry {
    /// Returns the entry with the time at which the gateway received it, in milliseconds since
    /// 1970, if its producer sent none.
    #[must_use]
    pub fn or_time(mut self, millis: Option<i64>) -> Self {
        self.shown.time = self.shown.time.or(millis.map(EntryTime::Millis));
        self
    }

    /// Returns the entry with another message.
    #[must_use]
    pub fn with_message(mut self, message: String) -> Self {
        self.shown.message = message.into();
        self
    }

    /// Returns the pipeline or stage, or an empty string if there was none.
    #[must_use]
    pub fn pipeline(&self) -> &str {
        &self.shown.pipeline
    }

    /// Returns the status or duration, such as `1m 23s` or `failed`, or an empty string if there
    /// was none.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.shown.status
    }

    /// Returns the message, or the whole text of an entry without one.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.shown.message
    }

    /// Returns when the entry was written, for the time column.
    #[must_use]
    pub fn time(&self) -> Option<&EntryTime> {
        self.shown.time.as_ref()
    }

    /// Returns when the entry was written, in milliseconds since 1970 (UTC), from the most exact of
    /// its times that can be read. `None` if none can.
    #[must_use]
    pub fn moment(&self) -> Option<i64> {
        moment::read(&self.shown.exact_time).or(match self.shown.time {
            Some(EntryTime::Millis(millis)) => Some(millis),
            _ => None,
        })
    }

    /// Returns the most exact time that its producer sent, unchanged, or an empty string if there
    /// was none.
    #[must_use]
    pub fn exact_time(&self) -> &str {
        &self.shown.exact_time
    }

    /// Returns the whole entry for display: JSON with one field per line, anything else unchanged.
    #[must_use]
    pub fn detail(&self) -> String {
        pretty::json(&self.text)
    }

    /// Returns how many bytes of memory this entry occupies, for bounding a store.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Shown { pipeline, status, message, exact_time, .. } = &self.shown;
        [&self.level_text, pipeline, status, message, exact_time, &self.text]
            .iter()
            .map(|text| text.len())
            .sum::<usize>()
            + std::mem::size_of::<Self>()
    }
}

/// The time at which an entry was written.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryTime {
    /// Human-readable text, or text in an unknown format, as its producer wrote it.
    Text(Box<str>),
    /// Milliseconds since 1970 (UTC), shown in the time zone of the whole log.
    Millis(i64),
}

impl EntryTime {
    /// Parses a number in any unit or an ISO date and time with any offset. Anything else is text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        moment::read(text).map_or_else(|| Self::Text(text.into()), Self::Millis)
    }
}
