//! `DELETE /admin/channels/{name}`: deletes the history of a channel for good.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use logs_sse_core::channel::ChannelName;
use serde_json::json;

use crate::admin::Admin;
use crate::http::rejection::{Rejection, json_response};

/// Deletes all logs of a channel. A page of another origin cannot send this method without a
/// preflight, which is never granted here.
pub(super) async fn purge(
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Response, Rejection> {
    let channel: ChannelName = name.parse()?;
    let deleted = admin.gateway.hub.purge(&channel).await?;
    tracing::warn!(%channel, deleted, "history deleted by an operator");
    let answer = json!({ "success": true, "channel": channel.to_string(), "deleted": deleted });
    Ok(json_response(StatusCode::OK, &answer))
}
