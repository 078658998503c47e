//! A reader's position in each of its channels. It fetches pages from the histories at its own
//! pace; replay and live work alike.

pub mod batch;
pub(crate) mod cursor_text;
pub(crate) mod events;
mod finish;
pub(crate) mod lag;
pub(crate) mod merge;
pub mod resume;
pub mod timing;
mod track;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Cursor;
use logs_sse_wire::protocol::{Gap, GapReason};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::hub::bounds::{Bounds, Extent};
use crate::hub::config::SlowReader;
use crate::hub::connection::{ConnectionInfo, ReaderHandle};
use crate::hub::wake::Wake;
use crate::metrics::EngineCall;
use crate::reader::batch::{Collector, Framing};
use crate::reader::cursor_text::CursorText;
use crate::reader::lag::Lag;
use crate::reader::merge::{Found, Merge, Page};
use crate::reader::resume::{Beginning, Start};
use crate::reader::track::{Following, Missed, Phase, Track};

/// A requested channel, and whether the reader may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedChannel {
    /// The name as it was requested.
    pub channel: ChannelName,
    /// Whether the reader may read it.
    pub is_granted: bool,
}

/// What a stream sends next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Events, ready for the wire.
    Page(Bytes),
    /// Nothing more: the reader did not keep up.
    TooSlow,
}

/// A reader. Dropping it removes it from the hub.
#[derive(Debug)]
pub struct Reader {
    hub: Arc<Hub>,
    handle: Arc<ReaderHandle>,
    /// One for each requested channel, in that order; `None` where the reader may not read it.
    tracks: Vec<Option<Track>>,
    /// Channels with an unusable cursor, to be reported as gaps first.
    unplaced: Vec<(usize, GapReason)>,
    /// `None` for a reader without batches.
    collector: Option<Collector>,
    /// The positions at the last fetch.
    lag: Arc<Lag>,
    logs_sent: u64,
    /// Whether to yield before the next page, since pages may never pause.
    owes_turn: bool,
    /// Whether the last page had all there was, so that there is nothing to fetch until it is woken.
    is_at_end: bool,
    /// The channels that need a page of the engine's store, with the number of the log in each.
    wanted: Vec<(usize, u64)>,
}

impl Reader {
    /// Starts to read the granted channels of `requested`, each where `beginning` says.
    #[must_use]
    pub fn open(
        hub: &Arc<Hub>,
        requested: &[RequestedChannel],
        beginning: &Beginning,
        framing: Framing,
        connection: ConnectionInfo,
    ) -> Self {
        let handle = Arc::new(ReaderHandle {
            connection: Arc::new(connection),
            is_forwarded: false,
            is_replaying: AtomicBool::new(false),
            wake: Wake::default(),
            stop: CancellationToken::new(),
        });
        hub.enter(&handle);
        let config = hub.config();
        let collector =
            (framing == Framing::Batches).then(|| Collector::new(PAGE, &config, Instant::now()));
        let (mut tracks, mut unplaced) = (Vec::with_capacity(requested.len()), Vec::new());
        for (index, RequestedChannel { channel, is_granted }) in requested.iter().enumerate() {
            let track = is_granted.then(|| {
                let (channel, at_start) = hub.join(channel, &handle);
                let start = beginning.start(index, requested.len(), hub.epoch(), at_start);
                unplaced.extend(start.gap.map(|reason| (index, reason)));
                let phase =
                    if start.position < at_start.newest { Phase::Replay } else { Phase::Live };
                let Start { position, .. } = start;
                Track { channel, at_start, start: position, position, phase, cold: None }
            });
            tracks.push(track);
        }
        let channels = tracks.iter().flatten().map(|track| &track.channel);
        let lag = Arc::new(Lag::new(hub, channels));
        let reader = Self {
            hub: Arc::clone(hub),
            handle,
            tracks,
            unplaced,
            collector,
            lag,
            logs_sent: 0,
            owes_turn: false,
            is_at_end: false,
            wanted: Vec::new(),
        };
        reader.note_position();
        reader
    }

    /// Returns the next events, as soon as there are any. Cancel-safe.
    pub async fn next(&mut self) -> Next {
        if std::mem::take(&mut self.owes_turn) {
            yield_now().await;
        }
        if std::mem::take(&mut self.is_at_end) {
            self.handle.wake.woken().await;
        }
        loop {
            if let Some(next) = self.fetch(Instant::now()) {
                return next;
            }
            if !self.wanted.is_empty() {
                self.read_wanted().await;
                continue;
            }
            match self.collector.as_ref().and_then(Collector::deadline) {
                None => self.handle.wake.woken().await,
                // There is something to fetch in both cases.
                Some(deadline) => {
                    timeout_at(deadline, self.handle.wake.woken()).await.unwrap_or_default();
                }
            }
        }
    }

    /// Reads what the last fetch missed. A store that cannot be read delays the reader until it can
    /// be read again.
    async fn read_wanted(&mut self) {
        while let Some((index, seq)) = self.wanted.last().copied() {
            if let Some(track) = &mut self.tracks[index] {
                match self.hub.cold_page(&track.channel, seq).await {
                    Ok(page) => track.cold = Some(page),
                    Err(error) => {
                        self.hub.metrics().note_engine_error(EngineCall::Read);
                        let channel = track.channel.name();
                        tracing::error!(%channel, seq, %error, "a reader waits for stored logs");
                        sleep(READ_AGAIN).await;
                    }
                }
            }
            self.wanted.pop();
        }
    }

    /// Returns the logs that wait to be batched, before an event that they must precede.
    pub(crate) fn flush(&mut self) -> Option<Next> {
        let now = Instant::now();
        let is_holding = self.collector.as_mut().is_some_and(|collector| collector.hurry(now));
        is_holding.then(|| self.fetch(now)).flatten()
    }

    /// Returns each granted channel, with the extent that could be replayed at the start, and the
    /// number after which the stream begins.
    pub(crate) fn granted(&self) -> impl Iterator<Item = (&ChannelName, Extent, u64)> {
        self.tracks
            .iter()
            .flatten()
            .map(|track| (&**track.channel.name(), track.at_start, track.start))
    }

    /// Returns each granted channel, and the position of this reader.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (&ChannelName, u64)> {
        self.tracks.iter().flatten().map(|track| (&**track.channel.name(), track.position))
    }

    /// Returns how many logs this reader has sent.
    pub(crate) fn logs_sent(&self) -> u64 {
        self.logs_sent
    }

    pub(crate) fn connection(&self) -> &ConnectionInfo {
        &self.handle.connection
    }

    /// Returns the lag, by which the socket ends a stream that accepts nothing while slow readers
    /// are cut off.
    pub(crate) fn lag(&self) -> &Arc<Lag> {
        &self.lag
    }

    /// Returns the token that is cancelled when an operator ends this stream.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.handle.stop
    }

    fn fetch(&mut self, now: Instant) -> Option<Next> {
        self.is_at_end = false;
        // A reload may have changed it.
        let config = self.hub.config();
        if let Some(collector) = &mut self.collector {
            collector.reconfigure(PAGE, &config);
            self.handle.wake.collect(collector.enough());
        }
        let mut page = Vec::new();
        self.report_unplaced(&mut page);
        // Read first: the page contains no log after this order, so that channels merge in the
        // order of publishing.
        let order = self.hub.last_order();
        let mut next = Vec::with_capacity(self.tracks.len());
        self.wanted.clear();
        for index in 0..self.tracks.len() {
            let Some(track) = &mut self.tracks[index] else { continue };
            let look = track.look(order, &config);
            match look.next {
                Following::None => {}
                Following::Order(order) => next.push((index, order)),
                Following::Cold(seq) => self.wanted.push((index, seq)),
            }
            for missed in look.missed.into_iter().flatten() {
                if missed.reason == GapReason::Slow && config.slow == SlowReader::Cut {
                    self.note_cut(index);
                    return Some(Next::TooSlow);
                }
                self.skip(index, missed, &mut page);
            }
        }
        if !self.wanted.is_empty() {
            // The order of the logs that are not in memory is unknown.
            return (!page.is_empty()).then(|| Next::Page(page.into()));
        }
        let found = self.find(order, &next);
        if found.logs.is_empty() && found.is_cut_short && page.is_empty() {
            return self.fetch(now);
        }
        let count = self.take(found.weight, !page.is_empty(), now);
        self.owes_turn = is_full(found.weight);
        // Publishers wake the reader for each later log, even before it waits.
        self.is_at_end = self.collector.is_none() && !self.owes_turn && !found.is_cut_short;
        self.write(&found.logs[..count], &mut page);
        self.note_position();
        (!page.is_empty()).then(|| Next::Page(page.into()))
    }

    /// Returns a page of logs up to `order`, from the channels that have any, each with the order
    /// of its `next` log.
    fn find(&self, order: u64, next: &[(usize, u64)]) -> Page {
        let mut merge = Merge::new(order);
        for (index, next) in next {
            if let Some(track) = &self.tracks[*index] {
                let cold = track.cold.as_ref();
                merge.add(*index, (&track.channel, cold), track.position, *next);
            }
        }
        merge.fill(PAGE)
    }

    /// Writes the gaps of unusable cursors. Only the last has a cursor: until all are received, the
    /// reader's old cursor reports them again.
    fn report_unplaced(&mut self, page: &mut Vec<u8>) {
        let unplaced = std::mem::take(&mut self.unplaced);
        for (number, (index, reason)) in unplaced.iter().enumerate() {
            let cursor = (number + 1 == unplaced.len()).then(|| self.cursor());
            if let Some(track) = &self.tracks[*index] {
                let channel = track.channel.name().to_string();
                let gap = Gap { channel, from: None, to: None, reason: *reason };
                self.hub.metrics().note_gap(*reason, 0);
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
        self.hub.metrics().note_gap(reason, to - from + 1);
    }

    /// Returns how many of the `waiting` logs are sent now. If none, publishers already know when
    /// to wake this reader.
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

    /// Writes logs in the order of publishing, each as an event or all in one.
    fn write(&mut self, logs: &[Found], page: &mut Vec<u8>) {
        self.note_written(logs);
        page.reserve(logs.iter().map(|found| found.entry.bytes()).sum());
        if self.collector.is_some() && logs.len() > 1 {
            logs.iter().for_each(|found| self.move_to(found));
            events::write_batch(
                page,
                &self.cursor(),
                logs.iter().map(|found| &found.entry.envelope),
            );
        } else if let [found] = logs {
            self.move_to(found);
            events::write_log(page, self.cursor(), &found.entry.envelope);
        } else if !logs.is_empty() {
            let mut cursor = CursorText::new(&self.cursor());
            for found in logs {
                self.move_to(found);
                cursor.set(found.index, found.entry.seq);
                events::write_log(page, cursor.as_str(), &found.entry.envelope);
            }
        }
        self.logs_sent += logs.len() as u64;
        self.hub.counters.delivered.fetch_add(logs.len() as u64, Ordering::Relaxed);
    }

    /// Counts replayed logs, and measures how long the oldest log took if all are live.
    fn note_written(&self, logs: &[Found]) {
        let Some(first) = logs.first() else { return };
        let is_replayed = |found: &&Found| {
            self.tracks[found.index].as_ref().is_some_and(|track| track.phase == Phase::Replay)
        };
        let metrics = self.hub.metrics();
        match logs.iter().filter(is_replayed).count() as u64 {
            0 => {
                let took = first.entry.envelope.age(self.hub.now_micros());
                metrics.publish_to_write.observe(took.as_secs_f64());
            }
            count => _ = metrics.replayed.inc_by(count),
        }
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

    /// Records whether the reader replays, and the positions in the channels with which it has
    /// caught up, by which it is judged while its socket is full.
    fn note_position(&self) {
        let is_replaying = self.tracks.iter().flatten().any(|track| track.phase == Phase::Replay);
        self.handle.is_replaying.store(is_replaying, Ordering::Relaxed);
        let position = |track: &Track| (track.phase == Phase::Live).then_some(track.position);
        self.lag.note(self.tracks.iter().flatten().map(position));
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
        // No one judges it any more.
        self.lag.note(std::iter::repeat(None));
        if self.lag.was_cut() {
            self.hub.counters.cut.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                connection = self.connection().connection_id,
                "reader cut off: it does not read"
            );
        }
        let channels =
            std::mem::take(&mut self.tracks).into_iter().flatten().map(|track| track.channel);
        self.hub.leave(&self.handle, channels);
    }
}

fn is_full(page: Bounds) -> bool {
    page.lines >= PAGE.lines || page.bytes >= PAGE.bytes
}

/// The pause after a store could not be read.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// The size of a page: as much as is copied out of the histories at once, and about as much as a
/// socket accepts at once. A reader that reads nothing holds one.
const PAGE: Bounds = Bounds { lines: 256, bytes: 64 * 1_024 };

#[cfg(test)]
mod tests;

#[cfg(test)]
mod batch_tests;

#[cfg(test)]
mod tail_tests;
