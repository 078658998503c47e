//! How long a credential is valid, and what ends a stream with it.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::auth::forward::watch::Watched;
use crate::auth::forward::{Forward, Session};

/// Until when a reader may read. The default is without an end, which only readers of a demo have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lease {
    expires: Option<Instant>,
    /// Cancelled when the key that signed the credential, or the trust in the proxy, is withdrawn.
    withdrawn: Option<CancellationToken>,
    /// The application's session, which it may end.
    session: Option<(Arc<Forward>, Session)>,
}

impl Lease {
    pub(crate) fn of_token(expires: Instant, withdrawn: CancellationToken) -> Self {
        Self { expires: Some(expires), withdrawn: Some(withdrawn), session: None }
    }

    /// Returns the lease of a reader whom a proxy names, for `session` if it ends at all.
    pub(crate) fn of_proxy(session: Option<Duration>, withdrawn: CancellationToken) -> Self {
        // Streams that were opened together end at different times.
        let left = session.map(|session| session.mul_f64(0.9 + 0.1 * fastrand::f64()));
        let expires = left.and_then(|left| Instant::now().checked_add(left));
        Self { expires, withdrawn: Some(withdrawn), session: None }
    }

    pub(crate) fn of_session(forward: Arc<Forward>, session: Session) -> Self {
        Self { session: Some((forward, session)), ..Self::default() }
    }

    /// Starts to watch for the end, for a stream. `notice` is how long before it the end is
    /// announced.
    pub(crate) fn watch(&self, notice: Duration) -> LeaseWatch {
        let watched = self.session.as_ref().map(|(forward, session)| forward.watch(session));
        let revoked = watched.as_ref().map(|watched| watched.ended().clone());
        let now = Instant::now();
        // A stream that opens later than the announcement is due gets it at once.
        let announced =
            self.expires.map(|expires| expires.checked_sub(notice).unwrap_or(now).max(now));
        LeaseWatch {
            expires: self.expires,
            timer: announced.map(|at| Box::pin(sleep_until(at))),
            revoked: revoked.or_else(|| self.withdrawn.clone()),
            _watched: watched,
        }
    }
}

/// What happens to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseEvent {
    /// It ends after this time.
    Ends(Duration),
    /// It has ended, and the stream ends with it.
    Ended,
}

/// Waits for the end of a lease, for one stream.
#[derive(Debug)]
pub(crate) struct LeaseWatch {
    expires: Option<Instant>,
    /// Set to the announcement, then to the end.
    timer: Option<Pin<Box<Sleep>>>,
    revoked: Option<CancellationToken>,
    /// Keeps the session watched.
    _watched: Option<Arc<Watched>>,
}

impl LeaseWatch {
    /// Waits for the next event. If the future is dropped, no event is lost.
    pub(crate) async fn next(&mut self) -> LeaseEvent {
        tokio::select! {
            biased;
            () = revoked(self.revoked.as_ref()) => {}
            () = timer(&mut self.timer) => return self.timer_fired(),
        }
        // One key or one outage of the application may concern all readers, who then return.
        self.revoked = None;
        self.end_at(Instant::now() + SPREAD.mul_f64(fastrand::f64()));
        timer(&mut self.timer).await;
        LeaseEvent::Ended
    }

    /// The timer fires at the announcement, and again at the end.
    fn timer_fired(&mut self) -> LeaseEvent {
        let now = Instant::now();
        match self.expires.filter(|expires| now < *expires) {
            Some(expires) => {
                self.end_at(expires);
                LeaseEvent::Ends(expires - now)
            }
            None => LeaseEvent::Ended,
        }
    }

    fn end_at(&mut self, at: Instant) {
        self.expires = Some(self.expires.map_or(at, |expires| expires.min(at)));
        self.timer = self.expires.map(|expires| Box::pin(sleep_until(expires)));
    }
}

async fn revoked(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => pending().await,
    }
}

async fn timer(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => pending().await,
    }
}

/// Over which time streams end that are revoked together.
const SPREAD: Duration = Duration::from_secs(1);
