//! The body of a stream on its way to the reader: in pieces, at a pace, and up to a byte.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;
use tokio::time::{Instant, sleep_until};

use crate::BUFFER;
use crate::head::Head;
use crate::payload::Payload;
use crate::plan::{Ending, Pace};

/// A body that comes from upstream.
#[derive(Debug)]
pub(crate) struct Body {
    upstream: TcpStream,
    /// Read, and not yet written.
    buffer: BytesMut,
    payload: Payload,
    pacer: Pacer,
}

/// Why no more was passed on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// The last wanted byte is written.
    Limit,
    /// Upstream ended, or the reader left.
    Ended(Ending),
}

impl Body {
    /// The body after `head`, of which `buffer` is read already.
    pub(crate) fn new(upstream: TcpStream, buffer: BytesMut, head: &Head, pace: Pace) -> Self {
        Self {
            upstream,
            buffer,
            payload: Payload::following(head),
            pacer: Pacer { pace, next: Instant::now() },
        }
    }

    /// Passes on all that comes.
    pub(crate) async fn pass_all(&mut self, answers: &mut WriteHalf<'_>) -> Ending {
        loop {
            if let Stop::Ended(ending) = self.pass(answers, u64::MAX).await {
                return ending;
            }
        }
    }

    /// Passes on what comes until `limit` bytes of the body have passed, of all calls together.
    ///
    /// Dropped midway it loses nothing: no state changes until a read or a write is done.
    pub(crate) async fn pass(&mut self, answers: &mut WriteHalf<'_>, limit: u64) -> Stop {
        while self.payload.passed() < limit {
            if self.buffer.is_empty() {
                self.buffer.reserve(BUFFER);
                match self.upstream.read_buf(&mut self.buffer).await {
                    Ok(0) => return Stop::Ended(Ending::Fin),
                    Ok(_) => {}
                    Err(_) => return Stop::Ended(Ending::Reset),
                }
            }
            self.pacer.turn().await;
            let most = self.pacer.piece().min(self.buffer.len());
            let wanted = self.payload.clone().pass(&self.buffer[..most], limit);
            let Ok(written) = answers.write(&self.buffer[..wanted]).await else {
                return Stop::Ended(Ending::Reset);
            };
            self.payload.pass(&self.buffer[..written], limit);
            self.buffer.advance(written);
            self.pacer.note(written, Instant::now());
            // Between two pieces the reader may have its turn, else the next one joins the last.
            tokio::task::yield_now().await;
        }
        Stop::Limit
    }
}

/// When the next piece goes, and how long it is.
#[derive(Debug)]
struct Pacer {
    pace: Pace,
    next: Instant,
}

impl Pacer {
    async fn turn(&self) {
        if self.pace.rate.is_some() {
            sleep_until(self.next).await;
        }
    }

    fn piece(&self) -> usize {
        let split = self.pace.split.map_or(usize::MAX, usize::from);
        let rate = self.pace.rate.map_or(u64::MAX, |rate| (rate.get() / PIECES_A_SECOND).max(1));
        split.min(usize::try_from(rate).unwrap_or(usize::MAX))
    }

    fn note(&mut self, bytes: usize, now: Instant) {
        let Some(rate) = self.pace.rate else { return };
        // Time in which nothing came is not made up for.
        if self.next + CATCH_UP < now {
            self.next = now;
        }
        self.next += Duration::from_secs_f64(bytes as f64 / rate.get() as f64);
    }
}

/// A trickle, rather than a gush every second.
const PIECES_A_SECOND: u64 = 20;

/// A timer is late by a millisecond or two, which must not slow a fast rate down.
const CATCH_UP: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn a_rate_sets_the_time_of_the_next_piece() {
        let start = Instant::now();
        let mut pacer = Pacer { pace: Pace { split: None, rate: NonZero::new(1000) }, next: start };
        assert_eq!(pacer.piece(), 50);
        pacer.note(50, start);
        assert_eq!(pacer.next, start + Duration::from_millis(50));
        pacer.note(50, start + Duration::from_millis(52));
        assert_eq!(pacer.next, start + Duration::from_millis(100), "a late timer is made up for");
        pacer.note(50, start + Duration::from_secs(9));
        assert_eq!(pacer.next, start + Duration::from_millis(9_050), "a quiet time is not");
    }

    #[test]
    fn the_smaller_piece_counts() {
        let piece = |split, rate| {
            Pacer {
                pace: Pace { split: NonZero::new(split), rate: NonZero::new(rate) },
                next: Instant::now(),
            }
            .piece()
        };
        assert_eq!((piece(3, 1000), piece(100, 1000), piece(3, 1), piece(0, 1)), (3, 50, 1, 1));
    }
}
