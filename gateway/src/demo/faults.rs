//! Faults of the streams of a demo, which its page turns on: they show how a viewer recovers. Only
//! readers are affected; publishers and the controls of the demo are not.

use std::future::{Future, pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::http::content_type::{EVENT_STREAM, is_of_type};
use crate::http::proxy;
use crate::http::rejection::Rejection;

/// What happens to the streams.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// Every stream breaks once; a new one works.
    Cut,
    /// Every stream breaks, and so does each new one for a while.
    Away,
    /// Every stream stays open and carries nothing more, as over a network that dropped it.
    Silence,
    /// Every stream breaks, and new ones are refused with 503 and `Retry-After` for a while.
    Unavailable,
    /// Every stream breaks, and new ones get a login page for a while, as from a proxy whose session
    /// has ended.
    SignedOut,
}

impl Fault {
    /// Returns how long it lasts: long enough to be seen.
    const fn duration(self) -> Duration {
        match self {
            Self::Cut => Duration::ZERO,
            Self::Away | Self::Unavailable | Self::SignedOut => Duration::from_secs(10),
            // Longer than the silence after which a viewer gives a stream up.
            Self::Silence => Duration::from_secs(60),
        }
    }
}

/// A fault, and its end.
#[derive(Clone, Copy, Debug)]
struct Active {
    fault: Fault,
    until: Instant,
}

/// The fault of the moment, which all streams watch.
#[derive(Clone, Debug)]
pub(crate) struct Faults(Arc<watch::Sender<Option<Active>>>);

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Faults {
    /// Begins a fault, in place of one that lasts.
    pub(crate) fn begin(&self, fault: Fault) {
        let until = Instant::now() + fault.duration();
        self.0.send_replace(Some(Active { fault, until }));
    }

    /// Returns the fault that lasts, and the seconds until its end.
    pub(crate) fn active(&self) -> Option<(Fault, f64)> {
        let active = (*self.0.borrow())?;
        let left = active.until.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then_some((active.fault, left.as_secs_f64()))
    }

    /// Returns a future that completes when the next fault begins, with its end.
    fn next(&self) -> impl Future<Output = Active> + Send + 'static {
        // Marks the fault of the moment as seen, so that only those count that begin from now on.
        let mut faults = self.0.subscribe();
        async move {
            loop {
                if faults.changed().await.is_err() {
                    return pending().await;
                }
                if let Some(active) = *faults.borrow_and_update() {
                    return active;
                }
            }
        }
    }

    /// Returns a body that carries `body` until a fault begins, and breaks its connection then.
    fn breakable(&self, body: Body) -> Body {
        let (begun, ended) = oneshot::channel();
        let next = self.next();
        let until_fault = async move {
            let _ = begun.send(next.await);
        };
        let broken = stream::once(async move {
            // A stream that ends without a fault ends in order.
            let Active { fault, until } = ended.await.ok()?;
            if fault == Fault::Silence {
                sleep_until(until).await;
            }
            Some(Err(broken()))
        });
        let carried = body.into_data_stream().map_err(io::Error::other);
        Body::from_stream(carried.take_until(until_fault).chain(broken.filter_map(ready)))
    }
}

/// Applies the fault of the moment to a request of a reader.
pub(crate) async fn apply(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET || !PATHS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match faults.active() {
        Some((Fault::Unavailable, seconds)) => Rejection::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable, as the demo was asked to be",
        )
        .with_retry_after(Duration::from_secs_f64(seconds))
        .into_response(),
        Some((Fault::SignedOut, _)) => ([(CONTENT_TYPE, "text/html")], LOGIN_PAGE).into_response(),
        Some((Fault::Away, _)) => {
            Body::from_stream(stream::once(ready(Err::<Bytes, _>(broken())))).into_response()
        }
        _ => {
            let response = next.run(request).await;
            let is_stream = is_of_type(response.headers(), EVENT_STREAM);
            if is_stream { response.map(|body| faults.breakable(body)) } else { response }
        }
    }
}

/// Returns the error at which the server closes a connection in the middle of a response.
fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// The routes of readers.
const PATHS: [&str; 6] = [
    proxy::PATH,
    proxy::HISTORY_PATH,
    "/logs/stream",
    "/api/logs/stream",
    "/logs/history",
    "/api/logs/history",
];

const LOGIN_PAGE: &str = "<!doctype html><title>Sign in</title><h1>Sign in to Datashop</h1>";
