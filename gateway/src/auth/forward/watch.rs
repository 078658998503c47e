//! Asks the application again about a session on which streams depend, and ends them when it says no.
//!
//! It is asked before an answer is stale, so that an outage of a moment ends no stream. A session that
//! ends is noticed within the time for which answers are valid.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::auth::forward::{Answer, Digest, Forward, Session};

/// A session on which streams depend. It is asked about until the last of them drops it.
#[derive(Debug)]
pub(crate) struct Watched {
    session: Session,
    ended: CancellationToken,
    forward: Weak<Forward>,
}

impl Watched {
    pub(super) fn start(forward: &Arc<Forward>, session: &Session) -> Arc<Self> {
        let watched = Arc::new(Self {
            session: session.clone(),
            ended: CancellationToken::new(),
            forward: Arc::downgrade(forward),
        });
        tokio::spawn(keep_asking(
            Arc::clone(forward),
            Arc::downgrade(&watched),
            watched.ended.clone(),
            session.clone(),
        ));
        watched
    }

    /// Returns the token that is cancelled when the session ends.
    pub(crate) fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// Returns whether this is about the same grant of the same credential, and has not ended.
    pub(super) fn is_of(&self, session: &Session) -> bool {
        !self.ended.is_cancelled() && self.session.granted == session.granted
    }

    fn digest(&self) -> &Digest {
        &self.session.credential.digest
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The task that asks ends too.
        self.ended.cancel();
        if let Some(forward) = self.forward.upgrade() {
            forward.forget(self.digest());
        }
    }
}

async fn keep_asking(
    forward: Arc<Forward>,
    watched: Weak<Watched>,
    ended: CancellationToken,
    session: Session,
) {
    let cache = forward.options.cache;
    let mut stale_at = session.at + cache;
    // Sessions that began together are asked about at different times.
    let mut due = session.at + cache.mul_f64(0.5 + 0.3 * fastrand::f64());
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            () = sleep_until(due) => {}
        }
        if watched.strong_count() == 0 {
            return;
        }
        match forward.ask_again(&session.credential).await {
            Answer::Granted(granted, at) if granted == session.granted => {
                stale_at = at + cache;
                due = at + cache.mul_f64(0.5 + 0.3 * fastrand::f64());
            }
            Answer::Unavailable(_) if Instant::now() < stale_at => {
                due = (Instant::now() + RETRY).min(stale_at);
            }
            _ => return ended.cancel(),
        }
    }
}

/// The time between two attempts during an outage.
const RETRY: Duration = Duration::from_secs(1);
