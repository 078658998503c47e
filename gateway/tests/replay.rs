//! A recording is served byte for byte, to each reader from its start.

mod support;

use std::path::Path;

use logs_gateway::demo::replay::Recording;
use logs_gateway::http::app::Extras;
use support::{PROXY, Server};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn both_recorded_generations_byte_for_byte() {
    for name in ["gateway-envelopes.sse", "backend-flat-entries.sse"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name);
        let recorded = std::fs::read(&file).expect("a recording");
        let recording =
            Recording::read(&file, 1_000.0, CancellationToken::new()).await.expect("a recording");
        let server = Server::of(|_| recording.app(&Extras::default())).await;
        for path in [PROXY, "/logs/stream", "/api/logs/stream"] {
            let mut reader = server.read(path).await;
            assert_eq!(reader.headers["content-type"], "text/event-stream");
            let mut got = Vec::new();
            while got.len() < recorded.len() {
                got.extend_from_slice(&reader.piece().await);
            }
            assert_eq!(got, recorded, "{name} on {path}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let error = Recording::read(Path::new("no-such.sse"), 1.0, CancellationToken::new())
        .await
        .expect_err("no file");
    assert!(error.starts_with("no-such.sse: "), "{error}");
}
