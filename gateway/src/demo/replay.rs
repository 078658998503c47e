//! Serves a recorded stream byte for byte, for tests and demos with real input.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::http::app::Extras;
use crate::http::overload::Known;
use crate::http::proxy;
use crate::http::stream::STREAM_HEADERS;

/// A recorded stream, held in memory and served to each reader from the start.
#[derive(Clone, Debug)]
pub struct Recording {
    pieces: Arc<[Piece]>,
    shutdown: CancellationToken,
}

#[derive(Clone, Debug, PartialEq)]
struct Piece {
    wait: Duration,
    bytes: Bytes,
}

impl Recording {
    /// Reads `file`, to be served `speed` times as fast as recorded.
    ///
    /// # Errors
    /// A sentence with the name of the file, if it cannot be read.
    pub async fn read(
        file: &Path,
        speed: f64,
        shutdown: CancellationToken,
    ) -> Result<Self, String> {
        let bytes =
            tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { pieces: pieces(&bytes.into(), speed).into(), shutdown })
    }

    /// Returns the routes of the recording: the proxy route and the gateway's own. Each reader
    /// receives it from the start.
    pub fn app(self, extras: &Extras) -> Router {
        let routes = Router::new()
            .route(proxy::PATH, get(serve))
            .route("/logs/stream", get(serve))
            .route("/api/logs/stream", get(serve))
            .with_state(self);
        crate::http::app::with_extras(routes, extras, Known::default())
    }
}

async fn serve(State(recording): State<Recording>) -> Response {
    let Recording { pieces, shutdown } = recording;
    let count = pieces.len();
    let recorded = stream::iter(0..count).then(move |index| {
        let piece = pieces[index].clone();
        async move {
            tokio::time::sleep(piece.wait).await;
            Ok::<_, Infallible>(piece.bytes)
        }
    });
    // A live stream has no end: after one, a reader would reconnect and receive everything again.
    let endless = recorded.chain(stream::pending()).take_until(shutdown.cancelled_owned());
    (STREAM_HEADERS, Body::from_stream(endless)).into_response()
}

/// Splits a recording after each blank line. The pieces joined are the recording, byte for byte.
fn pieces(recording: &Bytes, speed: f64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut last_time = None;
    let mut start = 0;
    for end in blank_line_ends(recording).chain([recording.len()]) {
        if start == end {
            continue;
        }
        let bytes = recording.slice(start..end);
        let time = recorded_millis(&bytes);
        let gap =
            time.zip(last_time).map_or(0, |(time, last): (u64, u64)| time.saturating_sub(last));
        let wait = Duration::from_millis(gap).min(LONGEST_GAP).div_f64(speed);
        pieces.push(Piece { wait, bytes });
        last_time = time.or(last_time);
        start = end;
    }
    pieces
}

fn blank_line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let mut line_start = 0;
    bytes.iter().enumerate().filter_map(move |(at, byte)| {
        if *byte != b'\n' {
            return None;
        }
        let line = &bytes[std::mem::replace(&mut line_start, at + 1)..at];
        line.strip_suffix(b"\r").unwrap_or(line).is_empty().then_some(at + 1)
    })
}

/// Returns when an event was recorded: the latest `"timestamp": <ms>` in it, which is the backend's
/// own.
fn recorded_millis(event: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(event);
    text.split("\"timestamp\":")
        .skip(1)
        .filter_map(|rest| {
            rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
        .max()
}

/// Longer pauses of the recording are shortened to this.
const LONGEST_GAP: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDING: &str = "retry: 1\r\n\r\nid: 1\ndata: {\"timestamp\": 1000}\n\n:ping\n\ndata: {\"timestamp\":3000}\n\ndata: open";

    #[test]
    fn the_pieces_joined_are_the_recording() {
        let recording = Bytes::from_static(RECORDING.as_bytes());
        let pieces = pieces(&recording, 1.0);
        assert_eq!(
            pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect::<Vec<_>>(),
            recording
        );
        assert_eq!(pieces.len(), 5);
    }

    #[test]
    fn waits_are_the_recorded_ones_divided_by_the_speed() {
        let waits: Vec<_> = pieces(&Bytes::from_static(RECORDING.as_bytes()), 4.0)
            .iter()
            .map(|piece| piece.wait.as_millis())
            .collect();
        assert_eq!(waits, [0, 0, 0, 500, 0]);
    }
}
