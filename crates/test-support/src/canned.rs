//! An upstream that sends given bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// An upstream that sends the same bytes to each client.
#[derive(Debug)]
pub struct Canned {
    /// The base URL, with a free port of 127.0.0.1.
    pub url: String,
    /// What was read of each request.
    pub requests: Arc<Mutex<Vec<String>>>,
    /// How many readers have left, or were served to the end.
    pub ended: Arc<Mutex<usize>>,
    task: AbortHandle,
}

/// What an upstream does after its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Afterwards {
    /// It closes the connection.
    Close,
    /// It waits for the client to leave.
    StayOpen,
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Canned {
    /// Listens on a free port.
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
                    // A reader that is cut away does not read all.
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

/// Returns an answer whose body ends with the connection.
#[must_use]
pub fn plain(body: &[u8]) -> Vec<u8> {
    [HEAD, b"\r\n", body].concat()
}

/// Returns an answer with `body` in chunks of `size`.
#[must_use]
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

/// The head of those answers, up to a further header.
pub const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/// Returns frames with letters of one to four bytes, and both line ends.
#[must_use]
pub fn frames(count: usize) -> Vec<u8> {
    (0..count)
        .map(|n| format!("id: {n}\r\ndata: aé–𝄞 {n}\r\n\r\nid: {n}b\ndata: x\n\n"))
        .collect::<String>()
        .into_bytes()
}
