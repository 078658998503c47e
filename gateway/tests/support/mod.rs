//! A real gateway on a socket of its own, and a reader of its streams.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod process;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use logs_gateway::auth::Mode;
use logs_gateway::http::app::{Extras, app};
use logs_gateway::http::state::Gateway;
use logs_gateway::http::tokens::Tokens;
use logs_gateway::http::upstream::Upstream;
use logs_gateway::hub::Hub;
use logs_gateway::hub::config::Config;
use logs_gateway::limits::{Limits, config as limits};
use logs_gateway::observers::Observers;
use logs_gateway::reader::timing::StreamTiming;
use logs_sse_wire::sse::{Event, Parser};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Long enough for any machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A server that ends with the test.
pub struct Server {
    pub url: String,
    pub shutdown: CancellationToken,
    /// The channels, if the routes are those of a gateway.
    pub hub: Arc<Hub>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Server {
    /// A gateway with the demo tokens.
    pub async fn gateway() -> Self {
        Self::tuned(Config::default(), StreamTiming::default()).await
    }

    /// A gateway whose proxy route forwards to `upstream`.
    pub async fn forwarding_to(upstream: &str) -> Self {
        tls();
        Self::with(
            Config::default(),
            StreamTiming::default(),
            Some(Upstream::new(upstream).expect("a URL")),
        )
        .await
    }

    /// A gateway with these limits and intervals.
    pub async fn tuned(config: Config, timing: StreamTiming) -> Self {
        Self::with(config, timing, None).await
    }

    /// A server with these routes, which do not use its `hub`.
    pub async fn of(routes: impl FnOnce(CancellationToken) -> Router) -> Self {
        // An error means that another test of this process installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(logs_gateway::server::serve(
            listener,
            routes(shutdown.clone()),
            shutdown.clone(),
        ));
        Self { url, shutdown, hub: Arc::default() }
    }

    async fn with(config: Config, timing: StreamTiming, upstream: Option<Arc<Upstream>>) -> Self {
        Self::made(Setup { config, timing, upstream, ..Setup::default() }).await
    }

    /// A gateway with any setup.
    pub async fn made(setup: Setup) -> Self {
        let hub = Arc::new(Hub::new(setup.config));
        let Setup { mode, timing, upstream, tokens, extras, limits, .. } = setup;
        let gateway = |shutdown| Gateway {
            mode,
            hub: Arc::clone(&hub),
            tokens: Arc::new(tokens),
            upstream,
            timing,
            limits: Arc::new(Limits::new(limits)),
            redaction: Arc::default(),
            shutdown: logs_gateway::drain::Drain::from(shutdown),
            observers: Observers::default(),
        };
        let mut server = Self::of(|shutdown| app(gateway(shutdown), &extras)).await;
        server.hub = Arc::clone(&hub);
        server
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(client().get(format!("{}{path}", self.url))).await
    }

    pub async fn post(&self, path: &str, token: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(
            client()
                .post(format!("{}{path}", self.url))
                .header("X-Service-Token", token)
                .body(body),
        )
        .await
    }

    /// Publishes a log with this message to `logs:etl:workspace123:workflow456`, and returns how
    /// many readers it reached.
    pub async fn publish(&self, message: &str) -> u64 {
        let body = json!({ "service": "etl", "workspace_id": "workspace123", "workflow_id": "workflow456", "logData": { "message": message } });
        let answer = self.post("/logs/stream", "l5-etl-token", body.to_string()).await;
        answer.json["delivered"].as_u64().unwrap_or_else(|| panic!("not published: {answer:?}"))
    }

    /// Publishes the numbers from `from` to `to` on a channel, each as a log, directly in the hub.
    pub fn publish_numbers(&self, channel: &str, from: u64, to: u64) {
        let channel = channel.parse().expect("a channel");
        for number in from..=to {
            self.hub.publish(&channel, &RawValue::from_string(number.to_string()).expect("JSON"));
        }
    }

    /// A cursor of this gateway's epoch, such as `5-_`.
    pub fn cursor(&self, positions: &str) -> String {
        format!("1.{}.{positions}", self.hub.epoch())
    }

    /// Opens a stream with a cursor in the header, past its greeting.
    pub async fn resume(&self, path: &str, cursor: &str) -> Reader {
        let mut reader = Reader::open(
            client().get(format!("{}{path}", self.url)).header("Last-Event-ID", cursor),
        )
        .await;
        assert_eq!(reader.data().await["type"], "connection");
        reader
    }

    pub async fn read(&self, path: &str) -> Reader {
        Reader::open(client().get(format!("{}{path}", self.url))).await
    }
}

/// The setup of a gateway.
pub struct Setup {
    pub mode: Mode,
    pub config: Config,
    pub timing: StreamTiming,
    pub upstream: Option<Arc<Upstream>>,
    pub tokens: Tokens,
    pub extras: Extras,
    pub limits: limits::Config,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: Mode::Demo,
            config: Config::default(),
            timing: StreamTiming::default(),
            upstream: None,
            tokens: Tokens::demo(),
            extras: Extras::default(),
            limits: limits::Config::default(),
        }
    }
}

/// Installs the TLS provider that clients need.
pub fn tls() {
    // An error means that another test of this process installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// One client for all requests, since creating one is slow. Each request has a connection of its
/// own.
pub fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // An error means that another test of this process installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client")
    });
    CLIENT.clone()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub json: Value,
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.timeout(PATIENCE).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        Self { status, json: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    pub fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_else(|| panic!("expected an error, got {self:?}"))
    }
}

/// A stream that is read frame by frame.
pub struct Reader {
    pub headers: reqwest::header::HeaderMap,
    pub status: u16,
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    parser: Parser,
    frames: std::collections::VecDeque<Event>,
}

impl Reader {
    pub async fn open(request: reqwest::RequestBuilder) -> Self {
        let answer = tokio::time::timeout(PATIENCE, request.send())
            .await
            .expect("headers in time")
            .expect("an answer");
        let (headers, status) = (answer.headers().clone(), answer.status().as_u16());
        Self {
            headers,
            status,
            bytes: answer.bytes_stream().boxed(),
            parser: Parser::default(),
            frames: Default::default(),
        }
    }

    /// The next frame, or `None` when the stream ended.
    pub async fn frame(&mut self) -> Option<Event> {
        while self.frames.is_empty() {
            let piece = tokio::time::timeout(PATIENCE, self.bytes.next())
                .await
                .expect("a frame in time")?;
            let Ok(piece) = piece else { return None };
            self.frames.extend(self.parser.feed(&piece));
        }
        self.frames.pop_front()
    }

    /// The next frame's data.
    pub async fn data(&mut self) -> Value {
        let frame = self.frame().await.expect("the stream continues");
        serde_json::from_str(&frame.data).expect("JSON")
    }

    /// The next event in short, and its id: `7` for the log with that number, `gap 1 2 slow`, `bye
    /// shutdown`, `heartbeat`.
    pub async fn event(&mut self) -> Option<(String, String)> {
        let frame = self.frame().await?;
        let data: Value = serde_json::from_str(&frame.data).expect("JSON");
        let event = match &*frame.event {
            "message" => data["seq"].to_string(),
            "gap" => format!(
                "gap {} {} {}",
                data["from"],
                data["to"],
                data["reason"].as_str().expect("a reason")
            ),
            "bye" => format!("bye {}", data["reason"].as_str().expect("a reason")),
            other => other.to_owned(),
        };
        Some((event, frame.id))
    }

    /// The next `count` events in short.
    pub async fn told_next(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.event().await.expect("the stream continues").0);
        }
        all
    }

    /// The rest of the stream, as text.
    pub async fn rest(mut self) -> String {
        let mut all = Vec::new();
        while let Some(piece) = tokio::time::timeout(PATIENCE, self.bytes.next())
            .await
            .expect("bytes or an end in time")
        {
            all.extend_from_slice(&piece.expect("bytes"));
        }
        String::from_utf8(all).expect("text")
    }

    /// The next raw bytes.
    pub async fn piece(&mut self) -> bytes::Bytes {
        tokio::time::timeout(PATIENCE, self.bytes.next())
            .await
            .expect("bytes in time")
            .expect("the stream continues")
            .expect("bytes")
    }
}

/// Waits until `done` returns true.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub const CHANNEL: &str = "logs:etl:workspace123:workflow456";
pub const PROXY: &str =
    "/api/dapadmin/l5-etl/sse/logs/stream?workspace_id=workspace123&workflow_id=workflow456";
