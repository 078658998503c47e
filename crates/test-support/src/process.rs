//! A program as a process, with whatever stands at the other end of its output.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// A running program, killed with the test.
#[derive(Debug)]
pub struct Process {
    /// The child process, which is killed and reaped on drop.
    pub child: Child,
    /// The URL from its first line of output.
    pub url: String,
    /// Its standard output behind the first line, if it is a pipe.
    pub stdout: Option<BufReader<std::process::ChildStdout>>,
}

impl Process {
    /// Starts a program and waits for the line with its address.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line
            .trim()
            .split_once(" listening on ")
            .map(|(_, url)| url)
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self { child, url, stdout: Some(stdout) }
    }

    /// Starts a program that cannot print its address, and waits until it accepts connections
    /// there.
    pub fn start_at(address: &str, command: &mut Command) -> Self {
        let child = command.spawn().expect("it starts");
        let mut process = Self { child, url: format!("http://{address}"), stdout: None };
        let start = Instant::now();
        while TcpStream::connect(process.address()).is_err() {
            assert!(
                start.elapsed() < PATIENCE && process.child.try_wait().expect("a child").is_none(),
                "it does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        process
    }

    /// Returns its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.split_once("://").expect("a URL").1
    }

    /// Sends a signal such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a request on a connection of its own, and returns the whole answer.
    #[must_use]
    pub fn exchange(&self, request: &str) -> String {
        exchange(self.address(), request)
    }

    /// Sends a GET for `path`, and returns the whole answer.
    #[must_use]
    pub fn get(&self, path: &str) -> String {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It fails when the process has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends `request` to `address` and returns everything that comes until the other side closes.
pub fn exchange(address: impl ToSocketAddrs, request: &str) -> String {
    let mut socket = connect(address);
    socket.write_all(request.as_bytes()).expect("it accepts the request");
    let mut answer = Vec::new();
    // A connection that is reset after its answer still answered.
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Connects, with [`PATIENCE`] for each read.
pub fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let socket = TcpStream::connect(address).expect("it accepts connections");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    socket
}

/// A connection whose bytes are read by hand.
#[derive(Debug)]
pub struct Raw {
    /// The blocking socket, whose reads fail after [`PATIENCE`].
    pub socket: TcpStream,
    /// What was read so far.
    pub text: String,
}

impl Raw {
    /// Sends a GET for `path`.
    pub fn request(address: impl ToSocketAddrs, path: &str) -> Self {
        let mut socket = connect(address);
        write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("it accepts the request");
        Self { socket, text: String::new() }
    }

    /// Reads until `what` came.
    pub fn until(&mut self, what: &str) {
        let mut bytes = [0; 4_096];
        while !self.text.contains(what) {
            let count = self
                .socket
                .read(&mut bytes)
                .unwrap_or_else(|error| panic!("{what:?} does not come: {error}; {}", self.text));
            assert!(count > 0, "the stream ended before {what:?}: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    /// Reads until the other side closes, and returns whether it did so in order.
    pub fn until_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let closed = self.socket.read_to_end(&mut rest);
        self.text.push_str(&String::from_utf8_lossy(&rest));
        if let Err(error) = &closed {
            assert!(
                !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ),
                "the connection stays open"
            );
        }
        closed.is_ok()
    }
}

/// Runs a command to its end, and returns its exit code and all that it wrote.
#[must_use]
pub fn ended(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().expect("it starts");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

/// Returns a full pipe, of which the second end blocks its writer until the first is read.
#[must_use]
pub fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("a pipe");
    let filled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&filled);
    // It blocks for ever once the pipe is full, and ends with the test's process.
    std::thread::spawn(move || {
        while filler.write_all(&[b'.'; 512]).is_ok() {
            count.fetch_add(512, Ordering::Relaxed);
        }
    });
    let mut last = usize::MAX;
    while last != filled.load(Ordering::Relaxed) {
        last = filled.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(100));
    }
    (reader, writer)
}

/// Returns a pipe whose reader is gone.
#[must_use]
pub fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}
