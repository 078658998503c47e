//! How far a page has come in each channel: what is new, what came twice, what is missing. Counts,
//! keeps no line.

use std::collections::VecDeque;

use logs_sse_wire::cursor::{Cursor, Epoch};
use logs_sse_wire::protocol::{Gap, GapReason, Heartbeat, Hello};

/// The positions of one stream's channels. They outlive the stream, so that the next one can go on
/// from there.
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
    /// The greeting's `newest`, until the stream shows whether it resumed behind `seq`; `None`
    /// where it need not.
    owed_to: Option<u64>,
}

impl Position {
    fn new(channel: String) -> Self {
        Self { channel, seq: None, owed_to: None }
    }

    /// Moves up to `to`, and returns how many logs in between did not arrive.
    ///
    /// A stream that moves past all it owes without sending any of it did not start where this page
    /// asked it to.
    fn skip_to(&mut self, to: u64) -> Missing {
        let Some(seq) = self.seq.replace(self.seq.map_or(to, |seq| seq.max(to))) else {
            return Missing::default();
        };
        let owed_to = self.owed_to.take().filter(|newest| *newest <= to);
        let unresumed = owed_to.map_or(0, |newest| newest.saturating_sub(seq));
        Missing { unresumed, lost: to.saturating_sub(seq) - unresumed }
    }
}

/// Logs that did not arrive, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The gateway would have sent them again, had it learned where this page stopped.
    pub unresumed: u64,
    /// They were sent, or told as a gap.
    pub lost: u64,
}

/// What a greeting says of the time in which the stream was gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumption {
    /// Logs that have not come yet, and will, or will be told as missing.
    pub left: u64,
    /// Why there may be others, of which nobody knows how many. It must be told now, since the
    /// positions have moved on: the gateway's own word for it comes later on the stream, and
    /// the stream may end before.
    pub unknown: Option<GapReason>,
}

/// What a line is, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOrder {
    /// It is the next one, or there is no telling.
    New,
    /// It came before.
    Duplicate,
    /// It is new, and these before it did not arrive.
    After(Missing),
}

impl Progress {
    /// Nothing known yet of `channels`, which are in the order of the URL.
    #[must_use]
    pub fn new(channels: Vec<String>) -> Self {
        Self {
            epoch: None,
            channels: channels.into_iter().map(Position::new).collect(),
            recent: Recent::default(),
        }
    }

    /// Changes the channels, in the order of the new URL. Those kept stay where they are. Gives
    /// whether there are any.
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

    /// Takes a greeting, which moves the positions.
    pub fn handle_hello(&mut self, hello: &Hello) -> Resumption {
        let same_epoch = self.epoch == hello.epoch;
        self.epoch.clone_from(&hello.epoch);
        let mut announced = Resumption::default();
        for position in &mut self.channels {
            position.owed_to = None;
            let Some(held) = of(&hello.held, &position.channel) else {
                position.seq = None;
                continue;
            };
            let seq = match position.seq {
                // A first stream begins live.
                None => held.newest,
                Some(seq) if same_epoch && seq <= held.newest => seq,
                // From the future: the gateway goes on live, and does not know where we stopped.
                Some(_) if same_epoch => {
                    announced.unknown = Some(GapReason::Unknown);
                    held.newest
                }
                // Another epoch: all that its history holds will come.
                Some(_) => {
                    announced.unknown = Some(GapReason::Restarted);
                    held.oldest - 1
                }
            };
            position.seq = Some(seq);
            position.owed_to = (seq < held.newest).then_some(held.newest);
            announced.left += held.newest - seq;
        }
        announced
    }

    /// The stream comes from a server that does not count: the positions mean nothing to it.
    pub fn handle_uncounted(&mut self) {
        self.epoch = None;
        self.resumed();
        self.channels.iter_mut().for_each(|position| position.seq = None);
    }

    /// Judges a line by its number, or, where it has none, by its id and text.
    pub fn handle_line(
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
        let is_replay = position.owed_to.is_some_and(|newest| seq <= newest);
        let missing = if seq - last == 1 { Missing::default() } else { position.skip_to(seq - 1) };
        position.seq = Some(seq);
        if is_replay {
            self.resumed();
        }
        if missing == Missing::default() { LineOrder::New } else { LineOrder::After(missing) }
    }

    /// Takes a gap that the gateway reports. Returns how many logs are missing that were not
    /// counted yet: `None` when the gateway does not know, zero when they arrived or were
    /// counted.
    pub fn handle_gap(&mut self, gap: &Gap) -> Option<Missing> {
        // A reader of any position may be slow; every other gap answers a position that the gateway
        // received.
        let position = self.channels.iter().find(|position| position.channel == gap.channel);
        let is_replay = position
            .and_then(|position| position.owed_to)
            .zip(gap.from)
            .is_some_and(|(newest, from)| from <= newest);
        if is_replay || gap.reason != GapReason::Slow {
            self.resumed();
        }
        let to = gap.to?;
        let position = self.channels.iter_mut().find(|position| position.channel == gap.channel);
        Some(position.map(|position| position.skip_to(to)).unwrap_or_default())
    }

    /// Takes a heartbeat, and returns how many logs did not arrive.
    pub fn handle_heartbeat(&mut self, heartbeat: &Heartbeat) -> Missing {
        let sent = |position: &Position| of(&heartbeat.sent, &position.channel).copied();
        // A stream that stands before the end of what it owes has that still to send.
        let is_behind = |position: &Position| {
            position.owed_to.zip(sent(position)).is_some_and(|(newest, sent)| sent < newest)
        };
        if self.channels.iter().any(is_behind) {
            self.resumed();
        }
        let mut missing = Missing::default();
        for position in self.channels.iter_mut().filter(|position| position.seq.is_some()) {
            let Some(sent) = sent(position) else { continue };
            let more = position.skip_to(sent);
            missing.unresumed += more.unresumed;
            missing.lost += more.lost;
        }
        missing
    }

    /// The gateway learned where this page stopped: whatever is missing from here on has another
    /// reason.
    fn resumed(&mut self) {
        self.channels.iter_mut().for_each(|position| position.owed_to = None);
    }

    /// Where to go on from; `None` when nothing is known.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        let positions: Vec<_> = self.channels.iter().map(|position| position.seq).collect();
        let epoch = self.epoch.clone().filter(|_| positions.iter().any(Option::is_some))?;
        Some(Cursor::new(epoch, positions))
    }
}

/// What is said of one channel.
fn of<'a, T>(all: &'a [(String, T)], channel: &str) -> Option<&'a T> {
    all.iter().find(|(name, _)| name == channel).map(|(_, value)| value)
}

/// The last lines without a number, as hashes of id and text: an old backend that sends some again
/// is found out.
///
/// By the id alone a backend that counts from 1 on every stream would lose every line after a
/// reconnect.
#[derive(Clone, Debug, Default)]
struct Recent(VecDeque<u64>);

impl Recent {
    fn is_repeat(&mut self, id: &str, text: &str) -> bool {
        if id.is_empty() {
            return false;
        }
        let hash = fnv(id.bytes().chain([0]).chain(text.bytes()));
        // A walk over 8 kB takes about a microsecond, a hash set twice that in code to load.
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

/// The 64-bit hash of Fowler, Noll and Vo: enough to tell lines apart, and eight instructions to
/// load.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// More than any old backend is known to send again.
const RECENT: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use logs_sse_wire::protocol::Held;

    const CHANNEL: &str = "logs:etl:a:b";

    fn hello(epoch: &str, oldest: u64, newest: u64) -> Hello {
        Hello {
            epoch: epoch.parse().ok(),
            held: vec![(CHANNEL.to_owned(), Held { oldest, newest })],
            ..Hello::default()
        }
    }

    fn at(seq: u64) -> Progress {
        let mut progress = Progress::new(vec![CHANNEL.into()]);
        progress.handle_hello(&hello("aaaaaa", 1, seq));
        progress
    }

    fn line(progress: &mut Progress, seq: u64) -> LineOrder {
        progress.handle_line(Some(CHANNEL), Some(seq), "", "")
    }

    fn lost(lost: u64) -> Missing {
        Missing { unresumed: 0, lost }
    }

    fn beat(sent: u64) -> Heartbeat {
        Heartbeat { sent: vec![(CHANNEL.to_owned(), sent)], server_time: None }
    }

    fn gap(to: Option<u64>) -> Gap {
        Gap { channel: CHANNEL.into(), from: to.map(|_| 6), to, reason: GapReason::Evicted }
    }

    #[test]
    fn a_first_stream_begins_live() {
        let mut progress = at(70);
        assert_eq!(line(&mut progress, 71), LineOrder::New);
        assert_eq!(
            progress.cursor().map(|cursor| cursor.to_string()).as_deref(),
            Some("1.aaaaaa.1z")
        );
    }

    #[test]
    fn counts_what_did_not_come_and_what_came_twice() {
        let mut progress = at(5);
        assert_eq!(line(&mut progress, 9), LineOrder::After(lost(3)));
        assert_eq!(
            [line(&mut progress, 9), line(&mut progress, 7), line(&mut progress, 10)],
            [LineOrder::Duplicate, LineOrder::Duplicate, LineOrder::New]
        );
    }

    #[test]
    fn a_greeting_tells_how_far_behind() {
        let mut progress = at(5);
        assert_eq!(
            progress.handle_hello(&hello("aaaaaa", 1, 12)),
            Resumption { left: 7, unknown: None }
        );
        assert_eq!(line(&mut progress, 6), LineOrder::New);
    }

    #[test]
    fn another_epoch_begins_with_what_its_history_holds() {
        let mut progress = at(500);
        assert_eq!(
            progress.handle_hello(&hello("bbbbbb", 1, 3)),
            Resumption { left: 3, unknown: Some(GapReason::Restarted) }
        );
        assert_eq!(line(&mut progress, 1), LineOrder::New);
    }

    #[test]
    fn a_gateway_that_went_back_is_followed() {
        let mut progress = at(500);
        assert_eq!(
            progress.handle_hello(&hello("aaaaaa", 1, 300)),
            Resumption { left: 0, unknown: Some(GapReason::Unknown) }
        );
        assert_eq!(line(&mut progress, 301), LineOrder::New);
    }

    #[test]
    fn a_gap_counts_once() {
        let mut progress = at(5);
        assert_eq!(progress.handle_gap(&gap(Some(8))), Some(lost(3)));
        assert_eq!(progress.handle_gap(&gap(Some(8))), Some(lost(0)));
        assert_eq!(line(&mut progress, 9), LineOrder::New);
        assert_eq!(progress.handle_gap(&gap(None)), None);
    }

    #[test]
    fn a_heartbeat_shows_a_loss_on_an_idle_stream() {
        let mut progress = at(5);
        assert_eq!(
            [5, 7, 7].map(|sent| progress.handle_heartbeat(&beat(sent))),
            [lost(0), lost(2), lost(0)]
        );
    }

    /// A stream that was asked to resume behind 5 and greets with 12 as the newest.
    fn behind() -> Progress {
        let mut progress = at(5);
        progress.handle_hello(&hello("aaaaaa", 1, 12));
        progress
    }

    #[test]
    fn a_stream_that_skips_all_it_owes_did_not_resume() {
        assert_eq!(line(&mut behind(), 13), LineOrder::After(Missing { unresumed: 7, lost: 0 }));
        assert_eq!(line(&mut behind(), 15), LineOrder::After(Missing { unresumed: 7, lost: 2 }));
        assert_eq!(behind().handle_heartbeat(&beat(12)), Missing { unresumed: 7, lost: 0 });
        let slow = Gap { reason: GapReason::Slow, from: Some(13), ..gap(Some(20)) };
        assert_eq!(behind().handle_gap(&slow), Some(Missing { unresumed: 7, lost: 8 }));
    }

    #[test]
    fn a_stream_that_sends_or_reports_any_of_it_did_resume() {
        let resumed: [fn(&mut Progress); 5] = [
            |progress| {
                assert_eq!(
                    progress.handle_gap(&Gap { reason: GapReason::Slow, ..gap(Some(7)) }),
                    Some(lost(2))
                )
            },
            |progress| assert_eq!(line(progress, 7), LineOrder::After(lost(1))),
            |progress| assert_eq!(progress.handle_gap(&gap(Some(7))), Some(lost(2))),
            |progress| assert_eq!(progress.handle_gap(&gap(None)), None),
            |progress| assert_eq!(progress.handle_heartbeat(&beat(7)), lost(2)),
        ];
        for resume in resumed {
            let mut progress = behind();
            resume(&mut progress);
            assert!(matches!(
                line(&mut progress, 13),
                LineOrder::After(Missing { unresumed: 0, .. })
            ));
        }
    }

    #[test]
    fn a_restarted_gateway_that_sends_none_of_its_history_was_not_asked_to_resume() {
        let mut progress = at(500);
        progress.handle_hello(&hello("bbbbbb", 1, 3));
        assert_eq!(progress.handle_heartbeat(&beat(3)), Missing { unresumed: 3, lost: 0 });
    }

    #[test]
    fn without_numbers_id_and_text_tell_a_repeat() {
        let mut progress = Progress::new(vec![CHANNEL.into()]);
        let mut come = |id: &str, text: &str| progress.handle_line(None, None, id, text);
        assert_eq!(
            [come("1", "a"), come("1", "a"), come("1", "b"), come("", "c"), come("", "c")],
            [LineOrder::New, LineOrder::Duplicate, LineOrder::New, LineOrder::New, LineOrder::New]
        );
        assert_eq!(progress.cursor(), None);
    }

    #[test]
    fn remembers_a_bounded_number() {
        let mut recent = Recent::default();
        for number in 0..RECENT + 10 {
            assert!(!recent.is_repeat(&number.to_string(), ""));
        }
        assert_eq!(recent.0.len(), RECENT);
    }
}
