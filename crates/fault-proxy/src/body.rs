//! The body of a stream on its way to the reader: in pieces, at a limited rate, and up to a given
//! byte.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;
use tokio::time::{Instant, sleep_until};

use crate::BUFFER;
use crate::head::Head;
use crate::payload::Payload;
use crate::plan::{Ending, Throttle};

/// A body that upstream sends.
#[derive(Debug)]
pub(crate) struct Body {
    upstream: TcpStream,
    /// Bytes read and not yet written.
    buffer: BytesMut,
    payload: Payload,
    pacer: Pacer,
}

/// The reason why a pass ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PassResult {
    /// The limit is reached.
    Limit,
    /// Upstream ended, or the reader left.
    Ended(Ending),
}

impl Body {
    /// Returns the body after `head`, of which `buffer` holds what is read already.
    pub(crate) fn new(
        upstream: TcpStream,
        buffer: BytesMut,
        head: &Head,
        throttle: Throttle,
    ) -> Self {
        Self {
            upstream,
            buffer,
            payload: Payload::following(head),
            pacer: Pacer { throttle, next: Instant::now() },
        }
    }

    /// Forwards everything until either side ends.
    pub(crate) async fn pass_all(&mut self, answers: &mut WriteHalf<'_>) -> Ending {
        loop {
            if let PassResult::Ended(ending) = self.pass(answers, u64::MAX).await {
                return ending;
            }
        }
    }

    /// Forwards until `limit` bytes of the body have passed, counted over all calls.
    ///
    /// Cancel-safe: no state changes until a read or a write is done.
    pub(crate) async fn pass(&mut self, answers: &mut WriteHalf<'_>, limit: u64) -> PassResult {
        while self.payload.passed() < limit {
            if self.buffer.is_empty() {
                self.buffer.reserve(BUFFER);
                match self.upstream.read_buf(&mut self.buffer).await {
                    Ok(0) => return PassResult::Ended(Ending::Fin),
                    Ok(_) => {}
                    Err(_) => return PassResult::Ended(Ending::Reset),
                }
            }
            self.pacer.turn().await;
            let most = self.pacer.piece().min(self.buffer.len());
            let wanted = self.payload.clone().pass(&self.buffer[..most], limit);
            let Ok(written) = answers.write(&self.buffer[..wanted]).await else {
                return PassResult::Ended(Ending::Reset);
            };
            self.payload.pass(&self.buffer[..written], limit);
            self.buffer.advance(written);
            self.pacer.note(written, Instant::now());
            // Yields to the reader; otherwise the next piece would join this one.
            tokio::task::yield_now().await;
        }
        PassResult::Limit
    }
}

/// Decides when the next piece is written, and how long it is.
#[derive(Debug)]
struct Pacer {
    throttle: Throttle,
    next: Instant,
}

impl Pacer {
    async fn turn(&self) {
        if self.throttle.rate.is_some() {
            sleep_until(self.next).await;
        }
    }

    fn piece(&self) -> usize {
        let split = self.throttle.split.map_or(usize::MAX, usize::from);
        let rate =
            self.throttle.rate.map_or(u64::MAX, |rate| (rate.get() / PIECES_A_SECOND).max(1));
        split.min(usize::try_from(rate).unwrap_or(usize::MAX))
    }

    fn note(&mut self, bytes: usize, now: Instant) {
        let Some(rate) = self.throttle.rate else { return };
        // Idle time earns no credit.
        if self.next + CATCH_UP < now {
            self.next = now;
        }
        self.next += Duration::from_secs_f64(bytes as f64 / rate.get() as f64);
    }
}

/// Small pieces make a trickle instead of a burst each second.
const PIECES_A_SECOND: u64 = 20;

/// A timer is late by a millisecond or two, which must not slow down a fast rate.
const CATCH_UP: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn a_rate_sets_the_time_of_the_next_piece() {
        let start = Instant::now();
        let mut pacer =
            Pacer { throttle: Throttle { split: None, rate: NonZero::new(1000) }, next: start };
        assert_eq!(pacer.piece(), 50);
        pacer.note(50, start);
        assert_eq!(pacer.next, start + Duration::from_millis(50));
        pacer.note(50, start + Duration::from_millis(52));
        assert_eq!(pacer.next, start + Duration::from_millis(100), "a late timer is compensated");
        pacer.note(50, start + Duration::from_secs(9));
        assert_eq!(pacer.next, start + Duration::from_millis(9_050), "idle time is not");
    }

    #[test]
    fn the_smaller_piece_counts() {
        let piece = |split, rate| {
            Pacer {
                throttle: Throttle { split: NonZero::new(split), rate: NonZero::new(rate) },
                next: Instant::now(),
            }
            .piece()
        };
        assert_eq!((piece(3, 1000), piece(100, 1000), piece(3, 1), piece(0, 1)), (3, 50, 1, 1));
    }
}
