//! The proxy's own routes, with which a test changes the plan and cuts streams at run time.

use std::str;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::head::Head;
use crate::plan::{Ending, Plan};
use crate::state::State;

/// The prefix of the paths that are never forwarded.
pub(crate) const PREFIX: &[u8] = b"/faults/";

/// Returns the response to a request for one of the routes. `buffer` holds the start of its body.
pub(crate) async fn answer(
    faults: &State,
    head: &Head,
    client: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Answer {
    match (head.method(), head.path()) {
        (b"POST", b"/faults/plan") => match read_plan(head, client, buffer).await {
            Ok(plan) => {
                faults.replace_plan(plan);
                Answer::json(StatusCode::OK, &json!({ "success": true }))
            }
            Err((status, error)) => Answer::error(status, &error),
        },
        (b"POST", b"/faults/cut") => end_all(faults, Ending::Fin),
        (b"POST", b"/faults/reset") => end_all(faults, Ending::Reset),
        (b"GET", b"/faults/stats") => {
            let stats = json!({
                "streams": faults.streams.load(Ordering::Relaxed),
                "open": faults.endings.receiver_count(),
                "cut": faults.cut.load(Ordering::Relaxed),
            });
            Answer::json(StatusCode::OK, &stats)
        }
        (_, b"/faults/plan" | b"/faults/cut" | b"/faults/reset") => wrong_method("POST"),
        (_, b"/faults/stats") => wrong_method("GET"),
        _ => Answer::error(
            StatusCode::NOT_FOUND,
            "expected POST /faults/plan, /faults/cut or /faults/reset, or GET /faults/stats",
        ),
    }
}

/// Ends all open streams, and reports how many.
fn end_all(faults: &State, ending: Ending) -> Answer {
    Answer::json(StatusCode::OK, &json!({ "success": true, "cut": faults.end_all(ending) }))
}

fn wrong_method(expected: &str) -> Answer {
    Answer::error(StatusCode::METHOD_NOT_ALLOWED, &format!("expected {expected}"))
        .with("Allow", expected)
}

async fn read_plan(
    head: &Head,
    client: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Result<Plan, (StatusCode, String)> {
    let length = head
        .header("content-length")
        .and_then(|text| str::from_utf8(text).ok())
        .and_then(|text| text.parse::<usize>().ok());
    let length = length.ok_or_else(|| {
        (
            StatusCode::LENGTH_REQUIRED,
            "the request: expected a Content-Length and a plan as body".into(),
        )
    })?;
    if length > LONGEST_BODY {
        return Err((
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body of {length} bytes: expected a plan of at most {LONGEST_BODY}"),
        ));
    }
    let read = async {
        while buffer.len() < length && client.read_buf(buffer).await.is_ok_and(|count| count > 0) {}
    };
    // What has not arrived by then is considered missing.
    let _ = timeout(BODY_TIME, read).await;
    let body = buffer.get(..length).ok_or_else(|| {
        (
            StatusCode::BAD_REQUEST,
            format!("a body of {} bytes: expected {length}, the Content-Length", buffer.len()),
        )
    })?;
    let text = str::from_utf8(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the plan is not UTF-8: {error}")))?;
    text.parse().map_err(|error| (StatusCode::BAD_REQUEST, error))
}

/// Enough for a plan of several hundred steps.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;

const BODY_TIME: Duration = Duration::from_secs(10);
