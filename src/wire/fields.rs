//! Which field of an entry says what: every name that a producer may use, in one table. Reads no values.

use std::borrow::Cow;

use crate::entry::EntryTime;
use crate::json::{each_field, ends_at, said};

/// What a field of an entry says. The number ranks the names for one thing: of those that say anything the lowest is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Level(u8),
    Pipeline(u8),
    Status(u8),
    Message(u8),
    /// A time: its rank for the time column, and its rank as the most exact one.
    Time {
        shown: u8,
        exact: u8,
    },
    /// An object that may hold a time.
    Meta,
    Nothing,
}

/// The table.
fn meaning(name: &str) -> Meaning {
    match name {
        "level" => Meaning::Level(0),
        "logLevel" => Meaning::Level(1),
        "pipeline" => Meaning::Pipeline(0),
        "stageName" => Meaning::Pipeline(1),
        "status" => Meaning::Status(0),
        "duration" => Meaning::Status(1),
        "message" => Meaning::Message(0),
        "description" => Meaning::Message(1),
        "date" => Meaning::Time { shown: 0, exact: NOT_EXACT },
        "time" => Meaning::Time { shown: 1, exact: NOT_EXACT },
        "timestamp" => Meaning::Time { shown: 2, exact: 1 },
        "isoTime" => Meaning::Time { shown: 3, exact: 0 },
        "meta" => Meaning::Meta,
        _ => Meaning::Nothing,
    }
}

/// The rank of a time that is written for people.
const NOT_EXACT: u8 = u8::MAX;

/// From this rank on times are not written for people.
const FIRST_EXACT: u8 = 2;

/// The rank of `timestamp` inside `meta`, behind all others.
const IN_META: u8 = NOT_EXACT - 1;

/// One thing that an entry says, by the best of its names. Of a field that is given twice, the last that says anything counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pick<'a> {
    json: Option<&'a str>,
    rank: u8,
}

impl<'a> Pick<'a> {
    fn offer(&mut self, rank: u8, json: &'a str) {
        let is_better = self.json.is_none() || rank <= self.rank;
        if is_better && json != "null" && json != "\"\"" {
            *self = Self { json: Some(json), rank };
        }
    }

    /// What it says, as a person would read it.
    fn said(self) -> Option<Cow<'a, str>> {
        self.json.map(said)
    }

    /// The same; empty when it says nothing.
    fn text(self) -> Cow<'a, str> {
        self.said().unwrap_or_default()
    }
}

/// The fields that the index wants, read in the inner loop of everything that arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picks<'a> {
    level: Pick<'a>,
    pipeline: Pick<'a>,
}

impl<'a> Picks<'a> {
    /// Reads the object that begins at `at`, and returns the index after it; `None` when there is none.
    pub(crate) fn read(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let mut picks = Self::default();
        let end = each_field(text, at, |name, json| {
            if let Some(json) = text.get(json) {
                picks.see(meaning(&name), json);
            }
        })?;
        Some((picks, end))
    }

    /// The level as its producer wrote it; `None` when there is none.
    #[must_use]
    pub fn level(&self) -> Option<Cow<'a, str>> {
        self.level.said()
    }

    /// The pipeline or stage; empty when there is none.
    #[must_use]
    pub fn pipeline(&self) -> Cow<'a, str> {
        self.pipeline.text()
    }

    fn see(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Level(rank) => self.level.offer(rank, json),
            Meaning::Pipeline(rank) => self.pipeline.offer(rank, json),
            _ => {}
        }
    }
}

/// All fields that a row shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'a> {
    picks: Picks<'a>,
    status: Pick<'a>,
    message: Pick<'a>,
    time: Pick<'a>,
    exact_time: Pick<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of `text`, if that is a JSON object and nothing else.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let end = each_field(text, 0, |name, json| {
            if let Some(json) = text.get(json) {
                fields.see(meaning(&name), json);
            }
        })?;
        ends_at(text, end).then_some(fields)
    }

    /// What the index wants of them.
    #[must_use]
    pub fn picks(&self) -> &Picks<'a> {
        &self.picks
    }

    /// The message; `None` when there is none.
    #[must_use]
    pub fn message(&self) -> Option<Cow<'a, str>> {
        self.message.said()
    }

    /// The status or duration; empty when there is none.
    #[must_use]
    pub fn status(&self) -> Cow<'a, str> {
        self.status.text()
    }

    /// The most exact time, as it came; empty when there is none.
    #[must_use]
    pub fn exact_time(&self) -> Cow<'a, str> {
        self.exact_time.text()
    }

    /// When the entry was written, for the time column.
    #[must_use]
    pub fn time(&self) -> Option<EntryTime> {
        self.time.said().map(|text| if self.time.rank < FIRST_EXACT { EntryTime::Text(text.into()) } else { EntryTime::read(&text) })
    }

    fn see(&mut self, meaning: Meaning, json: &'a str) {
        match meaning {
            Meaning::Status(rank) => self.status.offer(rank, json),
            Meaning::Message(rank) => self.message.offer(rank, json),
            Meaning::Time { shown, exact } => {
                self.time.offer(shown, json);
                if exact != NOT_EXACT {
                    self.exact_time.offer(exact, json);
                }
            }
            Meaning::Meta => {
                each_field(json, 0, |name, json_of_field| {
                    if name == "timestamp"
                        && let Some(json) = json.get(json_of_field)
                    {
                        self.time.offer(IN_META, json);
                        self.exact_time.offer(IN_META, json);
                    }
                });
            }
            other => self.picks.see(other, json),
        }
    }
}
