//! The recipes of docs/auth.md that have a configuration of nginx, followed as written: a real nginx,
//! an application with sessions, and a gateway.

#![cfg(unix)]

#[path = "support/production.rs"]
mod production;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use production::{Production, open, routes, status};
use support::process::Process;
use support::{Server, client};
use temporary::File;

const DOCUMENT: &str = include_str!("../../docs/auth.md");
const PROXY_SECRET: &str = "the-proxy-knows-this-secret-0123";

/// What the application answers about its session, for both recipes.
const NAMES: [(&str, &str); 3] =
    [("x-user-id", "jane"), ("x-workspace-id", "a"), ("x-workspace-ids", "a")];
const UNKNOWN: StatusCode = StatusCode::UNAUTHORIZED;

/// Returns the first block of nginx' configuration under a heading of the document.
fn recipe(heading: &str) -> &'static str {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).expect("a section");
    let (_, block) = section.split_once("```nginx\n").expect("a block");
    block.split_once("```").expect("its end").0
}

/// An application with one session, `session=one`, until it is logged out.
async fn application() -> (Server, Arc<AtomicBool>) {
    let is_open = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&is_open);
    let answer = move |headers: HeaderMap| {
        let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
        let is_known = cookie == Some("session=one") && state.load(Ordering::Relaxed);
        async move { if is_known { NAMES.into_response() } else { UNKNOWN.into_response() } }
    };
    let application = Server::of(|_| Router::new().route("/session", get(answer)));
    (application.await, is_open)
}

/// An nginx, and its folder, which is removed with it.
struct Nginx {
    process: Process,
    folder: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process.signal("-QUIT");
        self.process.end();
        // An error means that it is gone already.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Nginx {
    /// Returns `None` without nginx, which CI has.
    fn start(name: &str, locations: &str) -> Option<Self> {
        if let Err(error) = Command::new("nginx").arg("-v").stderr(Stdio::null()).status() {
            assert!(std::env::var_os("CI").is_none(), "nginx is required in CI: {error}");
            eprintln!("skipped: nginx is not installed (package nginx-light): {error}");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("auth-nginx-{name}"));
        // An error means that there is none of an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        drop(listener);
        let secret = folder.join("secret.conf");
        fs::write(&secret, format!("proxy_set_header X-Proxy-Secret {PROXY_SECRET};\n"))
            .expect("a file");
        let locations =
            locations.replace("/etc/nginx/logs-gateway-secret.conf", &secret.display().to_string());
        let path = folder.display();
        let configuration = format!(
            "daemon off; master_process off; pid {path}/pid; error_log {path}/error.log;\n\
             events {{}}\n\
             http {{ access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
             fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
             server {{ listen {address};\n{locations}\n}} }}\n"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration).expect("a file");
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(&file).stdin(Stdio::null()).stderr(Stdio::null());
        Some(Self { process: Process::start_at(&address, &mut nginx), folder })
    }

    fn get(&self, path: &str, session: &str) -> reqwest::RequestBuilder {
        let request = client().get(format!("{}{path}", self.process.url));
        if session.is_empty() { request } else { request.header("Cookie", session) }
    }
}

async fn start(flags: Vec<String>) -> Production {
    let start = move || Production::start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(start).await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_application_is_enough_behind_a_plain_nginx() {
    let (application, is_open) = application().await;
    let url = format!("{}/session", application.url);
    let flags = ["--auth-forward-url", &url, "--auth-forward-cache", "1s"];
    let gateway = start(flags.map(str::to_owned).into()).await;
    let block = recipe("The application knows the session");
    let block = block.replace("http://127.0.0.1:8080", &gateway.process.url);
    let Some(nginx) = Nginx::start("forward", &block) else { return };
    gateway.publish("a", "hello").await;
    let stream = &routes("a")[2].0;
    let (mut reader, _) = open(nginx.get(stream, "session=one")).await;
    assert_eq!(reader.data().await["data"]["message"], "hello");
    assert_eq!(status(nginx.get(&routes("a")[5].0, "session=one")).await, 200);
    assert_eq!(status(nginx.get(&routes("b")[5].0, "session=one")).await, 403);
    for session in ["", "session=two"] {
        // A browser that names itself is not believed.
        let named = nginx.get(stream, session).header("X-User-Id", "jane");
        assert_eq!(status(named.header("X-Workspace-Id", "a")).await, 401, "{session}");
    }
    is_open.store(false, Ordering::Relaxed);
    assert_eq!(reader.event().await.expect("a goodbye").0, "bye expired");
    assert_eq!(status(nginx.get(stream, "session=one")).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_may_authenticate_readers_itself_with_a_secret_for_the_gateway() {
    let (application, _) = application().await;
    let secret = File::new("nginx-secret", PROXY_SECRET);
    let flags = ["--trusted-proxy", "127.0.0.1", "--trusted-proxy-secret-file", secret.path()];
    let gateway = start(flags.map(str::to_owned).into()).await;
    let block = recipe("Trusted proxy").replace("http://127.0.0.1:8080", &gateway.process.url);
    let session =
        format!("location = /session {{ internal; proxy_pass {}/session; }}\n", application.url);
    let Some(nginx) = Nginx::start("proxy", &format!("{session}{block}")) else { return };
    gateway.publish("a", "hello").await;
    let stream = &routes("a")[0].0;
    let forged = nginx.get(stream, "session=one").header("X-Workspace-Id", "b");
    let (mut reader, channels) = open(forged.header("X-Proxy-Secret", "guessed")).await;
    assert_eq!(channels, ["logs:etl:a:workflow456"]);
    assert_eq!(reader.data().await["data"]["message"], "hello");
    assert_eq!(status(nginx.get(&routes("b")[3].0, "session=one")).await, 403);
    for session in ["", "session=two"] {
        let named = nginx.get(stream, session).header("X-User-Id", "jane");
        assert_eq!(status(named.header("X-Workspace-Id", "a")).await, 401, "{session}");
    }
    // Beside nginx, without its secret.
    let direct = gateway.get(stream).header("X-User-Id", "jane").header("X-Workspace-Id", "a");
    assert_eq!(status(direct).await, 401);
}
