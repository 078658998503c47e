//! The command `doctor` against real proxies, good and bad ones.

#![cfg(unix)]

#[path = "support/jwt.rs"]
mod jwt;
mod support;
#[path = "support/temporary.rs"]
mod temporary;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jwt::{Issuer, RULES, SECRET};
use serde_json::Value;
use support::process::{Process, command, ended};
use temporary::File;

/// A real nginx in front of a gateway, with a folder of its own.
struct Nginx {
    process: Option<Process>,
    folder: PathBuf,
}

impl Nginx {
    /// Starts it with these directives in its location, or returns `None` if it is not installed,
    /// which CI does not allow.
    fn start(name: &str, gateway: &Process, directives: &str) -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "nginx is required in CI (package nginx-light)"
            );
            eprintln!("skipped: nginx is not installed (package nginx-light)");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("doctor-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let (url, path) = (&gateway.url, folder.display());
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {path}/{kind};"))
            .join(" ");
        let config = format!(
            "daemon off; master_process off; pid {path}/pid; error_log stderr crit;\n\
             events {{ worker_connections 64; }}\n\
             http {{ access_log off; {temporary}\n\
             server {{ listen {address}; location / {{ {directives}\n\
             proxy_pass {url}; }} }} }}\n"
        );
        fs::write(folder.join("nginx.conf"), config).expect("a file");
        let mut nginx = Command::new(program);
        nginx.args(["-e", "stderr", "-p"]).arg(&folder).arg("-c").arg(folder.join("nginx.conf"));
        let process = Some(Process::start_at(&address, &mut nginx));
        Some(Self { process, folder })
    }

    fn url(&self) -> &str {
        &self.process.as_ref().expect("it runs").url
    }
}

/// Returns the program, which Debian keeps where only root searches.
fn program() -> Option<&'static str> {
    let starts = |program: &&str| Command::new(program).arg("-v").stderr(Stdio::null()).status();
    ["nginx", "/usr/sbin/nginx"].into_iter().find(|program| starts(program).is_ok())
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process = None;
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn gateway(heartbeat: &str) -> Process {
    let fixed = ["--port", "0", "--log-level", "error", "--heartbeat"];
    Process::start(&mut command(&[&fixed[..], &[heartbeat]].concat()))
}

/// What the doctor found, by check.
struct Found {
    code: Option<i32>,
    report: Value,
}

impl Found {
    /// Examines `url`. The token of the publisher is in a file.
    fn at(url: &str, arguments: &[&str]) -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let token = File::new(&format!("doctor-token-{number}"), "l5-etl-token\n");
        let fixed =
            ["doctor", url, "--json", "--watch", "4s", "--publish-token-file", token.path()];
        let mut doctor = command(&[&fixed[..], arguments].concat());
        let (code, text) = ended(std::mem::replace(&mut doctor, Command::new("true")));
        let json = text.lines().next().unwrap_or_default();
        let report = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(!text.contains("l5-etl-token"), "{text}");
        Self { code, report }
    }

    fn finding(&self, check: &str) -> &Value {
        let findings = self.report["findings"].as_array().expect("a list");
        let found = findings.iter().find(|finding| finding["check"] == check);
        found.unwrap_or_else(|| panic!("{check}: {:#}", self.report))
    }

    #[track_caller]
    fn assert(&self, check: &str, status: &str) {
        assert_eq!(self.finding(check)["status"], status, "{check}: {:#}", self.report);
    }

    /// Asserts a problem, for which it names this directive.
    #[track_caller]
    fn assert_problem(&self, check: &str, directive: &str) {
        self.assert(check, "problem");
        let change = self.finding(check)["change"].as_array().expect("a list");
        let names =
            |one: &Value| one["directive"].as_str().is_some_and(|it| it.contains(directive));
        assert!(change.iter().any(names), "{check}: {change:?}");
    }
}

const CHECKS: [&str; 8] = [
    "stream",
    "buffering",
    "clock",
    "compression",
    "query parameters",
    "Last-Event-ID",
    "identity headers",
    "idle timeout",
];

#[test]
fn a_good_proxy_has_no_problem() {
    let gateway = gateway("1s");
    let directives = "proxy_http_version 1.1; proxy_set_header X-User-Id alice; \
        proxy_set_header X-Workspace-Id workspace123;";
    let Some(nginx) = Nginx::start("good", &gateway, directives) else { return };
    let found = Found::at(nginx.url(), &[]);
    CHECKS.iter().for_each(|check| found.assert(check, "good"));
    assert_eq!((found.code, &found.report["proxies"]), (Some(0), &serde_json::json!(["nginx"])));
}

#[test]
fn each_bad_directive_of_nginx_is_found_and_named() {
    let gateway = gateway("3s");
    let directives = "proxy_http_version 1.1; gzip on; gzip_types text/event-stream; gzip_proxied any; \
        proxy_read_timeout 1s; proxy_set_header Last-Event-ID ''; \
        set $args channels=$arg_channels;";
    let Some(nginx) = Nginx::start("bad", &gateway, directives) else { return };
    let found = Found::at(nginx.url(), &[]);
    found.assert_problem("compression", "gzip off;");
    found.assert_problem("idle timeout", "proxy_read_timeout");
    found.assert_problem("query parameters", "$is_args$args");
    found.assert_problem("Last-Event-ID", "proxy_set_header Last-Event-ID");
    found.assert_problem("identity headers", "proxy_set_header X-User-Id");
    found.assert("buffering", "good");
    found.assert("clock", "good");
    assert_eq!((found.code, &found.report["problems"]), (Some(1), &5.into()));
    let lost = found.finding("query parameters")["found"].as_str().expect("a text");
    assert!(lost.contains("last_event_id, batch, tail"), "{lost}");
}

#[test]
fn a_client_that_names_itself_is_found_behind_a_proxy_that_passes_its_headers_on() {
    let key = File::new("doctor-key", SECRET);
    let token = Issuer::secret(SECRET).token(&["workspace123"], 600);
    let bearer = File::new("doctor-bearer", &token);
    let start = |flags: &[&str]| {
        let own = ["--port", "0", "--heartbeat", "1s", "--token", "etl=l5-etl-token"];
        let keys = ["--auth-jwt-secret-file", key.path(), "--trusted-proxy", "127.0.0.1"];
        let mut gateway = command(&[&own[..], &keys, &RULES, flags].concat());
        Process::start(gateway.env_remove("LOGS_GATEWAY_DEMO").stderr(Stdio::null()))
    };
    let passes = "proxy_http_version 1.1; proxy_buffering off;";
    let removes =
        format!("{passes} proxy_set_header X-User-Id \"\"; proxy_set_header X-Workspace-Id \"\";");
    let (safe, open) = (start(&[]), start(&["--trusted-proxy-names-readers"]));
    for (name, gateway, directives, is_good) in [
        ("safe", &safe, passes, true),
        ("removes", &open, &*removes, true),
        ("believed", &open, passes, false),
    ] {
        let Some(nginx) = Nginx::start(name, gateway, directives) else { return };
        let found = Found::at(nginx.url(), &["--bearer-file", bearer.path()]);
        if is_good {
            found.assert("identity headers", "good");
        } else {
            found.assert_problem("identity headers", "proxy_set_header X-User-Id");
            let text = found.finding("identity headers")["found"].as_str().expect("a text");
            assert!(text.contains("is believed"), "{text}");
        }
    }
}

#[test]
fn buffering_is_found_and_what_it_hides_is_unknown() {
    let gateway = gateway("1s");
    // Over HTTP/1.0, which nginx speaks by default, it waits until a buffer is full.
    let directives = "proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;";
    let Some(nginx) = Nginx::start("buffering", &gateway, directives) else { return };
    let found = Found::at(nginx.url(), &[]);
    let check = if found.finding("stream")["status"] == "problem" { "stream" } else { "buffering" };
    found.assert_problem(check, "proxy_buffering off;");
    found.assert("clock", "unknown");
    assert_eq!(found.code, Some(1));
}

#[test]
fn a_proxy_that_passes_only_ids_is_found_on_the_datashop_route() {
    let gateway = gateway("1s");
    let controller = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor/controller.mjs");
    let mut node = Command::new("node");
    let proxy = Process::start(node.args([controller, &gateway.url]));
    let found =
        Found::at(&proxy.url, &["--route", "datashop", "--publish-url", gateway.url.as_str()]);
    found.assert("buffering", "good");
    found.assert_problem("query parameters", "proxy module");
    found.assert_problem("Last-Event-ID", "req.headers['last-event-id']");
    found.assert("identity headers", "good");
    assert_eq!(found.report["proxies"], serde_json::json!(["Express"]));
}

#[test]
fn the_report_for_people_says_the_same() {
    let gateway = gateway("1s");
    let (code, text) = ended(command(&["doctor", &gateway.url, "--watch", "2s"]));
    // Without a proxy in front, the gateway of a demo believes its clients.
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("PROBLEM identity headers"), "{text}");
    assert!(text.contains("nginx: proxy_set_header X-User-Id"), "{text}");
    assert!(text.contains("unknown idle timeout"), "{text}");
    assert!(text.contains("no proxy made itself known"), "{text}");
    assert!(text.contains("1 problem was found"), "{text}");
}

#[test]
fn what_is_not_a_stream_is_named() {
    let gateway = gateway("1s");
    let login = "return 302 https://login.example/;";
    if let Some(nginx) = Nginx::start("login", &gateway, login) {
        let found = Found::at(nginx.url(), &[]);
        found.assert_problem("stream", "--cookie-file");
        let text = found.finding("stream")["found"].as_str().expect("a text").to_owned();
        assert!(text.contains("302") && text.contains("https://login.example/"), "{text}");
        CHECKS[1..].iter().for_each(|check| found.assert(check, "unknown"));
    }
    let found = Found::at("http://127.0.0.1:9", &[]);
    found.assert_problem("stream", "proxy_pass");
    assert_eq!(found.code, Some(1));
}

#[test]
fn secrets_come_from_files_or_standard_input_only() {
    for (arguments, expected) in [
        (&["--bearer-file", "/no/such/file"][..], "--bearer-file /no/such/file: "),
        (&["--cookie-file", "-"], "--cookie-file -: expected a secret"),
        (&["--channel", "logs:etl:w"], "expected the channel of a workflow"),
    ] {
        let doctor = command(&[&["doctor", "http://127.0.0.1:9"], arguments].concat());
        let (code, text) = ended(doctor);
        assert!(code == Some(1) && text.contains(expected), "{text}");
    }
}
