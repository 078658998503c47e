//! Bodies as publishers in the field send them: numbers that JSON lacks, byte order marks,
//! compression, other charsets.

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use support::{Answer, PROXY, Server, client};

/// The output of Python's `json.dumps` for a log with these fields.
fn body(fields: &str) -> String {
    format!(
        r#"{{"service": "etl", "workspace_id": "workspace123", "workflow_id": "workflow456", "logData": {fields}}}"#
    )
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).and_then(|()| zip.finish()).expect("memory")
}

async fn send(
    server: &Server,
    path: &str,
    encodings: &[&str],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let token = if path == "/admin/logs/stop" { "operator-token" } else { "l5-etl-token" };
    let request =
        client().post(format!("{}{path}", server.url)).header("X-Service-Token", token).body(body);
    Answer::of(
        encodings
            .iter()
            .fold(request, |request, encoding| request.header("Content-Encoding", *encoding)),
    )
    .await
}

#[tokio::test]
async fn numbers_that_json_lacks_arrive_as_the_strings_they_spell() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(PROXY).await;
    reader.data().await;
    let sent = body(
        r#"{"level": "WARN", "rate": NaN, "all": [Infinity, -Infinity, 1.5], "deep": {"a": NaN}, "text": "NaN, Infinity: NaN", "\"NaN": 1}"#,
    );
    for path in ["/logs/stream", "/api/logs/stream", "/api/logs/publish"] {
        let answer = send(&gateway, path, &[], sent.clone()).await;
        assert_eq!((answer.status, &answer.json["delivered"]), (200, &json!(1)), "{answer:?}");
        let expected = json!({ "level": "WARN", "rate": "NaN", "all": ["Infinity", "-Infinity", 1.5], "deep": { "a": "NaN" }, "text": "NaN, Infinity: NaN", "\"NaN": 1 });
        assert_eq!(reader.data().await["data"], expected);
    }
    assert_eq!(send(&gateway, "/logs/stream", &[], body("NaN")).await.status, 200);
    assert_eq!(reader.data().await["data"], "NaN");
}

#[tokio::test]
async fn an_id_that_is_no_number_makes_no_channel() {
    let gateway = Server::gateway().await;
    for field in ["service", "workspace_id", "workflow_id"] {
        let value = if field == "service" {
            "\"etl\""
        } else if field == "workspace_id" {
            "\"workspace123\""
        } else {
            "\"workflow456\""
        };
        let sent =
            body("{}").replace(&format!("\"{field}\": {value}"), &format!("\"{field}\": NaN"));
        let answer = send(&gateway, "/logs/stream", &[], sent).await;
        assert!(
            answer.status == 400 && answer.error().starts_with(&format!("{field} is NaN")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_gzip_are_read_on_every_route_with_a_body() {
    let gateway = Server::gateway().await;
    let connection = gateway.read(PROXY).await.data().await["connectionId"].clone();
    let log = body("{}");
    for (path, text) in [
        ("/logs/stream", &*log),
        ("/api/logs/stream", &log),
        ("/api/logs/publish", &log),
        ("/test/logs", "{\"channel\":\"logs:etl:a:b\"}"),
    ] {
        let marked = format!("\u{feff}{text}");
        assert_eq!(send(&gateway, path, &[], marked.clone()).await.status, 200, "{path}");
        assert_eq!(
            send(&gateway, path, &["gzip"], zipped(marked.as_bytes())).await.status,
            200,
            "{path}"
        );
    }
    let stop = zipped(json!({ "connectionId": connection }).to_string().as_bytes());
    let status = send(&gateway, "/admin/logs/stop", &["gzip"], stop).await.status;
    assert!(
        matches!(status, 200 | 404),
        "{status}: it was read, whether the stream is still there or not"
    );
}

#[tokio::test]
async fn a_refusal_of_another_encoding_names_the_supported_ones() {
    let gateway = Server::gateway().await;
    for encodings in [&["br"][..], &["zstd"], &["deflate"], &["gzip, gzip"], &["gzip", "gzip"]] {
        let answer = send(&gateway, "/logs/stream", encodings, "x").await;
        assert!(
            answer.status == 415 && answer.error().contains("gzip"),
            "{encodings:?}: {answer:?}"
        );
    }
    let request = client()
        .post(format!("{}/logs/stream", gateway.url))
        .header("X-Service-Token", "l5-etl-token")
        .header("Content-Encoding", "br");
    assert_eq!(
        request.send().await.expect("an answer").headers()["accept-encoding"],
        "gzip, identity"
    );
}

#[tokio::test]
async fn refuses_a_bomb_and_decompresses_nothing_for_strangers() {
    let gateway = Server::gateway().await;
    let bomb = zipped(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 1 << 20, "it passes the limit of the body itself");
    let answer = send(&gateway, "/logs/stream", &["gzip"], bomb.clone()).await;
    assert!(answer.status == 413 && answer.error().contains("1048576"), "{answer:?}");
    let stranger = client()
        .post(format!("{}/logs/stream", gateway.url))
        .header("X-Service-Token", "wrong")
        .header("Content-Encoding", "gzip");
    assert_eq!(Answer::of(stranger.body(bomb)).await.status, 403);
}

#[tokio::test]
async fn what_is_not_utf_8_is_refused_by_its_name_wherever_it_is() {
    let gateway = Server::gateway().await;
    let text = body(r#"{"message":"a"}"#);
    let utf16 = |mark: &str, order: fn(u16) -> [u8; 2]| {
        format!("{mark}{text}").encode_utf16().flat_map(order).collect::<Vec<_>>()
    };
    for body in [
        utf16("", u16::to_le_bytes),
        utf16("\u{feff}", u16::to_le_bytes),
        utf16("", u16::to_be_bytes),
        utf16("\u{feff}", u16::to_be_bytes),
    ] {
        let answer = send(&gateway, "/logs/stream", &[], body).await;
        assert!(answer.status == 400 && answer.error().contains("UTF-16"), "{answer:?}");
    }
    for (from, to) in
        [("\"a\"", &b"\"caf\xe9\""[..]), ("\"service\"", b"\"unknown\":\"\xff\",\"service\"")]
    {
        let at = text.find(from).expect("it is there");
        let sent = [&text.as_bytes()[..at], to, &text.as_bytes()[at + from.len()..]].concat();
        let answer = send(&gateway, "/logs/stream", &[], sent).await;
        assert!(answer.status == 400 && answer.error().contains("not UTF-8"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_deep_nest_is_refused_wherever_it_is() {
    let gateway = Server::gateway().await;
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for sent in [
        body(&nest(400_000)),
        body("{}").replacen('{', &format!("{{\"unknown\":{},", nest(400_000)), 1),
    ] {
        let answer = send(&gateway, "/logs/stream", &[], sent).await;
        assert!(answer.status == 400 && answer.error().contains("too deep"), "{answer:?}");
    }
    assert_eq!(send(&gateway, "/logs/stream", &[], body(&nest(60))).await.status, 200);
}
