//! A client that ends only its side of the connection keeps its stream. Pings find out whether it
//! is still there.

use std::future::{pending, poll_fn};
use std::time::Duration;

use crate::server::link::Link;

/// The half-close of one stream's client.
#[derive(Debug)]
pub(crate) struct HalfClose {
    /// `None` in a test without a socket.
    link: Option<Link>,
    /// The remaining checks in quick succession.
    checks_left: u8,
}

impl HalfClose {
    /// Keeps the connection of `link` after a half-close.
    pub(crate) fn kept(link: Option<Link>) -> Self {
        if let Some(link) = &link {
            link.keep_half_closed();
        }
        Self { link, checks_left: CHECKS }
    }

    /// Waits until the client ends its side; for ever once a check has begun.
    pub(crate) async fn noticed(&self) {
        match &self.link {
            Some(link) if self.checks_left == CHECKS => {
                poll_fn(|_| link.poll_half_closed()).await;
            }
            _ => pending().await,
        }
    }

    /// Returns the delay before the ping after this one, or `None` for a client that has not ended
    /// its side.
    ///
    /// A client that ended its side may have left altogether, which one or two sends reveal.
    pub(crate) fn next_check(&mut self) -> Option<Duration> {
        if !self.link.as_ref().is_some_and(Link::is_half_closed) {
            return None;
        }
        let delay = if self.checks_left > 0 { BETWEEN_CHECKS } else { BETWEEN_LATER_CHECKS };
        self.checks_left = self.checks_left.saturating_sub(1);
        Some(delay)
    }
}

/// A client that left answers the first check with a reset, and the next one fails.
const CHECKS: u8 = 3;

/// Longer than a round trip to a client.
const BETWEEN_CHECKS: Duration = Duration::from_secs(1);

/// A half-closed client leaves without notice later, so it is checked more often than others.
const BETWEEN_LATER_CHECKS: Duration = Duration::from_secs(5);
