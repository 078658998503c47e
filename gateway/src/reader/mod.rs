//! A reader's place in each of its channels. It fetches pages from the histories, in its own time:
//! replay and live are one.

pub mod batch;
pub(crate) mod cursor_text;
pub(crate) mod events;
pub(crate) mod lag;
pub(crate) mod merge;
pub mod resume;
pub mod timing;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Cursor;
use logs_sse_wire::protocol::{Gap, GapReason};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::channel::Channel;
use crate::hub::config::{Config, SlowReader};
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::wake::Wake;
use crate::reader::batch::{Collector, Framing};
use crate::reader::cursor_text::CursorText;
use crate::reader::lag::Lag;
use crate::reader::merge::{Found, Merge, Page};
use crate::reader::resume::Resume;

/// A channel that was asked for, and whether the reader may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedChannel {
    /// Its name.
    pub channel: ChannelName,
    /// Whether the reader may read it.
    pub is_granted: bool,
}

/// What a reader gets next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Events, ready for the wire.
    Page(Bytes),
    /// Nothing more: it did not keep up.
    TooSlow,
}

/// A reader. Dropping it ends the reading.
#[derive(Debug)]
pub struct Reader {
    hub: Arc<Hub>,
    handle: Arc<ReaderHandle>,
    /// One for each channel that was asked for, in that order; `None` where it was not granted.
    tracks: Vec<Option<Track>>,
    /// Channels whose cursor could not be placed, to be told of first.
    unplaced: Vec<(usize, GapReason)>,
    /// `None` for a reader that takes each log alone.
    collector: Option<Collector>,
    /// Where it was when it last fetched, for a reader that is cut off when it does not keep up.
    lag: Option<Arc<Lag>>,
    /// Whether others are to have their turn before the next page: there may be no end of pages.
    owes_turn: bool,
}

#[derive(Debug)]
struct Track {
    channel: Arc<Channel>,
    at_start: Extent,
    /// The highest sequence number sent, or told of as a gap.
    position: u64,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// On what it missed. However long that takes, it is not slow.
    Replay,
    /// It was at the end once, and is to stay near it.
    Live,
}

impl Reader {
    /// Reads those of `asked` that are granted, from where `resume` says.
    #[must_use]
    pub fn open(
        hub: &Arc<Hub>,
        requested: &[RequestedChannel],
        resume: &Resume,
        framing: Framing,
        connection: ConnectionInfo,
    ) -> Self {
        let handle = Arc::new(ReaderHandle {
            connection: Arc::new(connection),
            wake: Wake::default(),
            stop: CancellationToken::new(),
        });
        hub.enter(&handle);
        let collector = (framing == Framing::Batches)
            .then(|| Collector::new(PAGE, hub.config(), Instant::now()));
        let lag = (hub.config().slow == SlowReader::Cut).then(|| Arc::new(Lag::new(hub.config())));
        let tracks = Vec::with_capacity(requested.len());
        let mut reader = Self {
            hub: Arc::clone(hub),
            handle,
            tracks,
            unplaced: Vec::new(),
            collector,
            lag,
            owes_turn: false,
        };
        for (index, RequestedChannel { channel, is_granted }) in requested.iter().enumerate() {
            let track = is_granted.then(|| {
                let (channel, at_start) = hub.join(channel, &reader.handle);
                let start = resume.start(index, requested.len(), hub.epoch(), at_start);
                reader.unplaced.extend(start.gap.map(|reason| (index, reason)));
                let phase =
                    if start.position < at_start.newest { Phase::Replay } else { Phase::Live };
                Track { channel, at_start, position: start.position, phase }
            });
            reader.tracks.push(track);
        }
        reader.note_position();
        reader
    }

    /// The next events, as soon as there are any. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Next {
        if std::mem::take(&mut self.owes_turn) {
            yield_now().await;
        }
        loop {
            if let Some(next) = self.fetch(Instant::now()) {
                return next;
            }
            match self.collector.as_ref().and_then(Collector::deadline) {
                None => self.handle.wake.woken().await,
                // Either way there is something now.
                Some(deadline) => {
                    timeout_at(deadline, self.handle.wake.woken()).await.unwrap_or_default()
                }
            }
        }
    }

    /// What it collects, if it does: something comes that no log may pass.
    pub(crate) fn flush(&mut self) -> Option<Next> {
        let now = Instant::now();
        let is_holding = self.collector.as_mut().is_some_and(|collector| collector.hurry(now));
        is_holding.then(|| self.fetch(now)).flatten()
    }

    /// Each granted channel, and what could be had of it at the start.
    pub(crate) fn granted(&self) -> impl Iterator<Item = (&ChannelName, Extent)> {
        self.tracks.iter().flatten().map(|track| (track.channel.name(), track.at_start))
    }

    /// Each granted channel, and where this reader is in it.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (&ChannelName, u64)> {
        self.tracks.iter().flatten().map(|track| (track.channel.name(), track.position))
    }

    pub(crate) fn connection(&self) -> &ConnectionInfo {
        &self.handle.connection
    }

    /// How far behind it is, for the socket, which can end a stream that accepts nothing; `None`
    /// where such a stream continues.
    pub(crate) fn lag(&self) -> Option<&Arc<Lag>> {
        self.lag.as_ref()
    }

    /// Cancelled when an operator ends this stream.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.handle.stop
    }

    fn fetch(&mut self, now: Instant) -> Option<Next> {
        if let Some(collector) = &self.collector {
            self.handle.wake.collect(collector.enough());
        }
        let mut page = Vec::new();
        self.tell_unplaced(&mut page);
        // Read first: of all channels, only what is no later than this comes into the page, so
        // that channels merge as they were published.
        let order = self.hub.last_order();
        let mut next = Vec::with_capacity(self.tracks.len());
        for index in 0..self.tracks.len() {
            let Some(track) = &mut self.tracks[index] else { continue };
            let look = track.look(order, self.hub.config());
            next.extend(look.next.map(|order| (index, order)));
            if let Some(missed) = look.missed {
                if missed.reason == GapReason::Slow && self.hub.config().slow == SlowReader::Cut {
                    self.note_cut(index);
                    return Some(Next::TooSlow);
                }
                self.skip(index, missed, &mut page);
            }
        }
        let found = self.find(order, &next);
        if found.logs.is_empty() && found.is_cut_short && page.is_empty() {
            return self.fetch(now);
        }
        let count = self.take(found.weight, !page.is_empty(), now);
        self.owes_turn = is_full(found.weight);
        self.write(&found.logs[..count], &mut page);
        self.note_position();
        (!page.is_empty()).then(|| Next::Page(page.into()))
    }

    /// Returns a page of what was published up to `order`, from the channels that have something,
    /// each with the order of its `next` log.
    fn find(&self, order: u64, next: &[(usize, u64)]) -> Page {
        let mut merge = Merge::new(order);
        for (index, next) in next {
            if let Some(track) = &self.tracks[*index] {
                merge.add(*index, &track.channel, track.position, *next);
            }
        }
        merge.fill(PAGE)
    }

    /// Only the last of these gaps has a cursor. Until all are told, the reader's old one tells
    /// them again.
    fn tell_unplaced(&mut self, page: &mut Vec<u8>) {
        let unplaced = std::mem::take(&mut self.unplaced);
        for (told, (index, reason)) in unplaced.iter().enumerate() {
            let cursor = (told + 1 == unplaced.len()).then(|| self.cursor());
            if let Some(track) = &self.tracks[*index] {
                let channel = track.channel.name().to_string();
                let gap = Gap { channel, from: None, to: None, reason: *reason };
                events::write_gap(page, cursor.as_ref(), &gap);
            }
        }
    }

    /// Moves past the logs that this reader missed in a channel, and reports them.
    fn skip(&mut self, index: usize, missed: Missed, page: &mut Vec<u8>) {
        let Some(track) = &mut self.tracks[index] else { return };
        let Missed { from, to, reason } = missed;
        track.position = to;
        let channel = track.channel.name().to_string();
        tracing::debug!(
            connection = self.connection().connection_id,
            channel,
            from,
            to,
            ?reason,
            "gap"
        );
        let gap = Gap { channel, from: Some(from), to: Some(to), reason };
        events::write_gap(page, Some(&self.cursor()), &gap);
        self.hub.counters.skipped.fetch_add(to - from + 1, Ordering::Relaxed);
    }

    /// How many of the `waiting` logs are sent now. Before it is none, whoever publishes knows what
    /// to wake this reader for.
    fn take(&mut self, waiting: Bounds, is_after_gap: bool, now: Instant) -> usize {
        let is_replay = self.tracks.iter().flatten().any(|track| track.phase == Phase::Replay);
        let Some(collector) = &mut self.collector else { return waiting.lines };
        let count = collector.take(waiting, is_after_gap || is_replay, now);
        match (waiting.lines, count) {
            (0, _) => self.handle.wake.at_once(collector.enough()),
            (_, 0) => self.handle.wake.count(waiting),
            _ => {}
        }
        count
    }

    /// Writes logs, in the order of publishing: one for each event, or all in one.
    fn write(&mut self, logs: &[Found], page: &mut Vec<u8>) {
        page.reserve(logs.iter().map(|found| found.entry.bytes()).sum());
        if self.collector.is_some() && logs.len() > 1 {
            logs.iter().for_each(|found| self.move_to(found));
            events::write_batch(
                page,
                &self.cursor(),
                logs.iter().map(|found| &found.entry.envelope),
            );
        } else if !logs.is_empty() {
            let mut cursor = CursorText::new(&self.cursor());
            for found in logs {
                self.move_to(found);
                cursor.set(found.index, found.entry.seq);
                events::write_log(page, cursor.as_str(), &found.entry.envelope);
            }
        }
        self.hub.counters.delivered.fetch_add(logs.len() as u64, Ordering::Relaxed);
    }

    fn move_to(&mut self, found: &Found) {
        if let Some(track) = &mut self.tracks[found.index] {
            track.position = found.entry.seq;
            track.phase = if found.is_last { Phase::Live } else { track.phase };
        }
    }

    fn cursor(&self) -> Cursor {
        let positions = self.tracks.iter().map(|track| track.as_ref().map(|track| track.position));
        Cursor::new(self.hub.epoch().clone(), positions.collect())
    }

    /// Records the reader's positions in the channels that it had caught up with, by which it is
    /// judged while its socket is full.
    fn note_position(&self) {
        if let Some(lag) = &self.lag {
            let live = self.tracks.iter().flatten().filter(|track| track.phase == Phase::Live);
            lag.note(live.map(|track| (Arc::downgrade(&track.channel), track.position)));
        }
    }

    fn note_cut(&self, index: usize) {
        let channel = self.tracks[index].as_ref().map(|track| track.channel.name().to_string());
        self.hub.counters.cut.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(
            connection = self.connection().connection_id,
            channel,
            "reader cut off: it does not keep up"
        );
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(lag) = &self.lag {
            lag.note(std::iter::empty());
            if lag.was_cut() {
                self.hub.counters.cut.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    connection = self.connection().connection_id,
                    "reader cut off: it does not read"
                );
            }
        }
        let channels =
            std::mem::take(&mut self.tracks).into_iter().flatten().map(|track| track.channel);
        self.hub.leave(&self.handle, channels);
    }
}

/// What comes next in a channel.
struct Look {
    /// The gap before it, if there is one.
    missed: Option<Missed>,
    /// The place of the next log among those of all channels, if it is there already.
    next: Option<u64>,
}

/// Logs of a channel that the reader cannot receive any more.
struct Missed {
    from: u64,
    to: u64,
    reason: GapReason,
}

impl Track {
    /// Looks for what is up to `order`.
    fn look(&mut self, order: u64, config: &Config) -> Look {
        let history = self.channel.history();
        let Extent { oldest, newest } = history.extent();
        let is_slow = self.phase == Phase::Live && history.exceeds(self.position, config.reader);
        let first = if is_slow {
            history.first_within(config.reader)
        } else {
            oldest.max(self.position + 1)
        };
        let next = history.after(first - 1, order).next().map(|entry| entry.order);
        drop(history);
        let reason = if self.phase == Phase::Live { GapReason::Slow } else { GapReason::Evicted };
        let missed = (self.position + 1 < first).then(|| Missed {
            from: self.position + 1,
            to: first - 1,
            reason,
        });
        if first > newest {
            self.phase = Phase::Live;
        }
        Look { missed, next }
    }
}

fn is_full(page: Bounds) -> bool {
    page.lines >= PAGE.lines || page.bytes >= PAGE.bytes
}

/// A page: what is copied out of the histories under one lock, and about as much as a socket takes
/// at once.
const PAGE: Bounds = Bounds { lines: 256, bytes: 256 * 1_024 };

#[cfg(test)]
mod tests;

#[cfg(test)]
mod batch_tests;
