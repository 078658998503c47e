//! A client that sends and reads bytes.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{A_WHILE, PATIENCE};

/// A connection, read as bytes.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
}

impl Wire {
    /// Sends a GET for `path` to the server at `url`.
    pub async fn get(url: &str, path: &str) -> Self {
        Self::send(url, format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await
    }

    /// Sends these bytes to the server at `url`.
    pub async fn send(url: &str, request: &[u8]) -> Self {
        let address = url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(address).await.expect("it listens");
        socket.write_all(request).await.expect("it reads");
        Self { socket }
    }

    /// Returns all bytes, and how they ended.
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

    /// Returns one read's bytes; none at the end.
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

    /// Returns whether the connection stays open and silent for [`A_WHILE`].
    pub async fn is_silent(&mut self) -> bool {
        timeout(A_WHILE, self.socket.read(&mut [0])).await.is_err()
    }
}

/// An answer, read until the connection ended.
#[derive(Debug)]
pub struct Answer {
    /// The status code, such as 200.
    pub status: u16,
    head: String,
    /// The bytes after the head.
    pub body: Vec<u8>,
}

impl Answer {
    /// Sends a GET for `path`.
    pub async fn get(url: &str, path: &str) -> Self {
        Self::read(Wire::get(url, path).await).await
    }

    /// Sends a POST for `path`.
    pub async fn post(url: &str, path: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
        Self::read(Wire::send(url, &[head.as_bytes(), body].concat()).await).await
    }

    /// Reads the answer to the connection's end.
    pub async fn read(mut wire: Wire) -> Self {
        let (bytes, end) = wire.rest().await;
        end.expect("a proper end");
        let at = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("expected an answer, got {:?}", String::from_utf8_lossy(&bytes))
        });
        let head = String::from_utf8(bytes[..at].to_vec()).expect("text");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Self { status, head, body: bytes[at + 4..].to_vec() }
    }

    /// Returns the first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(given, value)| given.eq_ignore_ascii_case(name).then_some(value))
    }

    /// Returns the body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: expected JSON, got {:?}", String::from_utf8_lossy(&self.body))
        })
    }

    /// Returns the message of a refusal.
    #[must_use]
    pub fn error(&self) -> String {
        let json = self.json();
        json["error"].as_str().unwrap_or_else(|| panic!("expected an error, got {json}")).into()
    }
}
