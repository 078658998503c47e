//! The values by which a reader filters, each with its number of lines: levels and pipelines.
//! Counts nothing itself.

use crate::find::{Choice, Levels, Pipelines, Query};
use crate::session::Session;
use crate::sorted::sorted;
use crate::styled::label;
use crate::tally::Count;
use crate::words::{Word, Words};
use logs_sse_wire::entry::Level;

/// A property of lines by which a reader filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// The level, from errors down.
    Levels,
    /// The pipeline or stage.
    Pipelines,
}

/// A value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// What [`Facet::press`] accepts to refer to it.
    pub key: String,
    /// What a reader sees.
    pub label: String,
    /// How many of the stored lines have it, in words.
    pub count: String,
    /// What the reader chose about it.
    pub choice: Choice,
}

impl Facet {
    /// Returns the values of the stored lines, and those about which the reader chose: levels by
    /// severity, pipelines by name.
    #[must_use]
    pub fn values(self, session: &Session) -> Vec<FacetValue> {
        let (store, query) = (session.store(), session.query());
        if self == Self::Levels {
            return Level::ALL
                .iter()
                .map(|level| FacetValue {
                    key: level.class().to_owned(),
                    label: level_label(*level, session.words()).to_owned(),
                    count: session.words().number(store.lines_of_level(*level)),
                    choice: query.level_choice(*level),
                })
                .collect();
        }
        let mut counts: Vec<_> = store.pipeline_counts().collect();
        for name in query.pipelines.chosen() {
            if !counts.iter().any(|(known, _)| *known == name) {
                counts.push((name, Count::default()));
            }
        }
        sorted(counts)
            .into_iter()
            .map(|(name, count)| FacetValue {
                key: name.to_owned(),
                label: pipeline_label(name, session.words()),
                count: count_text(count, session.words()),
                choice: query.pipelines.choice(name),
            })
            .collect()
    }

    /// Describes what is chosen, in as few words as a button has room for.
    #[must_use]
    pub fn summary(self, query: &Query, words: &Words) -> String {
        let of = |choice| -> Vec<String> {
            match self {
                Self::Levels => Level::ALL
                    .iter()
                    .filter(|level| query.level_choice(**level) == choice)
                    .map(|level| level_label(*level, words).to_owned())
                    .collect(),
                Self::Pipelines => {
                    let names = query.pipelines.chosen();
                    names
                        .filter(|name| query.pipelines.choice(name) == choice)
                        .map(|name| pipeline_label(name, words))
                        .collect()
                }
            }
        };
        let [all, all_but, some] = match self {
            Self::Levels => [Word::AllLevels, Word::AllButLevels, Word::SomeLevels],
            Self::Pipelines => [Word::AllPipelines, Word::AllButPipelines, Word::SomePipelines],
        };
        let count = |word, names: &[String]| words.count(word, names.len() as u64);
        match (of(Choice::Only).as_slice(), of(Choice::Not).as_slice()) {
            ([], []) => words.text(all).to_owned(),
            ([], names @ ([_] | [_, _])) => words.fill(Word::Not, &[("names", &names.join(", "))]),
            ([], names) => count(all_but, names),
            (names @ ([_] | [_, _]), _) => names.join(", "),
            (names, _) => count(some, names),
        }
    }

    /// Applies the press of a button: the one for `choice` of the value with this key. Pressing it
    /// again takes the choice back.
    pub fn press(self, query: &mut Query, key: &str, choice: Choice) {
        match self {
            Self::Levels => {
                if let Some(level) = Level::ALL.iter().find(|level| level.class() == key) {
                    let choice = query.level_choice(*level).toggled(choice);
                    query.choose_level(*level, choice);
                }
            }
            Self::Pipelines => {
                let choice = query.pipelines.choice(key).toggled(choice);
                query.pipelines.choose(key, choice);
            }
        }
    }

    /// Takes all choices back.
    pub fn release(self, query: &mut Query) {
        match self {
            Self::Levels => (query.levels, query.hidden_levels) = (Levels::ALL, Levels::NONE),
            Self::Pipelines => query.pipelines = Pipelines::default(),
        }
    }
}

fn level_label(level: Level, words: &Words) -> &str {
    if level == Level::Other { words.text(Word::UnknownLevel) } else { level.name() }
}

fn pipeline_label(name: &str, words: &Words) -> String {
    if name.is_empty() { words.text(Word::NoPipeline).to_owned() } else { label(name) }
}

fn count_text(count: Count, words: &Words) -> String {
    let lines = words.number(count.lines);
    match count.errors {
        0 => lines,
        errors => [&*lines, " · ", &words.count(Word::Errors, errors)].concat(),
    }
}
