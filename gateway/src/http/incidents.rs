//! What happens to a stream besides its logs: the reasons for its end, and its heartbeats.
//!
//! A stream is woken for each log, and these are rare. So they are polled only when one of them wakes
//! the stream: registering and removing all their wakers for each log cost a sixth of the time of a
//! delivery.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, SelectAll};
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use crate::auth::lease::{LeaseEvent, LeaseWatch};
use crate::drain::Drain;

/// What happened to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incident {
    /// The stream's moment in the window of a drain has come.
    Drained,
    /// An operator ended the stream.
    Stopped,
    /// The reader's credential ends after this time.
    Expires(Duration),
    /// The reader's credential has ended.
    Expired,
    /// The stream has reached its maximum age.
    Aged,
    /// A heartbeat is due.
    Heartbeat,
    /// A ping is due.
    Ping,
    /// It is time to check whether a half-closed client is there.
    Check,
}

/// The sources of incidents of one stream.
pub(crate) struct Sources {
    pub(crate) drain: Drain,
    pub(crate) stop: CancellationToken,
    pub(crate) lease: LeaseWatch,
    /// The time between two heartbeats.
    pub(crate) heartbeat: Duration,
    /// The time between two pings.
    pub(crate) ping: Duration,
    pub(crate) max_age: Option<Duration>,
}

/// The incidents of one stream, as they happen. Each end is reported once, and heartbeats and pings
/// continue after it.
pub(crate) struct Incidents(SelectAll<BoxStream<'static, Incident>>);

impl Incidents {
    pub(crate) fn new(sources: Sources) -> Self {
        let watch = Watch {
            moment: sources.drain.moment(),
            drain: Some(sources.drain),
            stop: Some(sources.stop),
            lease: Some(sources.lease),
            end_of_age: sources.max_age.map(|age| Box::pin(sleep(age))),
            heartbeat: every(sources.heartbeat),
            ping: every(sources.ping),
        };
        let incidents =
            stream::unfold(watch, |mut watch| async { Some((watch.next().await, watch)) });
        Self(stream::select_all([incidents.boxed()]))
    }

    /// Makes a check due after `delay`, once.
    pub(crate) fn check_after(&mut self, delay: Duration) {
        self.0.push(stream::once(sleep(delay)).map(|()| Incident::Check).boxed());
    }

    /// Waits for the next incident. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Incident {
        match self.0.next().await {
            Some(incident) => incident,
            // The source never ends.
            None => pending().await,
        }
    }
}

/// The sources that can still report something.
struct Watch {
    drain: Option<Drain>,
    moment: f32,
    stop: Option<CancellationToken>,
    lease: Option<LeaseWatch>,
    end_of_age: Option<Pin<Box<Sleep>>>,
    heartbeat: Interval,
    ping: Interval,
}

impl Watch {
    async fn next(&mut self) -> Incident {
        let incident = tokio::select! {
            biased;
            () = drained(self.drain.as_ref(), self.moment) => Incident::Drained,
            () = stopped(self.stop.as_ref()) => Incident::Stopped,
            event = leased(self.lease.as_mut()) => match event {
                LeaseEvent::Ends(left) => Incident::Expires(left),
                LeaseEvent::Ended => Incident::Expired,
            },
            () = end_of(&mut self.end_of_age) => Incident::Aged,
            _ = self.heartbeat.tick() => Incident::Heartbeat,
            _ = self.ping.tick() => Incident::Ping,
        };
        match incident {
            Incident::Drained => self.drain = None,
            Incident::Stopped => self.stop = None,
            Incident::Expired => self.lease = None,
            Incident::Aged => self.end_of_age = None,
            Incident::Expires(_) | Incident::Heartbeat | Incident::Ping | Incident::Check => {}
        }
        incident
    }
}

async fn drained(drain: Option<&Drain>, moment: f32) {
    match drain {
        Some(drain) => drain.reached(moment).await,
        None => pending().await,
    }
}

async fn stopped(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => pending().await,
    }
}

async fn leased(lease: Option<&mut LeaseWatch>) -> LeaseEvent {
    match lease {
        Some(lease) => lease.next().await,
        None => pending().await,
    }
}

async fn end_of(age: &mut Option<Pin<Box<Sleep>>>) {
    match age {
        Some(age) => age.await,
        None => pending().await,
    }
}

/// Returns an interval that begins after one period, and catches up on nothing.
fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::auth::lease::Lease;

    fn incidents(drain: &Drain, stop: &CancellationToken) -> Incidents {
        Incidents::new(Sources {
            drain: drain.clone(),
            stop: stop.clone(),
            lease: Lease::default().watch(Duration::ZERO),
            heartbeat: Duration::from_secs(3_600),
            ping: Duration::from_secs(3_600),
            max_age: None,
        })
    }

    #[tokio::test]
    async fn each_end_is_reported_once_and_the_drain_first() {
        let (drain, stop) = (Drain::default(), CancellationToken::new());
        let mut incidents = incidents(&drain, &stop);
        assert_eq!(incidents.next().now_or_never(), None);
        stop.cancel();
        drain.leaving().cancel();
        assert_eq!(incidents.next().await, Incident::Drained);
        assert_eq!(incidents.next().await, Incident::Stopped);
        assert_eq!(incidents.next().now_or_never(), None);
    }

    #[tokio::test]
    async fn a_check_is_due_once() {
        let (drain, stop) = (Drain::default(), CancellationToken::new());
        let mut incidents = incidents(&drain, &stop);
        assert_eq!(incidents.next().now_or_never(), None);
        incidents.check_after(Duration::from_millis(1));
        assert_eq!(incidents.next().await, Incident::Check);
        assert_eq!(incidents.next().now_or_never(), None);
        stop.cancel();
        assert_eq!(incidents.next().await, Incident::Stopped);
    }

    #[tokio::test]
    async fn an_incident_between_two_waits_is_not_lost() {
        let (drain, stop) = (Drain::default(), CancellationToken::new());
        let mut incidents = incidents(&drain, &stop);
        for _ in 0..3 {
            assert_eq!(incidents.next().now_or_never(), None);
        }
        stop.cancel();
        assert_eq!(incidents.next().await, Incident::Stopped);
    }
}
