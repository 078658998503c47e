//! `GET /logs/history`: returns logs of a channel that are older than those a page has, in pages.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use logs_sse_core::channel::ChannelName;
use logs_sse_wire::cursor::Epoch;
use logs_sse_wire::json::quoted;
use serde_json::json;

use crate::canary;
use crate::http::caller::Caller;
use crate::http::identity::Identity;
use crate::http::rejection::{Rejection, json_response, json_text};
use crate::http::replay::admit_replay;
use crate::http::state::Gateway;
use crate::http::subscribe_params::find_only;
use crate::http::trail::Trail;
use crate::hub::bounds::Bounds;
use crate::hub::history::HistoryPage;

pub(crate) async fn history(
    State(gateway): State<Gateway>,
    identity: Identity,
    caller: Caller,
    trail: Trail,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let query = query.as_deref().unwrap_or_default();
    let channel = find_only(query, CHANNEL_PARAMETER)?.ok_or_else(|| {
        Rejection::bad_request(
            "channel is missing: expected ?channel=logs:{service}:{workspace}:{resource}",
        )
    })?;
    let channel = channel.parse()?;
    let params = HistoryParams::parse(query)?;
    trail.note_reader(&identity, &channel);
    refuse_other_workspace(&identity, &channel)?;
    page(&gateway, (&identity, caller), &channel, &params).await
}

/// Refuses a channel that the reader may not read.
///
/// # Errors
/// 403, with the channel's name.
pub(crate) fn refuse_other_workspace(
    identity: &Identity,
    channel: &ChannelName,
) -> Result<(), Rejection> {
    if identity.may_read(channel) && !canary::is_own(channel) {
        return Ok(());
    }
    let name = channel.to_string();
    let error = format!("channel {name:?} does not belong to the workspace of this reader");
    Err(Rejection::new(StatusCode::FORBIDDEN, error))
}

/// Returns the page of this gateway's history that `params` describe.
///
/// # Errors
/// 429 when the reader, its address or the workspace reads too much history; 503 when the engine
/// cannot read its store.
pub(crate) async fn page(
    gateway: &Gateway,
    reader: (&Identity, Caller),
    channel: &ChannelName,
    params: &HistoryParams,
) -> Result<Response, Rejection> {
    let epoch = gateway.hub.epoch();
    if params.epoch.as_ref().is_some_and(|known| known != epoch) {
        return Ok(other_epoch(epoch));
    }
    admit_replay(gateway, reader, [(channel, params.limit as u64)].into_iter())?;
    let bounds = Bounds { lines: params.limit, bytes: MAX_PAGE_BYTES };
    let before = params.before.unwrap_or(u64::MAX);
    let page = gateway.hub.page_before(channel, before, bounds).await?;
    Ok(json_text(StatusCode::OK, written(channel, epoch, &page)))
}

/// Returns the response to a request for logs of another epoch, whose numbers mean nothing here.
pub(crate) fn other_epoch(current: &Epoch) -> Response {
    let current = current.to_string();
    let error = format!(
        "epoch is not the current one, {current:?}: the gateway restarted, and its sequence numbers began again"
    );
    let status = StatusCode::CONFLICT;
    let body = json!({ "error": error, "status": status.as_u16(), "epoch": current });
    json_response(status, &body)
}

/// Returns a page as JSON, in which each envelope is byte for byte the one of the stream.
fn written(channel: &ChannelName, epoch: &Epoch, page: &HistoryPage) -> Vec<u8> {
    let HistoryPage { held, earlier, logs } = page;
    let mut json = format!(
        r#"{{"channel":{},"epoch":"{epoch}","oldest":{},"newest":{},"earlier":{earlier},"logs":["#,
        quoted(&channel.to_string()),
        held.oldest,
        held.newest,
    )
    .into_bytes();
    json.reserve(logs.iter().map(|log| log.as_bytes().len() + 1).sum::<usize>() + 2);
    for (index, log) in logs.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(log.as_bytes());
    }
    json.extend_from_slice(b"]}");
    json
}

/// Which logs are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryParams {
    /// Only logs with a lower number are returned; `None` for the newest.
    before: Option<u64>,
    limit: usize,
    /// The epoch of `before`.
    epoch: Option<Epoch>,
}

impl HistoryParams {
    /// Parses the parameters, each of which may be absent.
    ///
    /// # Errors
    /// 400 with the name of the parameter that is wrong or repeated.
    pub(crate) fn parse(query: &str) -> Result<Self, Rejection> {
        let limit = number(query, "limit", &format!("how many logs to return, 1 to {MAX_LIMIT}"))?;
        let limit = limit.map_or(Ok(DEFAULT_LIMIT), |limit| {
            usize::try_from(limit).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(
                || {
                    Rejection::bad_request(format!(
                        "limit is {limit}: expected how many logs to return, 1 to {MAX_LIMIT}"
                    ))
                },
            )
        })?;
        let epoch = find_only(query, "epoch")?;
        let epoch = epoch.map(|epoch| {
            epoch.parse().map_err(|_| {
                unexpected("epoch", &epoch, "the epoch of a greeting, six characters 0-9 and a-z")
            })
        });
        Ok(Self {
            before: number(query, "before", "the number of the oldest log received")?,
            limit,
            epoch: epoch.transpose()?,
        })
    }

    /// Returns the query with which a backend is asked for the same page.
    pub(crate) fn query(&self, channel: &ChannelName) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(CHANNEL_PARAMETER, &channel.to_string());
        query.extend_pairs(self.before.map(|before| ("before", before.to_string())));
        query.append_pair("limit", &self.limit.to_string());
        query.extend_pairs(self.epoch.as_ref().map(|epoch| ("epoch", epoch.to_string())));
        query.finish()
    }
}

fn number(query: &str, name: &'static str, expected: &str) -> Result<Option<u64>, Rejection> {
    let Some(text) = find_only(query, name)? else { return Ok(None) };
    // `parse` would also accept a sign.
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
    let number = if is_plain { text.parse().ok() } else { None };
    number.map(Some).ok_or_else(|| unexpected(name, &text, expected))
}

fn unexpected(name: &'static str, text: &str, expected: &str) -> Rejection {
    let came: String = text.chars().take(40).collect();
    Rejection::bad_request(format!("{name} is {came:?}: expected {expected}"))
}

/// The query parameter with the channel.
const CHANNEL_PARAMETER: &str = "channel";

/// As many logs as a stream sends at once.
const DEFAULT_LIMIT: usize = 256;

/// More would only delay the first of them.
const MAX_LIMIT: usize = 1_000;

/// The size limit of the envelopes in a page in bytes, unless it has a single one.
const MAX_PAGE_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_for_a_backend_says_the_same() {
        let channel = "logs:etl:a:b c".parse().expect("a channel");
        for query in
            ["", "limit=7", "before=9&limit=1000", "epoch=abc123&before=18446744073709551615"]
        {
            let params = HistoryParams::parse(query).expect(query);
            let forwarded = params.query(&channel);
            assert_eq!(HistoryParams::parse(&forwarded), Ok(params), "{forwarded}");
            assert!(forwarded.starts_with("channel=logs%3Aetl%3Aa%3Ab+c&"), "{forwarded}");
        }
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        for query in [
            "limit=0",
            "limit=1001",
            "limit=",
            "limit=%2B1",
            "limit=1&limit=1",
            "before=",
            "before=-1",
            "before=1.5",
            "before=18446744073709551616",
            "before=1&before=2",
            "epoch=",
            "epoch=ABC123",
            "epoch=abc12",
            "epoch=abc123&epoch=abc123",
        ] {
            let rejection = HistoryParams::parse(query).expect_err(query);
            let name = query.split('=').next().expect("a name");
            assert!(rejection.error().starts_with(name), "{query}: {rejection:?}");
        }
    }
}
