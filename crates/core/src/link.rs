//! A link to a line and a filter, as the fragment of an address: `log=log-7&level=error&q=timeout`.
//! Accesses no address.
//!
//! The fragment belongs to the page. Parts with other names are kept, and whatever is not valid is
//! left out and reported.

mod hosted;
mod sought;

pub use self::hosted::HostedLink;
pub use self::sought::{Sought, Step};

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::channel::ChannelName;
use crate::find::{Case, Choice, Levels, Query};
use crate::session::Session;
use crate::target::Target;
use logs_sse_wire::entry::Level;

/// What a link leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The line, if it leads to one.
    pub log: Option<LineId>,
    /// What is searched for, and which levels, pipelines and channels are shown.
    pub query: Query,
}

/// What identifies a line in a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineId {
    /// The id of the line.
    pub id: String,
    /// Its channel, where there are several; any channel if there is none.
    pub channel: Option<String>,
}

impl LineId {
    /// Returns what identifies the line with this number, if a link can lead to it.
    #[must_use]
    pub fn of(session: &Session, number: u64) -> Option<Self> {
        let row = session.store().row(number)?;
        let line = row.line()?;
        let channel = line.channel.as_deref().filter(|_| session.has_several_channels());
        is_link_id(&line.id)
            .then(|| Self { id: line.id.to_string(), channel: channel.map(ToOwned::to_owned) })
    }
}

impl Link {
    /// Reads a fragment, with or without its `#`, and returns the names of the parts that are not
    /// valid.
    #[must_use]
    pub fn parse(fragment: &str) -> (Self, Vec<&'static str>) {
        let mut link = Self::default();
        if fragment.len() > MAX_BYTES {
            return (link, vec!["length"]);
        }
        let (mut invalid, mut seen) = (Vec::new(), Vec::new());
        let mut channel = None;
        for (name, value) in parts(fragment).filter_map(own) {
            let is_list = name.ends_with("pipeline") || matches!(name, "channel" | "not-channel");
            let is_repeated = seen.contains(&name) && !is_list;
            seen.push(name);
            let is_valid = !is_repeated
                && percent_decode_str(value).decode_utf8().is_ok_and(|value| match name {
                    "log-channel" => {
                        channel = Some(value.into_owned()).filter(|name| is_channel(name));
                        channel.is_some()
                    }
                    _ => link.read(name, &value).is_some(),
                });
            if !is_valid && !invalid.contains(&name) {
                invalid.push(name);
            }
        }
        if let Some(log) = &mut link.log {
            log.channel = channel;
        }
        (link, invalid)
    }

    /// Returns `fragment`, without a `#`, with its parts of a link replaced by this one.
    #[must_use]
    pub fn written_into(&self, fragment: &str) -> String {
        let mut text = String::new();
        let mut push = |part: &str| {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(part);
        };
        parts(fragment).filter(|part| own(part).is_none()).for_each(&mut push);
        for (name, value) in self.values() {
            push(&format!("{name}={}", utf8_percent_encode(&value, RESERVED)));
        }
        text
    }

    /// Reads one value, or returns `None` if it is not valid.
    fn read(&mut self, name: &str, value: &str) -> Option<()> {
        let query = &mut self.query;
        let is_short = |limit| value.len() <= limit;
        match name {
            "log" => {
                self.log =
                    is_link_id(value).then(|| LineId { id: value.to_owned(), channel: None });
            }
            "q" if is_short(MAX_TEXT) => value.clone_into(&mut query.text),
            "regex" if value == "1" => query.is_regex = true,
            "show" if value == "all" => query.highlights = true,
            "case" if value == "match" => query.case = Case::Match,
            "case" if value == "ignore" => query.case = Case::Ignore,
            "level" => query.levels = levels(value)?,
            "time" => query.times = Some(times(value)?),
            "not-level" => query.hidden_levels = levels(value)?,
            "pipeline" | "not-pipeline" => {
                let choice = if name == "pipeline" { Choice::Only } else { Choice::Not };
                let has_room = query.pipelines.chosen().count() < MAX_PIPELINES;
                (has_room && is_short(MAX_TEXT)).then(|| query.pipelines.choose(value, choice))?;
            }
            "channel" | "not-channel" => {
                let choice = if name == "channel" { Choice::Only } else { Choice::Not };
                let has_room = query.channels.chosen().count() < Target::MAX_CHANNELS;
                (has_room && is_channel(value)).then(|| query.channels.choose(value, choice))?;
            }
            _ => return None,
        }
        (name != "log" || self.log.is_some()).then_some(())
    }

    fn values(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let query = &self.query;
        let mut values = Vec::new();
        let mut add = |name, value| values.push((name, value));
        if let Some(LineId { id, channel }) = self.log.as_ref().filter(|log| is_link_id(&log.id)) {
            add("log", id.as_str().into());
            channel.iter().for_each(|channel| add("log-channel", channel.as_str().into()));
        }
        let levels = [
            ("level", query.levels, Levels::ALL),
            ("not-level", query.hidden_levels, Levels::NONE),
        ];
        for (name, levels, _) in levels.iter().filter(|(_, levels, usual)| levels != usual) {
            let chosen = Level::ALL.iter().filter(|level| levels.has(**level));
            let names: Vec<_> = chosen.map(|level| level.class()).collect();
            add(name, names.join(",").into());
        }
        if let Some(times) = &query.times {
            add("time", format!("{}-{}", times.start, times.end).into());
        }
        let pipelines = &query.pipelines;
        for name in pipelines.chosen().filter(|name| name.len() <= MAX_TEXT).take(MAX_PIPELINES) {
            let is_only = pipelines.choice(name) == Choice::Only;
            add(if is_only { "pipeline" } else { "not-pipeline" }, name.into());
        }
        let channels = &query.channels;
        for name in channels.chosen().filter(|name| is_channel(name)).take(Target::MAX_CHANNELS) {
            let is_only = channels.choice(name) == Choice::Only;
            add(if is_only { "channel" } else { "not-channel" }, name.into());
        }
        if query.is_regex {
            add("regex", "1".into());
        }
        if query.highlights {
            add("show", "all".into());
        }
        match query.case {
            Case::Smart => {}
            Case::Match => add("case", "match".into()),
            Case::Ignore => add("case", "ignore".into()),
        }
        if (1..=MAX_TEXT).contains(&query.text.len()) {
            add("q", (&*query.text).into());
        }
        values
    }
}

/// Returns whether a line with this id can be linked to. A server may send anything as an id.
#[must_use]
pub fn is_link_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len()) && !id.contains(char::is_control)
}

fn is_channel(name: &str) -> bool {
    name.parse::<ChannelName>().is_ok()
}

fn parts(fragment: &str) -> impl Iterator<Item = &str> {
    fragment.strip_prefix('#').unwrap_or(fragment).split('&').filter(|part| !part.is_empty())
}

/// Returns the name and value of a part that belongs to a link.
fn own(part: &str) -> Option<(&'static str, &str)> {
    let (name, value) = part.split_once('=')?;
    Some((NAMES.iter().find(|known| **known == name)?, value))
}

/// Reads levels by their names, of which there is at least one and none is unknown.
fn levels(value: &str) -> Option<Levels> {
    value.split(',').try_fold(Levels::NONE, |levels, name| {
        Some(levels.with(*Level::ALL.iter().find(|level| level.class() == name)?))
    })
}

/// Reads a span of seconds since 1970, which is not empty.
fn times(value: &str) -> Option<Range<i64>> {
    let (start, end) = value.split_once('-')?;
    let second = |text: &str| text.parse::<u32>().ok().map(i64::from);
    Some(second(start)?..second(end)?).filter(|times| !times.is_empty())
}

const NAMES: [&str; 13] = [
    "log",
    "log-channel",
    "level",
    "not-level",
    "time",
    "pipeline",
    "not-pipeline",
    "channel",
    "not-channel",
    "regex",
    "show",
    "case",
    "q",
];

/// What chat programs and mail leave as it is at the end of an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b',');

/// The longest fragment that is read, and what an address bar shows of it is far less.
const MAX_BYTES: usize = 32_768;

const MAX_ID: usize = 256;

/// The longest text of a search, and the longest name of a pipeline.
const MAX_TEXT: usize = 1_024;

const MAX_PIPELINES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![r#"[-ab:" \\/é.%&=#+,]{0,12}"#, "\\PC{0,12}"]
    }

    fn link() -> impl Strategy<Value = Link> {
        let case = prop::sample::select(vec![Case::Smart, Case::Match, Case::Ignore]);
        let choices = || prop::sample::select(vec![Choice::Open, Choice::Only, Choice::Not]);
        let levels = prop::collection::vec((0..Level::ALL.len(), choices()), 0..6);
        let pipelines = prop::collection::vec((text(), choices()), 0..8);
        let times = prop::option::of((0..4_000_000_000_i64, 1..9_000_i64));
        let times = times.prop_map(|times| times.map(|(start, length)| start..start + length));
        let channel = || "logs:etl:[a-z]{1,3}(:[a-z &=#%]{0,3}[a-z])?";
        let id = text().prop_filter("an id", |id| is_link_id(id));
        let log =
            (id, prop::option::of(channel())).prop_map(|(id, channel)| LineId { id, channel });
        let log = prop::option::of(log);
        let channels = prop::collection::vec(
            (channel().prop_filter("a name", |name| is_channel(name)), choices()),
            0..16,
        );
        let flags = any::<[bool; 2]>();
        (log, text(), flags, case, levels, pipelines, channels, times).prop_map(
            |(log, text, [is_regex, highlights], case, levels, pipelines, channels, times)| {
                let log = log.filter(|log| log.channel.as_deref().is_none_or(is_channel));
                let mut query =
                    Query { is_regex, highlights, case, times, ..Query::default().text(&text) };
                for (index, choice) in levels {
                    query.choose_level(Level::ALL[index], choice);
                }
                for (name, choice) in pipelines {
                    query.pipelines.choose(&name, choice);
                }
                for (name, choice) in channels {
                    query.channels.choose(&name, choice);
                }
                Link { log, query }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_written_link_reads_back_and_keeps_the_parts_of_the_page(
            link in link(),
            other in link(),
            foreign in prop::collection::vec("[a-z/?=.]{1,8}", 0..4),
        ) {
            let foreign: Vec<_> = foreign.into_iter().filter(|part| own(part).is_none()).collect();
            let before = other.written_into(&foreign.join("&"));
            let fragment = link.written_into(&format!("#{before}"));
            prop_assert_eq!(Link::parse(&fragment), (link.clone(), vec![]), "{}", fragment);
            prop_assert!(fragment.is_ascii() && !fragment.contains(['#', ' ', '"', '<']));
            let kept: Vec<_> = parts(&fragment).filter(|part| own(part).is_none()).collect();
            prop_assert_eq!(kept, foreign);
            prop_assert_eq!(link.written_into(&fragment), fragment);
        }

        #[test]
        fn a_host_and_the_view_tell_each_other_only_what_is_new(
            links in prop::collection::vec((link(), any::<bool>()), 0..8),
        ) {
            let mut hosted = HostedLink::default();
            let mut shared = Link::default();
            for (link, is_of_host) in links {
                let fragment = link.written_into("");
                let is_new = link != shared;
                if is_of_host {
                    let followed = hosted.followed(&format!("#{fragment}"));
                    prop_assert_eq!(followed, is_new.then(|| (link.clone(), vec![])));
                } else {
                    prop_assert_eq!(hosted.reported(&link), is_new.then(|| fragment.clone()));
                }
                // What comes back is no news.
                prop_assert_eq!(hosted.followed(&fragment), None);
                prop_assert_eq!(hosted.reported(&link), None);
                shared = link;
            }
        }

        #[test]
        fn any_fragment_is_read_or_left_out(
            fragment in prop_oneof![
                "\\PC{0,40}",
                "#?((log|q|level|not-level|time|pipeline|case|show|regex)=[a-z%0-9,&=]{0,9}&?){0,6}",
            ],
        ) {
            let (link, _) = Link::parse(&fragment);
            let written = link.written_into("");
            prop_assert_eq!(Link::parse(&written), (link, vec![]));
        }
    }

    #[test]
    fn invalid_parts_are_reported_and_leave_the_others_in_force() {
        let (link, invalid) =
            Link::parse("#/route&level=error,loud&q=%ff&log=a&log=b&case=no&show=all&tab=2");
        assert_eq!(invalid, ["level", "q", "log", "case"]);
        let query = Query { highlights: true, ..Query::default() };
        assert_eq!(link, Link { log: Some(LineId { id: "a".into(), channel: None }), query });
        let long = format!("q={}", "x".repeat(2_000));
        assert_eq!(Link::parse(&long), (Link::default(), vec!["q"]));
        let longer = "&".repeat(40_000);
        assert_eq!(Link::parse(&longer), (Link::default(), vec!["length"]));
        assert_eq!(Link::parse("log=%00"), (Link::default(), vec!["log"]));
        for time in ["9-9", "9-8", "-1-9", "9", "1-99999999999", "a-b"] {
            let link = Link::parse(&format!("time={time}"));
            assert_eq!(link, (Link::default(), vec!["time"]), "{time}");
        }
    }
}
