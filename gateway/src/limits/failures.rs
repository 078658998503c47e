//! Throttles publishers with wrong tokens by address: those above the limit are refused with 429.
//!
//! Requests with right credentials pass, since many clients share the address of a proxy, and one of
//! them must not lock out the others. Secrets are too long to be guessed at any rate; the limit
//! makes guesses visible.
//!
//! Readers without a valid credential are not throttled: a page that receives a 401 asks its user to
//! log in, and one that received a 429 would wait and try again.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::caller::Caller;
use crate::http::rejection::{Rejection, WrongCredentials};
use crate::http::state::Gateway;
use crate::limits::buckets::{Buckets, cost};
use crate::limits::kind::Limit;
use crate::limits::subnet::Subnet;

/// The failures of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<Buckets<Subnet>>);

impl Failures {
    /// Records a failure. Returns how long to wait if there were more than `limit` in a minute.
    pub(crate) fn note(&self, address: IpAddr, limit: usize, now: Instant) -> Option<Duration> {
        if limit == 0 {
            return None;
        }
        let (address, cost) = (Subnet::from(address), cost(MINUTE.as_secs() as usize, limit));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = buckets.wait(&address, now, cost, MINUTE);
        if wait.is_none() {
            buckets.take(&address, now, cost);
        }
        wait
    }
}

/// Replaces the refusal of a publisher's token by a 429 if the address has sent too many wrong ones.
pub(crate) async fn throttle(
    State(gateway): State<Gateway>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.extensions().get::<WrongCredentials>().is_none() {
        return response;
    }
    let limit = gateway.limits.config().auth_failures;
    match gateway.limits.failures.note(caller.client, limit, Instant::now()) {
        None => response,
        Some(wait) => {
            gateway.hub.metrics().note_limit(Limit::AuthFailures);
            Rejection::limited(StatusCode::TOO_MANY_REQUESTS, Limit::AuthFailures, limit)
                .with_retry_after(wait)
                .into_response()
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_above_the_limit_of_an_address_must_wait() {
        let (failures, start) = (Failures::default(), Instant::now());
        let address = |text: &str| text.parse().expect("an address");
        let note = |text: &str, second| {
            failures.note(address(text), 20, start + Duration::from_secs(second))
        };
        for _ in 0..20 {
            assert_eq!(note("2001:db8::1", 0), None);
        }
        assert_eq!(note("2001:db8::2", 0), Some(Duration::from_secs(3)), "the same network");
        assert_eq!(note("2001:db8:0:1::", 0), None, "another network");
        assert_eq!(note("2001:db8::1", 3), None);
        assert!(note("2001:db8::1", 3).is_some());
    }
}
