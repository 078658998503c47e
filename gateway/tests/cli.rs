//! The program: flags, exit codes, shutdown.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use logs_gateway::http::site::POLICY;
use support::{CHANNEL, PATIENCE, PROXY, Reader};

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logs-gateway"));
    command
        .args(arguments)
        .env_remove("LOGS_GATEWAY_TOKENS")
        .env("LOGS_GATEWAY_DEMO", "true")
        .env_remove("RUST_LOG");
    command
}

fn ended(arguments: &[&str]) -> (Output, String) {
    let output = gateway(arguments).output().expect("it starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output, text)
}

/// A running gateway, ended with the test.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = gateway(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line
            .trim()
            .strip_prefix("logs-gateway listening on ")
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self { child, url }
    }

    fn interrupt(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the end, and returns the exit code and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut errors = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut errors).expect("text");
        (self.child.wait().expect("a child").code(), errors)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn help_names_every_command_and_flag() {
    let (output, text) = ended(&["--help"]);
    assert!(output.status.success());
    let streams = [
        "--history-lines",
        "--history-bytes",
        "--history-total-bytes",
        "--reader-lines",
        "--reader-bytes",
        "--slow-reader",
    ];
    let times = ["--heartbeat", "--ping", "--rotate", "--drain-retry"];
    let sockets = ["--max-connections", "--write-timeout"];
    let others = [
        "publish",
        "replay",
        "--port",
        "--next-free-port",
        "--upstream",
        "--site",
        "--csp",
        "--token",
        "--job",
        "--rate",
        "--cors-origin",
    ];
    for word in streams.iter().chain(&times).chain(&sockets).chain(&others) {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}

#[test]
fn an_error_about_a_flag_names_what_was_expected() {
    for (arguments, expected) in [
        (&["--prot", "1"][..], "--port"),
        (&["--port", "x"], "--port"),
        (&["--rate", "0"], "from 0.001"),
        (&["--ping", "soon"], "2s or 500ms"),
        (&["--heartbeat", "0s"], "a time above zero"),
        (&["--history-bytes", "0"], "above 0"),
        (&["--history-lines", "few"], "--history-lines"),
        (&["--reader-lines", "many"], "above 0"),
        (&["--slow-reader", "wait"], "gap, cut"),
        (&["--drain-retry", "5s..1s"], "1s..5s"),
        (&["--max-connections", "0"], "above 0"),
        (&["--write-timeout", "never"], "2s or 500ms"),
        (&["--upstream", "ftp://host"], "not an http(s) URL"),
        (&["--token", "secret"], "SERVICE=TOKEN"),
        (&["--csp", "default-src 'self'"], "--site <DIR>"),
        (&["--site", ".", "--csp", "default-src 'self'\nSet-Cookie: a=b"], "character 19 is '\\n'"),
        (&["--site", ".", "--csp", "script-src ‘self’"], "expected visible ASCII"),
        (&["replay"], "FILE"),
        (&["publish", "--interval", "1s", "--rate", "2"], "cannot be used with"),
    ] {
        let (output, text) = ended(arguments);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn impossible_combinations_fail_before_anything_starts() {
    for (arguments, expected) in [
        (&["--host", "0.0.0.0"][..], "other machines can reach --host 0.0.0.0"),
        (&["--site", "/no-such-folder"], "no index.html"),
        (&["replay", "no-such.sse"], "no-such.sse"),
    ] {
        let (output, text) = ended(arguments);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn reports_a_busy_port_or_uses_the_next_one() {
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port().to_string();
    let (output, text) = ended(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&port) && text.contains("--next-free-port"), "{text}");
    let other = Running::start(&["--port", &port, "--next-free-port"]);
    assert!(!other.url.ends_with(&format!(":{port}")), "{}", other.url);
}

#[tokio::test]
async fn ends_in_bounded_time_with_open_streams() {
    for signal in ["-INT", "-TERM"] {
        let running = Running::start(&["--port", "0"]);
        let mut reader =
            Reader::open(reqwest_client().get(format!("{}{PROXY}", running.url))).await;
        reader.data().await;
        running.interrupt(signal);
        assert_eq!(
            reader.event().await.map(|(told, _)| told).as_deref(),
            Some("bye shutdown"),
            "{signal}"
        );
        assert_eq!(reader.frame().await, None, "the stream ends");
        let told = Instant::now();
        let (code, errors) = running.end();
        assert_eq!(code, Some(0), "{errors}");
        assert!(
            told.elapsed() < Duration::from_secs(3),
            "all readers were gone, and it took {:?}",
            told.elapsed()
        );
    }
}

#[tokio::test]
async fn flags_set_the_history_and_the_times_of_streams() {
    let running = Running::start(&[
        "--port",
        "0",
        "--history-lines",
        "2",
        "--heartbeat",
        "200ms",
        "--rotate",
        "1s",
        "--job",
        "--rate",
        "100",
    ]);
    let mut reader = Reader::open(reqwest_client().get(format!("{}{PROXY}", running.url))).await;
    assert_eq!(reader.data().await["heartbeatMs"], 200);
    let mut told = Vec::new();
    while let Some((event, _)) = reader.event().await {
        told.push(event);
    }
    assert!(
        told.contains(&"heartbeat".into())
            && told.last().is_some_and(|last| last == "bye rotation"),
        "{told:?}"
    );
    let mut late = Reader::open(reqwest_client().get(format!("{}{PROXY}", running.url))).await;
    let seqs = &late.data().await["seqs"][CHANNEL];
    assert_eq!(
        seqs["newest"]
            .as_u64()
            .zip(seqs["oldest"].as_u64())
            .map(|(newest, oldest)| newest - oldest),
        Some(1)
    );
}

#[tokio::test]
async fn a_page_is_served_with_the_policy_of_the_flag() {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a_page");
    std::fs::create_dir_all(&site).expect("a folder");
    std::fs::write(site.join("index.html"), "<!doctype html>").expect("a page");
    let site = site.to_str().expect("a path in UTF-8");
    let own = "default-src 'none'; script-src 'self'";
    for (flags, expected) in
        [(&[][..], Some(POLICY)), (&["--csp", own], Some(own)), (&["--csp", ""], None)]
    {
        let running = Running::start(&[&["--port", "0", "--site", site], flags].concat());
        for path in ["/", "/index.html"] {
            let answer = reqwest_client()
                .get(format!("{}{path}", running.url))
                .header("Accept", "text/html")
                .send()
                .await
                .expect("an answer");
            assert_eq!(answer.status(), 200);
            let policy = answer
                .headers()
                .get("content-security-policy")
                .map(|policy| policy.to_str().expect("text"));
            assert_eq!(policy, expected, "{flags:?} {path}");
        }
    }
}

#[tokio::test]
async fn the_sample_job_publishes_by_itself() {
    let running = Running::start(&["--port", "0", "--job", "--rate", "20"]);
    let mut reader = Reader::open(reqwest_client().get(format!("{}{PROXY}", running.url))).await;
    reader.data().await;
    for _ in 0..3 {
        assert_eq!(reader.data().await["channel"], CHANNEL);
    }
}

#[tokio::test]
async fn forwards_to_an_upstream_given_by_a_flag() {
    // A client made while the command line was read once found no TLS provider, and panicked.
    let backend = Running::start(&["--port", "0", "--job", "--rate", "20"]);
    let front = Running::start(&["--port", "0", "--upstream", &backend.url]);
    let mut reader = Reader::open(reqwest_client().get(format!("{}{PROXY}", front.url))).await;
    reader.data().await;
    assert_eq!(reader.data().await["channel"], CHANNEL);
}

#[tokio::test]
async fn publish_sends_a_series_and_prints_its_channels() {
    let running = Running::start(&["--port", "0"]);
    let mut reader = Reader::open(reqwest_client().get(format!("{}{PROXY}", running.url))).await;
    reader.data().await;
    let url = running.url.clone();
    let publish = tokio::task::spawn_blocking(move || {
        ended(&["publish", "--url", &url, "--count", "3", "--interval", "10ms"])
    });
    for _ in 0..3 {
        assert!(reader.data().await["data"]["message"].is_string());
    }
    let (output, text) = publish.await.expect("it ends");
    assert!(
        output.status.success() && text.contains(&format!("3: {CHANNEL} (delivered to 1)")),
        "{text}"
    );
}

#[tokio::test]
async fn publish_reports_a_failure_and_continues() {
    let running = Running::start(&["--port", "0"]);
    let url = running.url.clone();
    let (output, text) = tokio::task::spawn_blocking(move || {
        ended(&["publish", "--url", &url, "--token", "wrong", "--count", "2", "--rate", "100"])
    })
    .await
    .expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("2: POST")
            && text.contains("Unauthorized log publisher")
            && text.contains("2 of 2 logs"),
        "{text}"
    );
}

fn reqwest_client() -> reqwest::Client {
    // An error means that another test of this process installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[test]
fn health_tells_whether_a_gateway_works() {
    let mut command = gateway(&["--port", "0", "--admin", "0"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let admin = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.strip_prefix("logs-gateway for operators on ").map(ToOwned::to_owned)
    });
    let admin = admin.expect("the address of the admin listener");
    let (output, text) = ended(&["health", &admin]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    child.kill().and_then(|()| child.wait()).expect("it ends");
    let (output, text) = ended(&["health", &admin]);
    assert!(output.status.code() == Some(1) && text.contains("cannot be reached"), "{text}");
}
