//! A reader's position in one channel, and what follows there.

use std::sync::Arc;

use logs_sse_wire::protocol::GapReason;

use crate::hub::bounds::Extent;
use crate::hub::channel::Channel;
use crate::hub::cold::ColdPage;
use crate::hub::config::Config;

#[derive(Debug)]
pub(super) struct Track {
    pub(super) channel: Arc<Channel>,
    pub(super) at_start: Extent,
    /// The number after which the stream begins.
    pub(super) start: u64,
    /// The highest sequence number sent or reported as missing.
    pub(super) position: u64,
    pub(super) phase: Phase,
    /// Logs that are older than the ring of the channel.
    pub(super) cold: Option<ColdPage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It receives what it missed, and is not slow however long that takes.
    Replay,
    /// It has reached the end once, and must stay near it.
    Live,
}

/// What follows in a channel.
pub(super) struct Look {
    /// The logs missed before it, if any: those that were deleted, then others.
    pub(super) missed: [Option<Missed>; 2],
    pub(super) next: Following,
}

/// The next log of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following {
    /// There is none yet.
    None,
    /// It is in memory, with this order.
    Order(u64),
    /// The engine stores it, under this number.
    Cold(u64),
}

/// Logs of a channel that the reader cannot receive any more.
#[derive(Clone, Copy)]
pub(super) struct Missed {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) reason: GapReason,
}

impl Track {
    /// Looks for the next log up to `order`.
    pub(super) fn look(&mut self, order: u64, config: &Config) -> Look {
        let history = self.channel.history();
        let Extent { oldest, newest } = history.extent();
        let is_slow = self.phase == Phase::Live && history.exceeds(self.position, config.reader);
        let mut first = if is_slow {
            history.first_within(config.reader)
        } else {
            oldest.max(self.position + 1)
        };
        if let Some((page, cutoff)) =
            self.cold.as_ref().zip(self.channel.workspace().ledger().cutoff())
        {
            let is_expired =
                |seq| page.log(seq).is_some_and(|log| log.envelope.published() < cutoff);
            while first < history.ring_start() && is_expired(first) {
                first += 1;
            }
        }
        let is_live = self.phase == Phase::Live;
        let reason = if is_live { GapReason::Slow } else { GapReason::Evicted };
        let purged = history.purged().min(first - 1);
        let missed = [
            Missed::between(self.position, purged, GapReason::Purged),
            Missed::between(self.position.max(purged), first - 1, reason),
        ];
        let next = if first > newest {
            Following::None
        } else if first < history.ring_start() {
            match self.cold.as_ref().and_then(|page| page.log(first)) {
                Some(entry) if entry.order <= order => Following::Order(entry.order),
                Some(_) => Following::None,
                None => Following::Cold(first),
            }
        } else {
            self.cold = None;
            let next = history.after(first - 1, order).next();
            next.map_or(Following::None, |entry| Following::Order(entry.order))
        };
        drop(history);
        if first > newest {
            self.phase = Phase::Live;
        }
        Look { missed, next }
    }
}

impl Missed {
    /// Returns the logs after `position` up to the number `to`, if there are any.
    fn between(position: u64, to: u64, reason: GapReason) -> Option<Self> {
        (position < to).then_some(Self { from: position + 1, to, reason })
    }
}
