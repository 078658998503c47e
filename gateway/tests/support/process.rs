//! The real program as a process, with whatever stands at the other end of its output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// A running program, killed with the test.
pub struct Process {
    pub child: Child,
    pub url: String,
    /// Its standard output behind the first line, if it is a pipe.
    pub stdout: Option<BufReader<std::process::ChildStdout>>,
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    command
        .args(arguments)
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

impl Process {
    /// Starts it and waits for its address.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line
            .trim()
            .strip_prefix("logs-gateway listening on ")
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self { child, url, stdout: Some(stdout) }
    }

    /// Starts it on a port of our choice, where it cannot say its address, and waits until it
    /// answers.
    pub fn start_on(port: u16, command: &mut Command) -> Self {
        let child = command.args(["--port", &port.to_string()]).spawn().expect("it starts");
        let mut process = Self { child, url: format!("http://127.0.0.1:{port}"), stdout: None };
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

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("a URL")
    }

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

    /// Opens a raw stream past its greeting.
    pub fn read(&self, path: &str) -> Raw {
        let mut raw = Raw::request(self.address(), path);
        raw.until("\"connectionId\"");
        raw
    }

    /// Sends a request on a connection of its own, and returns the whole answer.
    pub fn exchange(&self, request: &str) -> String {
        exchange(self.address(), request)
    }

    pub fn get(&self, path: &str) -> String {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
    }

    pub fn publish(&self, message: &str) -> String {
        self.exchange(&publish_request("/logs/stream", message))
    }
}

pub fn publish_request(path: &str, message: &str) -> String {
    let body = format!(
        r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{{"message":"{message}"}}}}"#
    );
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Service-Token: l5-etl-token\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    head + &body
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

pub fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let socket = TcpStream::connect(address).expect("it accepts connections");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    socket
}

/// A connection whose bytes are read by hand.
pub struct Raw {
    pub socket: TcpStream,
    pub text: String,
}

impl Raw {
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
