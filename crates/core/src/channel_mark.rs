//! How a viewer of several channels tells them apart: a letter, a colour, and a short name. Draws
//! nothing.

use crate::channel::ChannelName;
use crate::styled::label;
use crate::target::Target;

/// How the lines of one channel are marked. Empty if there is only one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelMark {
    /// The letter by the order of the channels: `A` to `Z`, then `AA`.
    pub letter: String,
    /// The CSS classes of the letter, which decide its colour.
    pub class: String,
    /// The shortest name that no other channel of the viewer has: the workflow, otherwise all of it.
    pub name: String,
    /// The name by which lines and queries refer to it.
    pub full_name: String,
}

impl ChannelMark {
    /// Returns whether there is nothing to tell apart.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letter.is_empty()
    }
}

impl Target {
    /// Returns the mark of a channel, or `None` if it is not one of several.
    #[must_use]
    pub fn mark(&self, channel: &str) -> Option<ChannelMark> {
        let index = self.names().iter().position(|name| name == channel)?;
        self.has_several().then(|| ChannelMark {
            letter: letter(index),
            class: class(index),
            name: label(&short_name(self.channels(), index)),
            full_name: label(channel),
        })
    }
}

fn short_name(channels: &[ChannelName], index: usize) -> String {
    let Some(channel) = channels.get(index) else { return String::new() };
    let is_shared = channels
        .iter()
        .enumerate()
        .any(|(other, name)| other != index && name.resource() == channel.resource());
    match channel.resource() {
        Some(resource) if !is_shared => resource.to_string(),
        _ => channel.to_string(),
    }
}

/// Returns `A` for the first channel, and `AA` after `Z`.
fn letter(index: usize) -> String {
    let last = char::from(b'A' + (index % LETTERS) as u8);
    match index / LETTERS {
        0 => last.to_string(),
        before => letter(before - 1) + &last.to_string(),
    }
}

/// Returns the classes of a letter: one of [`COLOURS`] colours, filled, then outlined. Beyond that
/// the letters alone differ.
fn class(index: usize) -> String {
    let outlined = if index / COLOURS % 2 == 1 { " dsl-channel-outlined" } else { "" };
    format!("dsl-channel dsl-channel-{}{outlined}", index % COLOURS)
}

const LETTERS: usize = 26;

/// As many as people tell apart in a column of letters; `www/styles/channels.css` has them.
const COLOURS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn target(names: &[&str]) -> Target {
        Target::from_channels(names.iter().copied(), "").expect("a target")
    }

    #[test]
    fn each_channel_has_a_letter_and_a_look_of_its_own() {
        let names: Vec<_> =
            (0..Target::MAX_CHANNELS).map(|at| format!("logs:etl:w:{at}")).collect();
        let target = target(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let marks: Vec<_> = names.iter().filter_map(|name| target.mark(name)).collect();
        assert_eq!(marks.len(), names.len());
        for (index, mark) in marks.iter().enumerate() {
            let others = marks.iter().enumerate().filter(|(other, _)| *other != index);
            assert!(others.clone().all(|(_, other)| other.letter != mark.letter));
            assert!(others.clone().all(|(_, other)| other.class != mark.class));
        }
    }

    #[test]
    fn letters_continue_after_z() {
        assert_eq!(
            [0, 25, 26, 51, 52, 701, 702].map(letter),
            ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
        );
    }

    #[test]
    fn a_channel_is_named_by_its_workflow_unless_another_has_the_same() {
        let names = ["logs:etl:a:x", "logs:etl:b:x", "logs:etl:a:y", "logs:etl:a"];
        let target = target(&names);
        let short = names.map(|name| target.mark(name).map(|mark| mark.name).unwrap_or_default());
        assert_eq!(short, ["logs:etl:a:x", "logs:etl:b:x", "y", "logs:etl:a"]);
    }

    #[test]
    fn one_channel_needs_no_mark() {
        assert_eq!(target(&["logs:etl:a:x"]).mark("logs:etl:a:x"), None);
        assert_eq!(target(&["logs:etl:a:x", "logs:etl:a:y"]).mark("logs:etl:a:z"), None);
    }
}
