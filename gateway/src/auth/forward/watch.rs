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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::auth::forward::{Credential, Granted, Options};
    use crate::auth::grant::Grant;
    use crate::http::outgoing::Outgoing;

    /// A thread that waits for itself does not end, so it is not joined.
    #[test]
    fn a_session_that_changes_while_its_last_stream_ends_blocks_nobody() {
        // An error means that another test installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let forward = Forward::new(Options {
            url: "http://127.0.0.1:9/".parse().expect("a URL"),
            timeout: Duration::from_secs(3),
            cache: Duration::from_secs(30),
            outgoing: Outgoing::default(),
        });
        let forward = forward.expect("a client");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (done, all) = mpsc::channel();
        // Comparing long names takes a while, in which the last stream of the other may end.
        let long = "x".repeat(1 << 20);
        for end in ["a", "b", "c"] {
            let user = format!("{long}{end}");
            let (forward, done, handle) =
                (Arc::clone(&forward), done.clone(), runtime.handle().clone());
            std::thread::spawn(move || {
                let _runtime = handle.enter();
                let granted = Granted { user, grant: Grant::of_ids(Vec::new()) };
                let digest = Digest::default();
                let credential = Credential { cookies: None, authorization: None, digest };
                let session = Session { credential, granted: granted.into(), at: Instant::now() };
                for _ in 0..2_000 {
                    drop(forward.watch(&session));
                }
                done.send(()).expect("the test waits");
            });
        }
        for _ in 0..3 {
            let waited = all.recv_timeout(Duration::from_secs(60));
            assert!(waited.is_ok(), "a thread waits for itself");
        }
        assert!(forward.watched().len() <= 1);
    }
}
