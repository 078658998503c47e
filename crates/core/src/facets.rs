//! The values by which a reader filters, each with its number of lines: levels, pipelines and
//! channels.
//! Counts nothing itself.

use crate::channel::resource_of;
use crate::channel_mark::ChannelMark;
use crate::find::{Choice, Levels, Pipelines, Query};
use crate::session::Session;
use crate::sorted::sorted;
use crate::styled::label;
use crate::tally::Count;
use crate::target::Target;
use crate::words::{Word, Words};
use logs_sse_wire::entry::Level;

/// A property of lines by which a reader filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// The level, from errors down.
    Levels,
    /// The pipeline or stage.
    Pipelines,
    /// The channel, which is a workflow's as a rule.
    Channels,
}

/// A value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// What [`Facet::press`] accepts to refer to it.
    pub key: String,
    /// What a reader sees.
    pub label: String,
    /// How its lines are marked.
    pub mark: ChannelMark,
    /// How many of the stored lines have it, in words.
    pub count: String,
    /// What the reader chose about it.
    pub choice: Choice,
}

impl Facet {
    /// Returns the values of the stored lines, and those about which the reader chose: levels by
    /// severity, pipelines by name, channels in the order of the target, whose channels are all
    /// listed.
    #[must_use]
    pub fn values(self, session: &Session) -> Vec<FacetValue> {
        let (store, query) = (session.store(), session.query());
        if self == Self::Channels {
            return channels(session);
        }
        if self == Self::Levels {
            return Level::ALL
                .iter()
                .map(|level| FacetValue {
                    key: level.class().to_owned(),
                    label: level_label(*level, session.words()).to_owned(),
                    mark: ChannelMark::default(),
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
                mark: ChannelMark::default(),
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
                Self::Pipelines => labels(&query.pipelines, choice, words, pipeline_label),
                Self::Channels => labels(&query.channels, choice, words, channel_label),
            }
        };
        let [all, all_but, some] = match self {
            Self::Levels => [Word::AllLevels, Word::AllButLevels, Word::SomeLevels],
            Self::Pipelines => [Word::AllPipelines, Word::AllButPipelines, Word::SomePipelines],
            Self::Channels => [Word::AllWorkflows, Word::AllButWorkflows, Word::SomeWorkflows],
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
            Self::Channels => {
                let choice = query.channels.choice(key).toggled(choice);
                query.channels.choose(key, choice);
            }
        }
    }

    /// Takes all choices back.
    pub fn release(self, query: &mut Query) {
        match self {
            Self::Levels => (query.levels, query.hidden_levels) = (Levels::ALL, Levels::NONE),
            Self::Pipelines => query.pipelines = Pipelines::default(),
            Self::Channels => query.channels = Pipelines::default(),
        }
    }
}

/// Returns the channels of the target, then those of other lines, and those about which the reader
/// chose.
fn channels(session: &Session) -> Vec<FacetValue> {
    let chosen = &session.query().channels;
    let counts: Vec<_> = session.store().channel_counts().collect();
    let mut names: Vec<&str> =
        session.target().into_iter().flat_map(Target::names).map(String::as_str).collect();
    for name in counts.iter().map(|(name, _)| *name).chain(chosen.chosen()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let value = |name: &&str| {
        let mark = session.target().and_then(|target| target.mark(name)).unwrap_or_default();
        let count = counts.iter().find(|(known, _)| known == name);
        FacetValue {
            key: (*name).to_owned(),
            label: if mark.is_empty() {
                channel_label(name, session.words())
            } else {
                mark.name.clone()
            },
            mark,
            count: if session.refused().iter().any(|refused| refused == name) {
                session.words().text(Word::NoAccess).to_owned()
            } else {
                count_text(count.map(|(_, count)| *count).unwrap_or_default(), session.words())
            },
            choice: chosen.choice(name),
        }
    };
    names.iter().map(value).collect()
}

/// Returns the labels of the names about which `choice` was made.
fn labels(
    names: &Pipelines,
    choice: Choice,
    words: &Words,
    label: fn(&str, &Words) -> String,
) -> Vec<String> {
    let chosen = names.chosen().filter(|name| names.choice(name) == choice);
    chosen.map(|name| label(name, words)).collect()
}

/// Returns the workflow of a channel.
pub(crate) fn channel_label(name: &str, words: &Words) -> String {
    if name.is_empty() { words.text(Word::NoWorkflow).to_owned() } else { label(resource_of(name)) }
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
