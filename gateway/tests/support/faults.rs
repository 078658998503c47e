//! A faults proxy on a socket of its own, an upstream that sends given bytes, and a reader of
//! bytes.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use logs_gateway::faults::Faults;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::support::{PATIENCE, Server};

/// Where streams are.
pub const STREAM: &str = "/logs/stream?channels=a";

/// A proxy that ends with the test.
pub struct Proxy {
    pub server: Server,
    task: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub async fn before(upstream: &str, plan: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let faults = Faults::new(upstream.parse().expect("a URL"), plan.parse().expect("a plan"));
        let task = tokio::spawn(faults.serve(listener)).abort_handle();
        Self { server: Server { url, shutdown: Default::default(), hub: Default::default() }, task }
    }

    /// Sends a GET for `path`.
    pub async fn open(&self, path: &str) -> Wire {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await
    }

    /// Sends these bytes.
    pub async fn send(&self, request: &[u8]) -> Wire {
        let mut wire = Wire {
            socket: TcpStream::connect(self.server.url.trim_start_matches("http://"))
                .await
                .expect("it listens"),
        };
        wire.socket.write_all(request).await.expect("it reads");
        wire
    }

    pub async fn stats(&self) -> (u64, u64, u64) {
        let stats = self.server.get("/faults/stats").await.json;
        let count =
            |name: &str| stats[name].as_u64().unwrap_or_else(|| panic!("no {name} in {stats}"));
        (count("streams"), count("open"), count("cut"))
    }
}

/// A connection, read as bytes.
pub struct Wire {
    pub socket: TcpStream,
}

impl Wire {
    /// All bytes, and how they ended.
    pub async fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let mut got = Vec::new();
        loop {
            match self.piece().await {
                Ok(piece) if piece.is_empty() => return (got, Ok(())),
                Ok(piece) => got.extend(piece),
                Err(error) => return (got, Err(error)),
            }
        }
    }

    /// One read's bytes; none at the end.
    pub async fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 64 * 1024];
        let count = timeout(PATIENCE, self.socket.read(&mut bytes))
            .await
            .expect("bytes or an end in time")?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Reads until `count` bytes came.
    pub async fn some(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        timeout(PATIENCE, self.socket.read_exact(&mut bytes))
            .await
            .expect("bytes in time")
            .expect("bytes");
        bytes
    }

    /// Whether the connection stays open and silent for a while.
    pub async fn is_silent(&mut self) -> bool {
        timeout(A_WHILE, self.socket.read(&mut [0])).await.is_err()
    }
}

/// An upstream that sends the same bytes to everybody.
pub struct Canned {
    pub url: String,
    pub requests: Arc<Mutex<Vec<String>>>,
    /// How many readers have left, or were served to the end.
    pub ended: Arc<Mutex<usize>>,
    task: AbortHandle,
}

/// What an upstream does after its bytes.
#[derive(Clone, Copy, PartialEq)]
pub enum Afterwards {
    Close,
    StayOpen,
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Canned {
    pub async fn serving(answer: Vec<u8>, afterwards: Afterwards) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (requests, ended) =
            (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<usize>>::default());
        let (seen, left) = (Arc::clone(&requests), Arc::clone(&ended));
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (answer, seen, left) = (answer.clone(), Arc::clone(&seen), Arc::clone(&left));
                tokio::spawn(async move {
                    let mut bytes = vec![0; 64 * 1024];
                    let count = socket.read(&mut bytes).await.unwrap_or(0);
                    seen.lock()
                        .expect("unpoisoned")
                        .push(String::from_utf8_lossy(&bytes[..count]).into_owned());
                    // A reader that is cut away does not take all.
                    let written = socket.write_all(&answer).await;
                    if written.is_ok() && afterwards == Afterwards::StayOpen {
                        let _ = socket.read(&mut bytes).await;
                    }
                    *left.lock().expect("unpoisoned") += 1;
                });
            }
        });
        Self { url, requests, ended, task: task.abort_handle() }
    }
}

/// An answer with `body` as its body to the connection's end.
pub fn plain(body: &[u8]) -> Vec<u8> {
    [HEAD, b"\r\n", body].concat()
}

/// An answer with `body` in chunks of `size`.
pub fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut answer = [HEAD, b"Transfer-Encoding: chunked\r\n\r\n"].concat();
    for chunk in body.chunks(size) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

pub const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/// Frames with letters of one to four bytes, and both line ends.
pub fn frames(count: usize) -> Vec<u8> {
    (0..count)
        .map(|n| format!("id: {n}\r\ndata: aé–𝄞 {n}\r\n\r\nid: {n}b\ndata: x\n\n"))
        .collect::<String>()
        .into_bytes()
}

/// Longer than anything on loopback takes that is under way.
pub const A_WHILE: Duration = Duration::from_millis(250);
