//! The HTTP client of the exporter: sends on the gateway's runtime, since the exporter's thread has
//! none.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

use crate::error_chain::error_chain;
use crate::traces::Outcomes;

/// Sends requests to a collector, and reports in the log when it begins or ceases to fail.
pub(super) struct Client {
    client: reqwest::Client,
    runtime: Handle,
    outcomes: Arc<Outcomes>,
    is_failing: Arc<AtomicBool>,
}

impl Client {
    pub(super) fn new(runtime: Handle, outcomes: Arc<Outcomes>) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIME)
            .build()
            .map_err(|error| format!("--otlp-endpoint: {}", error_chain(&error)))?;
        Ok(Self { client, runtime, outcomes, is_failing: Arc::default() })
    }
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'a, 'sent>(&'a self, request: Request<Bytes>) -> Sent<'sent>
    where
        'a: 'sent,
        Self: 'sent,
    {
        let sent = self.runtime.spawn(send(self.client.clone(), request));
        let (outcomes, is_failing) = (Arc::clone(&self.outcomes), Arc::clone(&self.is_failing));
        Box::pin(async move {
            let result = sent.await.map_err(Into::into).and_then(|answered| answered);
            note(&outcomes, &is_failing, &result);
            result
        })
    }
}

async fn send(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let request = reqwest::Request::try_from(request)?;
    let mut answer = client.execute(request).await?;
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        std::mem::swap(headers, answer.headers_mut());
    }
    // A collector answers with a few bytes; anything longer is not one.
    let is_long = answer.content_length().is_some_and(|length| length > MAX_ANSWER);
    let body = if is_long { Bytes::new() } else { answer.bytes().await? };
    Ok(response.body(body)?)
}

fn note(outcomes: &Outcomes, is_failing: &AtomicBool, result: &Result<Response<Bytes>, HttpError>) {
    let error = match result {
        Ok(response) if response.status().is_success() => None,
        Ok(response) => Some(format!("the collector responded with {}", response.status())),
        Err(error) => Some(error_chain(&**error)),
    };
    let counter = if error.is_none() { &outcomes.success } else { &outcomes.failure };
    counter.fetch_add(1, Ordering::Relaxed);
    let was_failing = is_failing.swap(error.is_some(), Ordering::Relaxed);
    match error {
        Some(error) if !was_failing => tracing::warn!("traces are not exported: {error}"),
        None if was_failing => tracing::info!("traces are exported again"),
        _ => {}
    }
}

/// Shows no request, whose headers may hold the collector's key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

const REQUEST_TIME: Duration = Duration::from_secs(3);

/// In bytes, if the collector announces it.
const MAX_ANSWER: u64 = 1 << 20;
