//! Waits until the engine has stored the logs of a request. Knows no body and no token.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use logs_sse_core::channel::ChannelName;
use serde_json::value::RawValue;

use crate::engine::EngineError;
use crate::engine::receipt::Receipt;
use crate::http::rejection::Rejection;
use crate::http::state::Gateway;
use crate::hub::Published;
use crate::traces::traceparent::TraceParent;

/// A log with its position in a trace, which its readers receive.
type Traced<'a> = (&'a RawValue, Option<TraceParent>);

/// Stores one log.
///
/// # Errors
/// 503 when it was not stored.
pub(crate) async fn one(
    gateway: &Gateway,
    channel: &ChannelName,
    (entry, trace): Traced<'_>,
    id: Option<&str>,
) -> Result<Published, Rejection> {
    let Some(id) = id else {
        return Ok(gateway.hub.submit(channel, entry, trace).stored().await?);
    };
    let once = gateway.hub.submit_once(channel, id, entry, trace);
    gateway.hub.metrics().duplicates.inc_by(u64::from(!once.is_new));
    let is_pending = matches!(once.receipt, Receipt::Pending(_));
    let published = once.receipt.stored().await?;
    if is_pending {
        gateway.hub.settle(channel, id, published);
    }
    Ok(published)
}

/// The logs of a batch that are about to be stored, all at once where the engine can.
#[derive(Debug, Default)]
pub(crate) struct Storing(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    receipt: Receipt,
    id: Option<(ChannelName, String)>,
}

impl Storing {
    /// Hands a log to the engine, and returns whether it is new.
    pub(crate) fn submit(
        &mut self,
        gateway: &Gateway,
        channel: ChannelName,
        (entry, trace): Traced<'_>,
        id: Option<&str>,
    ) -> bool {
        let (receipt, is_new) = match id {
            None => (gateway.hub.submit(&channel, entry, trace), true),
            Some(id) => {
                let once = gateway.hub.submit_once(&channel, id, entry, trace);
                (once.receipt, once.is_new)
            }
        };
        // What is stored already needs no waiting.
        if !matches!(receipt, Receipt::Done(Ok(_))) {
            let id = id.map(|id| (channel, id.to_owned()));
            self.0.push(Waiting { receipt, id });
        }
        is_new
    }

    /// Waits until all logs are stored.
    ///
    /// # Errors
    /// 503 when any was not: the publisher repeats the whole request, and the ids of its logs keep
    /// the others from being stored twice.
    pub(crate) async fn done(self, gateway: &Gateway) -> Result<(), Rejection> {
        let mut first_error = None;
        for Waiting { receipt, id } in self.0 {
            match (receipt.stored().await, id) {
                (Ok(published), Some((channel, id))) => {
                    gateway.hub.settle(&channel, &id, published);
                }
                (Ok(_), None) => {}
                (Err(error), _) => _ = first_error.get_or_insert(error),
            }
        }
        first_error.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl From<EngineError> for Rejection {
    /// Asks to come back: a disk is emptied by people, a queue by itself.
    fn from(error: EngineError) -> Self {
        let seconds = match error {
            EngineError::Busy => 1,
            EngineError::Closed => 5,
            EngineError::Full | EngineError::Failed(_) => 10,
        };
        let error = format!("{error}: send the request again after Retry-After");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error).with(RETRY_AFTER, seconds)
    }
}
