//! A connection that sends requests one after the other, and reads no more of a response than its
//! status.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection with keep-alive.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    held: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let socket = TcpStream::connect(address).await.expect("the gateway accepts connections");
        socket.set_nodelay(true).expect("a socket of TCP");
        Self { socket, held: Vec::with_capacity(4_096) }
    }

    /// Sends a request, waits for its whole response, and returns the status.
    pub(crate) async fn exchange(&mut self, request: &str) -> u16 {
        self.socket.write_all(request.as_bytes()).await.expect("the gateway accepts a request");
        loop {
            if let Some((status, length)) = response(&self.held) {
                self.held.drain(..length);
                return status;
            }
            let read = self.socket.read_buf(&mut self.held).await.expect("the gateway responds");
            assert!(read > 0, "the gateway closed a connection instead of responding");
        }
    }
}

/// Returns the status and the length of a response once `held` has all of it.
fn response(held: &[u8]) -> Option<(u16, usize)> {
    let head_end = held.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&held[..head_end]).to_ascii_lowercase();
    let status = head.get(9..12)?.parse().ok()?;
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let end = match field("content-length:") {
        Some(length) => head_end + length.parse::<usize>().ok()?,
        None if field("transfer-encoding:") == Some("chunked") => {
            let last = held[head_end..].windows(5).position(|five| five == b"0\r\n\r\n")?;
            head_end + last + 5
        }
        None => head_end,
    };
    (held.len() >= end).then_some((status, end))
}
