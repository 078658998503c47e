//! How far the page has progressed in each channel: which lines are new, which are duplicates,
//! which are missing. Stores no lines.

use std::collections::VecDeque;

use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::protocol::{Gap, GapReason, Heartbeat, Hello, parameter};

/// The positions in a stream's channels. They outlive the stream, so that the next one can resume
/// there.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    epoch: Option<Epoch>,
    channels: Vec<Position>,
    recent: Recent,
}

#[derive(Clone, Debug)]
struct Position {
    channel: String,
    seq: Option<u64>,
    /// The greeting's `newest`, until the stream shows whether it resumed after `seq`; `None` if it
    /// need not.
    replay_to: Option<u64>,
}

impl Position {
    fn new(channel: String) -> Self {
        Self { channel, seq: None, replay_to: None }
    }

    /// Advances to `to`, and returns how many logs in between did not arrive.
    ///
    /// A stream that moves past everything it has to replay without sending any of it did not
    /// resume where this page asked it to.
    fn skip_to(&mut self, to: u64) -> Missing {
        let Some(seq) = self.seq.replace(self.seq.map_or(to, |seq| seq.max(to))) else {
            return Missing::default();
        };
        let replay_to = self.replay_to.take().filter(|newest| *newest <= to);
        let unresumed = replay_to.map_or(0, |newest| newest.saturating_sub(seq));
        Missing { unresumed, lost: to.saturating_sub(seq) - unresumed }
    }
}

/// Logs that did not arrive, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Logs that the gateway would have replayed, had it received the page's position.
    pub unresumed: u64,
    /// Logs that were sent, or reported as a gap.
    pub lost: u64,
}

/// What a greeting says about the time while the stream was down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resumption {
    /// Logs that are still to arrive, or to be reported as missing.
    pub to_replay: u64,
    /// Logs that the gateway holds and does not replay, because it did not receive the position, by
    /// channel.
    pub unresumed: Vec<(String, u64)>,
    /// Why an unknown number of others may be missing. It must be reported now, because the
    /// positions advance: the gateway's own `gap` event comes later on the stream, which may end
    /// before.
    pub unknown_gap: Option<GapReason>,
}

/// How a line relates to those before it, by its sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOrder {
    /// The line is the next one, or has no number to tell by.
    New,
    /// The line arrived before.
    Duplicate,
    /// The line is new, and these before it did not arrive.
    After(Missing),
}

impl Progress {
    /// Creates the progress of `channels`, in the order of the URL, with no known positions.
    #[must_use]
    pub fn new(channels: Vec<String>) -> Self {
        Self {
            epoch: None,
            channels: channels.into_iter().map(Position::new).collect(),
            recent: Recent::default(),
        }
    }

    /// Changes the channels, in the order of the new URL. Channels that are kept keep their
    /// positions. Returns whether there are any.
    pub fn retarget(&mut self, channels: Vec<String>) -> bool {
        let mut old = std::mem::take(&mut self.channels);
        let before = old.len();
        for channel in channels {
            let kept = old
                .iter()
                .position(|position| position.channel == channel)
                .map(|index| old.swap_remove(index));
            self.channels.push(kept.unwrap_or_else(|| Position::new(channel)));
        }
        old.len() < before
    }

    /// Records a greeting, which moves the positions.
    pub fn greeted(&mut self, hello: &Hello) -> Resumption {
        let same_epoch = self.epoch == hello.epoch;
        self.epoch.clone_from(&hello.epoch);
        let received_position = hello.has_received(parameter::LAST_EVENT_ID);
        let mut resumption = Resumption::default();
        for position in &mut self.channels {
            position.replay_to = None;
            let Some(held) = value_of(&hello.held, &position.channel) else {
                position.seq = None;
                continue;
            };
            let mut seq = match position.seq {
                // A first stream starts live, or with the newest logs if it asked for them.
                None => held.start.unwrap_or(held.newest),
                Some(seq) if same_epoch && seq <= held.newest => seq,
                // The position is in the future: the gateway continues live, and does not know
                // where we stopped.
                Some(_) if same_epoch => {
                    resumption.unknown_gap = Some(GapReason::Unknown);
                    held.newest
                }
                // Another epoch: everything in its history will arrive.
                Some(_) => {
                    resumption.unknown_gap = Some(GapReason::Restarted);
                    held.oldest - 1
                }
            };
            if !received_position && let Some(start) = held.start.filter(|start| seq < *start) {
                resumption.unresumed.push((position.channel.clone(), start - seq));
                seq = start;
            }
            position.seq = Some(seq);
            // A gateway that says where it starts leaves nothing to find out.
            let is_told = held.start == Some(seq);
            position.replay_to = (seq < held.newest && !is_told).then_some(held.newest);
            resumption.to_replay += held.newest - seq;
        }
        resumption
    }

    /// Records the greeting of a stream that is about to be replaced, so that the next one starts
    /// where this one would have. Known positions do not move.
    pub fn replaced(&mut self, hello: &Hello) {
        if self.epoch.is_some() && self.epoch != hello.epoch {
            return;
        }
        self.epoch.clone_from(&hello.epoch);
        for position in self.channels.iter_mut().filter(|position| position.seq.is_none()) {
            let held = value_of(&hello.held, &position.channel);
            position.seq = held.map(|held| held.start.unwrap_or(held.newest));
        }
    }

    /// Records that the server does not number its logs, so positions mean nothing to it.
    pub fn greeted_unnumbered(&mut self) {
        self.epoch = None;
        self.resumed();
        self.channels.iter_mut().for_each(|position| position.seq = None);
    }

    /// Classifies a line by its number or, without one, by its id and text.
    pub fn line_arrived(
        &mut self,
        channel: Option<&str>,
        seq: Option<u64>,
        id: &str,
        text: &str,
    ) -> LineOrder {
        let position = channel.and_then(|channel| {
            self.channels.iter_mut().find(|position| position.channel == channel)
        });
        let (Some(position), Some(seq)) = (position, seq) else {
            return if self.recent.is_repeat(id, text) {
                LineOrder::Duplicate
            } else {
                LineOrder::New
            };
        };
        let last = position.seq.unwrap_or(seq - 1);
        if seq <= last {
            return LineOrder::Duplicate;
        }
        let is_replay = position.replay_to.is_some_and(|newest| seq <= newest);
        let missing = if seq - last == 1 { Missing::default() } else { position.skip_to(seq - 1) };
        position.seq = Some(seq);
        if is_replay {
            self.resumed();
        }
        if missing == Missing::default() { LineOrder::New } else { LineOrder::After(missing) }
    }

    /// Records a gap that the gateway reports.
    ///
    /// Returns how many logs are missing that were not counted before: `None` if the gateway does
    /// not know, zero if they arrived or were counted.
    pub fn gap_reported(&mut self, gap: &Gap) -> Option<Missing> {
        // A reader at any position may be slow, or its logs may be deleted; every other gap answers a
        // position that the gateway received.
        let position = self.channels.iter().find(|position| position.channel == gap.channel);
        let is_replay = position
            .and_then(|position| position.replay_to)
            .zip(gap.from)
            .is_some_and(|(newest, from)| from <= newest);
        if is_replay || !matches!(gap.reason, GapReason::Slow | GapReason::Purged) {
            self.resumed();
        }
        let to = gap.to?;
        let position = self.channels.iter_mut().find(|position| position.channel == gap.channel);
        Some(position.map(|position| position.skip_to(to)).unwrap_or_default())
    }

    /// Records a heartbeat, and returns the channels in which logs did not arrive, and how many.
    pub fn heartbeat_arrived(&mut self, heartbeat: &Heartbeat) -> Vec<(String, Missing)> {
        let sent = |position: &Position| value_of(&heartbeat.sent, &position.channel).copied();
        // A stream that has not reached the end of its replay still has the rest to send.
        let is_behind = |position: &Position| {
            position.replay_to.zip(sent(position)).is_some_and(|(newest, sent)| sent < newest)
        };
        if self.channels.iter().any(is_behind) {
            self.resumed();
        }
        let mut missing = Vec::new();
        for position in self.channels.iter_mut().filter(|position| position.seq.is_some()) {
            let Some(sent) = sent(position) else { continue };
            let more = position.skip_to(sent);
            if more != Missing::default() {
                missing.push((position.channel.clone(), more));
            }
        }
        missing
    }

    /// Records that the gateway received the page's position: anything missing from here on has
    /// another cause.
    fn resumed(&mut self) {
        self.channels.iter_mut().for_each(|position| position.replay_to = None);
    }

    /// Returns whether the position in some channel is unknown.
    pub(crate) fn has_unknown(&self) -> bool {
        self.channels.iter().any(|position| position.seq.is_none())
    }

    /// Returns the epoch of the positions, if there are any.
    pub(crate) fn epoch(&self) -> Option<&Epoch> {
        self.epoch.as_ref()
    }

    /// Returns the position in the only channel, if there is one and it is known.
    #[cfg(feature = "view")]
    pub(crate) fn only_position(&self) -> Option<u64> {
        match &self.channels[..] {
            [position] => position.seq,
            _ => None,
        }
    }

    /// Returns the position in a channel, if it is known.
    #[cfg(feature = "view")]
    pub(crate) fn position(&self, channel: &str) -> Option<u64> {
        self.channels.iter().find(|position| position.channel == channel)?.seq
    }

    /// Returns where to resume, or `None` if no position is known.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        let positions: Vec<_> = self.channels.iter().map(|position| position.seq).collect();
        let epoch = self.epoch.clone().filter(|_| positions.iter().any(Option::is_some))?;
        Some(Cursor::new(epoch, positions))
    }
}

/// Returns the value for one channel.
fn value_of<'a, T>(all: &'a [(String, T)], channel: &str) -> Option<&'a T> {
    all.iter().find(|(name, _)| name == channel).map(|(_, value)| value)
}

/// Hashes of the id and text of the last lines without a number, to detect when an old backend
/// repeats some.
///
/// The id alone would not do: with a backend that counts from 1 on every stream, every line after a
/// reconnect would be lost.
#[derive(Clone, Debug, Default)]
struct Recent(VecDeque<u64>);

impl Recent {
    fn is_repeat(&mut self, id: &str, text: &str) -> bool {
        if id.is_empty() {
            return false;
        }
        let hash = fnv(id.bytes().chain([0]).chain(text.bytes()));
        // Scanning 8 kB takes about a microsecond; a hash set would add twice as many bytes of
        // code.
        if self.0.contains(&hash) {
            return true;
        }
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(hash);
        false
    }
}

/// The 64-bit hash of Fowler, Noll and Vo: enough to tell lines apart, and only eight instructions
/// to load.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// More than any old backend is known to repeat.
const RECENT: usize = 1_024;

#[cfg(test)]
mod tests;
